// taskleak-catalogue: what ci/fuzz runs.
#include <sys/ioctl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <iostream>
#include <string>

#include "harness/cli/bug_table.h"
#include "harness/cli/catalogue.h"
#include "harness/cli/fuzz_variant.h"
#include "harness/cli/grow.h"
#include "harness/cli/strategy_name.h"
#include "harness/cli/strategy_table.h"
#include "taskleak/error.h"

namespace {

// The first ^C ends the search, and what was found is shrunk no further and printed; the second
// ends the process.
void OnInterrupt(int signal) {
  taskleak::RequestStop();
  ::signal(signal, SIG_DFL);
}

const CLI::Validator kAboveZero(
    [](std::string& text) {
      double value = 0;
      return CLI::detail::lexical_cast(text, value) && value > 0
                 ? std::string()
                 : "\"" + text + "\" is not a number above 0";
    },
    "NUMBER");

}  // namespace

int main(int argc, char** argv) {
  struct sigaction action = {};
  action.sa_handler = OnInterrupt;
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  // What ci/bench strategies runs: the same catalogue, another question.
  if (argc > 1 && std::string(argv[1]) == "--strategies")
    return taskleak::internal::StrategyTableCommand(argc - 1, argv + 1);
  if (argc > 1 && std::string(argv[1]) == "--goker")
    return taskleak::internal::BugTableCommand(argc - 1, argv + 1,
                                               TASKLEAK_SOURCE_DIR "/scenarios/goker/README.md");
  // What that starts for libFuzzer's column.
  if (argc > 1 && std::string(argv[1]) == "--libfuzzer")
    return taskleak::internal::FuzzVariantCommand(argc - 1, argv + 1, taskleak::AllScenarios());
  taskleak::internal::CatalogueOptions options;
  options.corpus = TASKLEAK_SOURCE_DIR "/corpus";
  bool list = false;
  std::string strategy;
  bool grow = false;
  CLI::App app{
      "Runs the catalogue's scenarios under many schedules. Leaky variants are expected to leak: "
      "the exit code is 0 when every\n"
      "leaky variant was caught and every fixed one held, 1 when not, 2 for wrong usage. One leaky "
      "variant named in full\n"
      "shows its report and exits 1, as a test of yours would.\n\n"
      "Examples:\n"
      "  ci/fuzz                                       everything\n"
      "  ci/fuzz worker_pool --schedules 100000        one scenario, all variants\n"
      "  ci/fuzz 'article/*' --seconds 5               a glob, five seconds for each variant\n"
      "  ci/fuzz article/worker_pool/no_cancel         one variant\n"
      "  ci/fuzz article/worker_pool/no_cancel --replay=TOKEN"};
  app.name("ci/fuzz");
  app.add_option("SCENARIO", options.selectors,
                 "A name (worker_pool), a folder (article), a glob, or a variant in full");
  app.add_option("--seconds", options.seconds, "Real time for each variant")->check(kAboveZero);
  app.add_option("--schedules", options.schedules, "How many schedules for each variant")
      ->check(kAboveZero);
  app.add_option("--seed", options.seed, "Of the search")->capture_default_str();
  app.add_option("--strategy", strategy,
                 "random, pct, pos, surw, portfolio (the default) or exhaustive");
  app.add_option(
      "--replay", options.replay,
      "Runs this one schedule of the one variant named: a token, or a file with one or with "
      "a schedule's text form, as a report leaves it beside itself (NAME.script)");
  CLI::Option* replay = app.get_option("--replay");
  app.add_flag(
         "--grow", grow,
         "Keeps, in the corpus, schedules that do what none that is kept did; ctest replays them")
      ->excludes(replay);
  app.add_flag("--check-determinism", options.check_determinism,
               "Runs each schedule twice: a body that does not do the same again fails");
  app.add_option("--corpus", options.corpus, "Where schedules are kept")->capture_default_str();
  app.add_flag("--list", list, "Shows what there is, and runs nothing");
  app.set_version_flag("--version", std::string("taskleak ") + TASKLEAK_VERSION);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    return app.exit(success);
  } catch (const CLI::ParseError& error) {
    std::cerr << "ci/fuzz: " << error.what() << "; --help shows the flags\n";
    return 2;
  }
  options.terminal = isatty(STDERR_FILENO) != 0;
  struct winsize window = {};
  if (options.terminal && ioctl(STDERR_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 0)
    options.width = window.ws_col;
  try {
    if (!strategy.empty()) options.strategy = taskleak::internal::StrategyNamed(strategy);
    if (list) {
      taskleak::internal::ListCatalogue(taskleak::AllScenarios(), options.selectors, std::cout);
      return 0;
    }
    if (grow) return taskleak::internal::GrowCorpus(taskleak::AllScenarios(), options, std::cout);
    return taskleak::internal::RunCatalogue(taskleak::AllScenarios(), options, std::cout,
                                            std::cerr);
  } catch (const taskleak::UsageError& error) {
    std::cerr << "ci/fuzz: " << error.what() << "\n";
    return 2;
  }
}
