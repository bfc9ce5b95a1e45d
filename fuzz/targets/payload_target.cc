// Schedule::Decode takes any bytes, and what it makes of them has one shortest form.
#include <string>
#include <string_view>

#include "fuzz/targets/property.h"
#include "taskleak/schedule.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using taskleak::Schedule;
  using taskleak::internal::Property;
  const std::string_view payload(reinterpret_cast<const char*>(data), size);
  const Schedule schedule = Schedule::Decode(payload);
  const std::string encoded = schedule.Encode();
  Property(Schedule::Decode(encoded) == schedule, "what was encoded decodes to the same schedule");
  Property(Schedule::Decode(encoded).Encode() == encoded, "a schedule has one encoding");
  Property(encoded.size() <= payload.size(), "the encoding is no longer than what was decoded");
  Property(Schedule(schedule.entries()) == schedule, "entries are sorted and without duplicates");
  return 0;
}
