// ReadKept refuses in a sentence, or gives what WriteKept writes so that it is read as the same.
#include <string_view>

#include "fuzz/kept.h"
#include "fuzz/targets/property.h"
#include "taskleak/error.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace taskleak::internal;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const KeptSchedules kept = ReadKept(text);
    Property(ReadKept(WriteKept(kept)) == kept, "what is written is read as the same");
  } catch (const taskleak::UsageError& refused) {
    Property(!std::string_view(refused.what()).empty(), "a refusal has a reason");
  }
  // Anything at all, kept as a schedule.
  const KeptSchedules made{"body", size, {taskleak::Schedule::Decode(text)}, {"leak: root"}};
  Property(ReadKept(WriteKept(made)) == made, "any schedule can be kept");
  return 0;
}
