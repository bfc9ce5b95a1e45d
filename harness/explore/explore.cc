// The calls of a test: Explore, Replay and what goes with them. The work is an Explorer's.
#include "taskleak/explore.h"

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "harness/explore/environment.h"
#include "harness/explore/explorer.h"
#include "harness/explore/read_schedule.h"
#include "taskleak/error.h"

namespace taskleak {
namespace internal {
namespace {

// Constant-initialized, so that there is no first use for two threads to meet at; it has nothing to
// destroy.
constinit std::mutex g_one_at_a_time;
constinit std::atomic<bool> g_stop{false};

// Set while this thread explores: also between two runs, in a callback.
thread_local bool t_exploring = false;

}  // namespace

bool StopRequested() noexcept { return g_stop.load(std::memory_order_relaxed); }

SearchLock::SearchLock(const char* caller) {
  if (InRun() || t_exploring) {
    const std::string sentence = std::string(caller) +
                                 " was called inside a run; call it outside the body, which is "
                                 "itself run under many schedules";
    if (t_state.runtime != nullptr) t_state.runtime->NoteMisuse(sentence.c_str());
    throw UsageError(sentence);
  }
  g_one_at_a_time.lock();
  t_exploring = true;
}

SearchLock::~SearchLock() {
  t_exploring = false;
  g_one_at_a_time.unlock();
}

}  // namespace internal

namespace {

// What the body's assertions said reaches the test when the explorer, which traps them, is gone.
template <class F>
ExploreResult WithExplorer(const char* caller, Body body, ExploreOptions options, F search) {
  const internal::SearchLock lock(caller);
  std::vector<internal::AssertionResult> for_test;
  ExploreResult result;
  {
    internal::Explorer explorer(std::move(body), std::move(options));
    result = std::invoke(search, explorer);
    for_test = explorer.TakeForTest();
  }
  for (const internal::AssertionResult& assertion : for_test) internal::ForwardToTest(assertion);
  return result;
}

}  // namespace

ExploreResult Explore(Body body, ExploreOptions options) {
  const std::optional<std::string> token = internal::ReadEnvironment().replay;
  if (token.has_value() && !internal::InRun())
    return Replay(body, internal::ReadSchedule(body, *token, options), options);
  return WithExplorer("Explore", std::move(body), std::move(options), &internal::Explorer::Search);
}

ExploreResult Replay(Body body, Schedule schedule, ExploreOptions options) {
  options.max_steps = schedule.max_steps;
  options.faults = schedule.faults;
  return WithExplorer("Replay", std::move(body), std::move(options),
                      [&](internal::Explorer& explorer) { return explorer.RunOne(schedule); });
}

void RequestStop() noexcept { internal::g_stop.store(true, std::memory_order_relaxed); }
void ClearStop() noexcept { internal::g_stop.store(false, std::memory_order_relaxed); }

}  // namespace taskleak
