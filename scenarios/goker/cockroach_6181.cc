// A test prints a cache while it holds the cache's read lock, and what makes the text read-locks it
// again; another worker that wants to write comes in between. Source: cockroach#6181, in GoBench's
// GoKer (CGO 2021). Trigger: one worker asks for the write lock while another is between its two
// read locks.
//
// Why the fixed one is quiet under every schedule: what makes the text relies on its caller's lock,
// so that no worker waits for a lock while it holds one, and each comes to its Done.
#include <memory>
#include <string>

#include "taskleak/scenario.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;

enum class Text { kLocks, kOfTheLocked };

struct Cache {
  explicit Cache(Text t) : text(t) {}
  const Text text;
  RWMutex mu;
  WaitGroup workers;
};

void ToText(Cache& cache) {
  if (cache.text == Text::kOfTheLocked) return;
  cache.mu.RLock();  // Stuck: a writer waits for the caller's read lock, and goes first.
  cache.mu.RUnlock();
}

void Work(Cache& cache) {
  cache.mu.RLock();  // Stuck: the same, for one that comes after the writer.
  ToText(cache);
  cache.mu.RUnlock();
  cache.mu.Lock();  // Stuck: a reader keeps its outer read lock while it waits for this writer.
  cache.mu.Unlock();
}

void Run(Text text) {
  const auto cache = std::make_shared<Cache>(text);
  Go("test", [cache] {
    for (int i = 1; i <= 3; ++i)
      cache->workers.Go("worker-" + std::to_string(i), [cache] { Work(*cache); });
    cache->workers.Wait();
  });
}

const RegisterScenario kRegister({
    .name = "goker/cockroach_6181",
    .summary = "printing what is locked locks it again, with a writer in between",
    .origin = {.category = "Resource: RWR deadlock",
               .trigger = "pending writer between nested read locks",
               .natively = "13 of 100"},
    .variants =
        {
            {.name = "leaky",
             .summary = "the text's read lock waits for a writer that waits for the printer's",
             .body = [] { Run(Text::kLocks); },
             .expected = Expectation{.task = "worker-*",
                                     .remain = {"test: waitgroup wait", "worker-*: rlock",
                                                "worker-*: lock"}}},
            {.name = "fixed",
             .summary = "the text is made under the caller's lock",
             .body = [] { Run(Text::kOfTheLocked); }},
        },
});

}  // namespace
