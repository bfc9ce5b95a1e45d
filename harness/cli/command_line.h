// What the commands of ci/bench do alike.
#ifndef TASKLEAK_HARNESS_CLI_COMMAND_LINE_H_
#define TASKLEAK_HARNESS_CLI_COMMAND_LINE_H_

#include <sys/ioctl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <optional>

#include "harness/cli/strategy_table.h"

namespace taskleak::internal {

// Reads the arguments. An exit code where that is all there is to do: the help was asked for, or
// the usage was wrong, which has been said then.
inline std::optional<int> ParseArguments(CLI::App& app, int argc, const char* const* argv) {
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    return app.exit(success);
  } catch (const CLI::ParseError& error) {
    std::cerr << app.get_name() << ": " << error.what() << "; --help shows the flags\n";
    return 2;
  }
  return std::nullopt;
}

// Progress is drawn for a terminal, if standard error is one.
inline void FitTerminal(StrategyTableOptions& options) {
  options.terminal = isatty(STDERR_FILENO) != 0;
  struct winsize window = {};
  if (options.terminal && ioctl(STDERR_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 0)
    options.width = window.ws_col;
}

}  // namespace taskleak::internal

#endif  // TASKLEAK_HARNESS_CLI_COMMAND_LINE_H_
