// What names a leak across builds.
#ifndef TASKLEAK_HARNESS_COMMAND_FINGERPRINT_H_
#define TASKLEAK_HARNESS_COMMAND_FINGERPRINT_H_

#include <string>
#include <string_view>
#include <vector>

#include "src/stack/frame.h"

namespace taskleak::internal {

// "f1-" and 16 hexadecimal digits, of the operation and of the names of the user's functions on
// both stacks. Lines, files, addresses and offsets take no part, nor do parameter lists, template
// arguments, the suffixes of functions that a compiler split off, or how often a function calls
// itself: what stays is what a person would call the same leak. "f1" is the version of the rule.
std::string Fingerprint(std::string_view operation, const std::vector<Frame>& blocked,
                        const std::vector<Frame>& creation);

// "user::Pool::Run" of "user::Pool<int>::Run(std::string const&) const [clone .cold]".
std::string NormalizedName(std::string_view function);

}  // namespace taskleak::internal

#endif  // TASKLEAK_HARNESS_COMMAND_FINGERPRINT_H_
