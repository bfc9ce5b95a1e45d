// A query's rows start a task that waits for their context's end in order to close them, and their
// reader returns without closing them. Source: cockroach#13755, in GoBench's GoKer (CGO 2021).
// Trigger: none.
//
// Why the fixed one is quiet under every schedule: the reader closes the rows on its only way out,
// which cancels the context; closing them twice is closing them once.
#include <memory>
#include <tuple>

#include "taskleak/scenario.h"
#include "taskleak/taskleak.h"

namespace {

using namespace taskleak;

enum class Reader { kForgets, kCloses };

struct Rows {
  Rows() { std::tie(ctx, cancel) = WithCancel(Background()); }
  void Close() const { cancel(); }
  Context ctx;
  CancelFunc cancel;
};

std::shared_ptr<Rows> Query() {
  const auto rows = std::make_shared<Rows>();
  Go("await-done", [rows] {
    rows->ctx.Done().Recv();  // Stuck: nobody closes the rows.
    rows->Close();
  });
  return rows;
}

void Run(Reader reader) {
  const std::shared_ptr<Rows> rows = Query();
  if (reader == Reader::kCloses) rows->Close();
}

const RegisterScenario kRegister({
    .name = "goker/cockroach_13755",
    .summary = "rows that nobody closes",
    .origin = {.category = "Comm: Channel & Context",
               .trigger = "result set never closed",
               .natively = "100 of 100"},
    .variants =
        {
            {.name = "leaky",
             .summary = "the reader returns and leaves the rows open",
             .body = [] { Run(Reader::kForgets); },
             .expected = Expectation{.operation = "chan recv",
                                     .task = "await-done",
                                     .remain = {"await-done: chan recv"}}},
            {.name = "fixed",
             .summary = "the reader closes the rows",
             .body = [] { Run(Reader::kCloses); }},
        },
});

}  // namespace
