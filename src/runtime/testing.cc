// Linked into the tests of src, fuzz and harness. Many of their bodies share plain memory, since a
// run has one thread and the test looks at it when the run is over. Under TSan each switch between
// two tasks orders them here; race_test.cc, the scenarios and everybody else get the exact
// orderings.
#include "src/runtime/testing.h"

#include "src/runtime/sanitizer.h"

namespace taskleak::internal {
namespace {

[[maybe_unused]] const bool g_switches_order = [] { return g_exact_orderings = false, true; }();

}  // namespace
}  // namespace taskleak::internal
