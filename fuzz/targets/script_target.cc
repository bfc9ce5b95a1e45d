// A script is refused in a sentence that names its line, or read; and what is written of any
// schedule is read.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "fuzz/script.h"
#include "fuzz/targets/property.h"
#include "taskleak/error.h"
#include "taskleak/schedule.h"
#include "taskleak/trace.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using taskleak::internal::Property;
  using taskleak::internal::Script;
  constexpr std::size_t kMost = 1024;  // A flood's schedule has nothing that a pool's has not.
  const std::string_view text(reinterpret_cast<const char*>(data), std::min(size, kMost));
  try {
    const Script script(text);
    Property(script.max_steps() > 0, "a limit is above zero");
    Property((script.faults() & ~taskleak::kAllFaults) == 0, "only what there is is switched off");
  } catch (const taskleak::UsageError& refused) {
    Property(std::string_view(refused.what()).starts_with("line "), "a refusal names the line");
  }
  taskleak::Schedule schedule = taskleak::Schedule::Decode(text);
  schedule.faults = static_cast<std::uint8_t>(size) & taskleak::kAllFaults;
  try {
    const Script script(taskleak::internal::WriteScript(schedule, taskleak::Trace()));
    Property(script.Unused().size() == schedule.size(), "each entry is a line");
    Property(script.faults() == schedule.faults, "what is switched off is written");
  } catch (const taskleak::UsageError& refused) {
    Property(false, refused.what());
  }
  return 0;
}
