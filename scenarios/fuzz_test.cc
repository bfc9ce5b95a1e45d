// The article's pools as fuzz tests: what taskleak's users write, and what ci measures libFuzzer
// with. The leaky ones are disabled, since they fail: --fuzz=WorkerPool.DISABLED_Rare finds one.
#include "taskleak/fuzz_test.h"

#include <string>

#include "taskleak/scenario.h"

namespace {

// The catalogue's body of that name, looked up once.
const taskleak::Body& BodyOf(const std::string& scenario, const std::string& variant) {
  for (const taskleak::Scenario& s : taskleak::AllScenarios())
    for (const taskleak::Variant& v : s.variants)
      if (s.name == scenario && v.name == variant) return v.body;
  static const taskleak::Body none = [=] { FAIL() << "no such body: " << scenario << variant; };
  return none;
}

TASKLEAK_FUZZ_TEST(WorkerPool, Fixed) {
  static const taskleak::Body& body = BodyOf("article/worker_pool", "fixed");
  body();
}

TASKLEAK_FUZZ_TEST(WorkerPool, FixedUnbuffered) {
  static const taskleak::Body& body = BodyOf("article/worker_pool", "fixed_unbuffered");
  body();
}

TASKLEAK_FUZZ_TEST(WorkerPool, DISABLED_SendIgnoresContext) {
  static const taskleak::Body& body = BodyOf("article/worker_pool", "send_ignores_context");
  body();
}

TASKLEAK_FUZZ_TEST(WorkerPool, DISABLED_Rare) {
  static const taskleak::Body& body = BodyOf("article/worker_pool_rare", "leaky");
  body();
}

TASKLEAK_FUZZ_TEST(WorkerPool, DISABLED_Hard) {
  static const taskleak::Body& body = BodyOf("article/worker_pool_hard", "leaky");
  body();
}

}  // namespace
