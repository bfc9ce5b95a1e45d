// C++'s cancellation and Go's, bridged: a context that ends when a std::stop_token is stopped, and
// a std::stop_token that is stopped when a context ends.
#ifndef TASKLEAK_STOP_TOKEN_H_
#define TASKLEAK_STOP_TOKEN_H_

#include <stop_token>
#include <utility>

#include "taskleak/context.h"
#include "taskleak/site.h"

namespace taskleak {

// A child of `parent` that is also cancelled by `token`: within the call of request_stop(), in the
// task or thread that makes it (at once, if it was made before). As with WithCancel, whoever makes
// it cancels it when it has served: until the context ends, it and what watches the token stay.
std::pair<Context, CancelFunc> WithStopToken(Context parent, std::stop_token token,
                                             const Site& site = Site::Here());

// A token that is stopped once `context` ends, by a task of its own, as an AfterFunc's; at once, if
// it has ended. That of a context that cannot end has no state: its stop_possible() is false.
std::stop_token StopTokenOf(const Context& context, const Site& site = Site::Here());

}  // namespace taskleak

#endif  // TASKLEAK_STOP_TOKEN_H_
