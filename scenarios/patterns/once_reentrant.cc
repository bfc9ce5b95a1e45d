// What a Once runs asks for what that Once makes. Source: the documentation of Go's sync.Once: if f
// calls Do of the same Once, it deadlocks.
//
// Why the fixed one is quiet under every schedule: there is one task, and what runs inside uses the
// half-made thing that it was handed.
#include <memory>

#include "taskleak/scenario.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;

enum class Inner { kAsksAgain, kIsHandedIt };

struct Config {
  Once once;
  int value = 0;
};

int Get(Config& config, Inner inner);

void Load(Config& config, Inner inner) {
  const int fallback = inner == Inner::kAsksAgain ? Get(config, inner) : config.value;
  config.value = fallback + 1;
}

int Get(Config& config, Inner inner) {
  config.once.Do([&config, inner] { Load(config, inner); });  // Stuck: it waits for itself.
  return config.value;
}

void Run(Inner inner) {
  const auto config = std::make_shared<Config>();
  Go("loader", [config, inner] { Get(*config, inner); });
}

const RegisterScenario kRegister({
    .name = "patterns/once_reentrant",
    .summary = "a Once that runs what asks for it",
    .variants =
        {
            {.name = "leaky",
             .summary = "the inner call waits for the outer one",
             .body = [] { Run(Inner::kAsksAgain); },
             .expected =
                 Expectation{.operation = "once", .task = "loader", .remain = {"loader: once"}}},
            {.name = "fixed",
             .summary = "the loader is handed what it needs",
             .body = [] { Run(Inner::kIsHandedIt); }},
        },
});

}  // namespace
