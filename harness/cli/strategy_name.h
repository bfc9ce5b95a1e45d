// A strategy by its name on the command line.
#ifndef TASKLEAK_HARNESS_CLI_STRATEGY_NAME_H_
#define TASKLEAK_HARNESS_CLI_STRATEGY_NAME_H_

#include <string>

#include "taskleak/strategy.h"

namespace taskleak::internal {

// The one whose ToString it is. Throws UsageError, with a suggestion, for another name.
Strategy StrategyNamed(const std::string& name);

}  // namespace taskleak::internal

#endif  // TASKLEAK_HARNESS_CLI_STRATEGY_NAME_H_
