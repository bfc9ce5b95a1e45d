#include "taskleak/stop_token.h"

#include <memory>

#include "taskleak/internal/runtime.h"

namespace taskleak {

std::pair<Context, CancelFunc> WithStopToken(Context parent, std::stop_token token,
                                             const Site& site) {
  auto scope = WithCancel(std::move(parent), site);
  if (internal::Unwinding() || !token.stop_possible()) return scope;
  // Within the call of request_stop: a function without a place of its own in the user's code.
  const auto stop = [cancel = scope.second, site] { cancel(site); };
  auto watch = std::make_shared<std::stop_callback<decltype(stop)>>(std::move(token), stop);
  // The context keeps it until it ends: a task may hold nothing of the context but its channel.
  static_cast<void>(
      AfterFunc(scope.first, [watch = std::move(watch)]() mutable { watch.reset(); }, site));
  return scope;
}

std::stop_token StopTokenOf(const Context& context, const Site& site) {
  if (internal::Unwinding() || !context.Done()) return {};
  std::stop_source source;
  std::stop_token token = source.get_token();
  if (context.Err(site) != ContextError::kNone)
    source.request_stop();
  else
    static_cast<void>(AfterFunc(
        context, [source = std::move(source)]() mutable { source.request_stop(); }, site));
  return token;
}

}  // namespace taskleak
