// What a search says, and what it leaves in files.
#include <cstdio>
#include <string>

#include "harness/explore/explorer.h"
#include "harness/report/files.h"
#include "src/stack/frame.h"

namespace taskleak::internal {

std::string Explorer::ReplayLine(const Schedule& schedule) const {
  const std::string token = schedule.Token();
  const std::string test = RunningTest();
  if (!test.empty())
    return "TASKLEAK_REPLAY=" + token + " " + ProgramName() + " --gtest_filter=" + test;
  return "--replay=" + token;
}

void Explorer::SayLayoutChanged(const Schedule& schedule, std::size_t met) const {
  if (options_.quiet) return;
  std::string text =
      "taskleak: the schedule was found with another layout of decisions: the body has changed "
      "since, or it is another body's. The run came to " +
      std::to_string(met) + " of its " + std::to_string(schedule.size()) + " decisions";
  if (met < schedule.size())
    text +=
        "; that it does not fail would say little: explore anew, or edit the schedule's text "
        "form (the .script beside the report) until it fits";
  std::fprintf(stderr, "%s.\n", text.c_str());
  std::fflush(stderr);
}

// The first word of a failure, while its tasks still stand: unwinding them may end the process.
void Explorer::Announce(const RunResult& run, const Verdict& verdict, std::uint64_t found_after) {
  if (options_.quiet) return;
  const Schedule schedule = LastSchedule();
  const Signature& first = verdict.groups.front();
  std::string text = std::string("taskleak: ") + ToString(verdict.kind) + " in schedule " +
                     std::to_string(found_after) + " (" + std::to_string(schedule.size()) +
                     (schedule.size() == 1 ? " decision)" : " decisions)");
  if (!first.operation.empty())
    text += ", " + first.operation + " at " + std::string(Basename(first.blocked_at));
  if (!run.message.empty()) text += ": " + run.message;
  text += "; shrinking it";
  std::fprintf(stderr, "%s\n", text.c_str());
  std::fflush(stderr);
  WriteFailureFile(environment_.report_dir, name_, ".token",
                   ReplayLine(schedule) + "\n" + text + "\n");
}

void Explorer::Report(const Failure& failure) {
  if (options_.quiet) return;
  const std::string text = failure.Text();
  std::fputs(text.c_str(), stderr);
  const std::string file =
      WriteFailureFile(environment_.report_dir, name_, ".token", failure.replay_line + "\n");
  if (!file.empty()) std::fprintf(stderr, "The token is in %s.\n", file.c_str());
  WriteFailureFile(environment_.report_dir, name_, ".txt", text);
  WriteFailureFile(environment_.report_dir, name_, ".script", failure.Script());
  std::fflush(stderr);
}

}  // namespace taskleak::internal
