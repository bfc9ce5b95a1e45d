// Schedule::FromToken refuses in a sentence, or gives a schedule whose token means the same; and
// every schedule's token is taken.
#include <string>
#include <string_view>

#include "fuzz/targets/property.h"
#include "taskleak/error.h"
#include "taskleak/schedule.h"

namespace {

using taskleak::Schedule;
using taskleak::internal::Property;

void IsARoundTrip(const Schedule& schedule) {
  try {
    Property(Schedule::FromToken(schedule.Token()) == schedule, "a token means its schedule");
  } catch (const taskleak::UsageError&) {
    Property(false, "a schedule's own token is taken");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    IsARoundTrip(Schedule::FromToken(text));
  } catch (const taskleak::UsageError& refused) {
    Property(std::string_view(refused.what()).find("replay token") != std::string_view::npos,
             "a refusal says what it is about");
  }
  Schedule schedule = Schedule::Decode(text);
  schedule.max_steps = size * 0x9e3779b97f4a7c15ULL;
  schedule.faults = static_cast<std::uint8_t>(size) & taskleak::kAllFaults;
  IsARoundTrip(schedule);
  return 0;
}
