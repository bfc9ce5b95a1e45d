#include "src/threads/preload/options.h"

#include <stdlib.h>
#include <unistd.h>

#include <cstring>

#include "src/threads/preload/command_line.h"
#include "src/threads/preload/out.h"

namespace taskleak::internal {

constinit Options g_options = {};

namespace {

// Null: it is not set, or to nothing.
const char* Variable(const char* name) {
  const char* value = getenv(name);
  return value != nullptr && value[0] != '\0' ? value : nullptr;
}

// "TASKLEAK_DEADLINE is "x", which is no number of seconds; set it to …"
void Complain(const char* name, const char* value, const char* what, const char* mend) {
  Out out;
  out.Text("taskleak: ").Text(name).Text(" is ").Quoted(value).Text(", which is no ").Text(what);
  out.Text("; set it to ").Text(mend).Text(".\n");
  out.WriteTo(STDERR_FILENO);
}

// "60", "2.5", "60s". 0: no such number.
int64_t ParseSeconds(const char* text) {
  char* end = nullptr;
  const double seconds = strtod(text, &end);
  if (end == text || (*end != '\0' && strcmp(end, "s") != 0)) return 0;
  return seconds > 0 && seconds < 1e9 ? static_cast<int64_t>(seconds * 1e9) : 0;
}

// -1: no such code.
int ParseExitCode(const char* text) {
  char* end = nullptr;
  const long code = strtol(text, &end, 10);
  return end != text && *end == '\0' && code >= 0 && code <= 255 ? static_cast<int>(code) : -1;
}

bool IsDeathTest() {
  static constexpr char kOption[] = "--gtest_internal_run_death_test=";
  CommandLine arguments;
  for (const char* at = arguments.Next(); at != nullptr; at = arguments.Next())
    if (strncmp(at, kOption, sizeof(kOption) - 1) == 0) return true;
  return false;
}

}  // namespace

Options ReadOptions() {
  Options options;
  options.death_test = IsDeathTest();
  if (const char* directory = Variable("TASKLEAK_REPORT_DIR"); directory != nullptr)
    options.report_directory = strdup(directory);
  const char* text = Variable("TASKLEAK_TEXT");
  options.text = text == nullptr || strcmp(text, "0") != 0;
  if (const char* deadline = Variable("TASKLEAK_DEADLINE"); deadline != nullptr) {
    options.deadline = ParseSeconds(deadline);
    if (options.deadline == 0)
      Complain("TASKLEAK_DEADLINE", deadline, "number of seconds", "one such as 60 or 2.5");
  } else if (const char* timeout = Variable("TEST_TIMEOUT"); timeout != nullptr) {
    options.deadline = ParseSeconds(timeout);  // Another's variable, which may mean another thing.
  }
  if (const char* fail_on = Variable("TASKLEAK_FAIL_ON"); fail_on != nullptr) {
    bool known = false;
    constexpr ThreadVerdict kVerdicts[] = {ThreadVerdict::kProven, ThreadVerdict::kSuspect,
                                           ThreadVerdict::kIdle};
    for (const ThreadVerdict verdict : kVerdicts) {
      if (strcmp(fail_on, ToString(verdict)) != 0) continue;
      options.fail_on = verdict;
      known = true;
    }
    if (!known) Complain("TASKLEAK_FAIL_ON", fail_on, "verdict", "proven, suspect or idle");
  }
  if (const char* code = Variable("TASKLEAK_EXIT_CODE"); code != nullptr) {
    const int parsed = ParseExitCode(code);
    if (parsed < 0) {
      Complain("TASKLEAK_EXIT_CODE", code, "exit code", "a number from 0 to 255");
    } else {
      options.exit_code = parsed;
    }
  }
  return options;
}

}  // namespace taskleak::internal
