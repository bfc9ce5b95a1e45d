#include "src/threads/preload/reporting.h"

#include <unistd.h>

#include "src/threads/preload/options.h"
#include "src/threads/preload/report.h"

namespace taskleak::internal {
namespace {

constinit int g_reporting = 0;

}  // namespace

bool BeginReport() { return __atomic_exchange_n(&g_reporting, 1, __ATOMIC_ACQUIRE) == 0; }

void EndReport() { __atomic_store_n(&g_reporting, 0, __ATOMIC_RELEASE); }

bool Silent() { return g_options.death_test || TrackingThreads().forked() != 0; }

Counts Report(When when, const char* reason, bool always) {
  const Judgement judgement(when);
  const Counts counts{judgement.Count(ThreadVerdict::kProven),
                      judgement.Count(ThreadVerdict::kSuspect),
                      judgement.Count(ThreadVerdict::kIdle)};
  const bool any = counts.AtLeast(ThreadVerdict::kIdle) != 0;
  if ((!any && !always) || Silent()) return counts;
  bool filed = false;
  if (g_options.report_directory != nullptr) {
    Out json;
    WriteJson(judgement, reason, &json);
    filed = WriteReportFile(g_options.report_directory, json);
    if (!filed) {
      Out complaint;
      complaint.Text("taskleak: the report could not be written to ");
      complaint.Text(g_options.report_directory);
      complaint.Text("; set TASKLEAK_REPORT_DIR to a folder that can be written.\n");
      complaint.WriteTo(STDERR_FILENO);
    }
  }
  if (any && (g_options.text || !filed)) {
    Out text;
    WriteText(judgement, reason, &text);
    text.WriteTo(STDERR_FILENO);
  }
  return counts;
}

}  // namespace taskleak::internal
