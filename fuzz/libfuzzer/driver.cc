#include "fuzz/libfuzzer/driver.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <utility>

#include "fuzz/coverage.h"
#include "fuzz/mutate.h"
#include "taskleak/error.h"

#ifdef TASKLEAK_LIBFUZZER

// libFuzzer's own interface (compiler-rt/lib/fuzzer/FuzzerInterface.h).
extern "C" {
int LLVMFuzzerRunDriver(int* argc, char*** argv,
                        int (*callback)(const std::uint8_t* data, std::size_t size));
std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);
std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most,
                                    unsigned int seed);
std::size_t LLVMFuzzerCustomCrossOver(const std::uint8_t* a, std::size_t a_size,
                                      const std::uint8_t* b, std::size_t b_size, std::uint8_t* out,
                                      std::size_t most, unsigned int seed);
}

namespace taskleak::internal {
namespace {

// Found by its section, whoever links it; libFuzzer takes what stands there for coverage.
__attribute__((section("__libfuzzer_extra_counters"),
               used)) std::uint8_t g_counters[kCoverageCounters];

// One in a process, since libFuzzer calls functions, not objects. Never taken back.
FuzzTarget* g_target = nullptr;
const LibFuzzerFlags* g_flags = nullptr;

std::string_view View(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

std::size_t Copy(const std::string& payload, std::uint8_t* out) {
  std::copy(payload.begin(), payload.end(), out);
  return payload.size();
}

void AtEnd() {
  if (g_target->at_end) g_target->at_end();
}

[[noreturn]] void EndProcess(int code) {
  AtEnd();
  std::fflush(nullptr);
  std::_Exit(code);  // As libFuzzer does: other threads may still run.
}

[[noreturn]] void Fail() {
  const std::string payload = g_target->explain();
  if (g_flags->writes) {
    const std::string path = ArtifactPath(*g_flags, payload);
    errno = 0;
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    out << payload;
    out.close();
    // In libFuzzer's words, which programs around it look for.
    if (out)
      std::fprintf(stderr, "artifact_prefix='%s'; Test unit written to %s\n",
                   g_flags->artifact_prefix.c_str(), path.c_str());
    else
      std::fprintf(stderr,
                   "taskleak: cannot write %s (%s); the schedule is in the replay line above\n",
                   path.c_str(), std::strerror(errno));
  }
  EndProcess(g_flags->error_exitcode);
}

int RunOne(const std::uint8_t* data, std::size_t size) {
  try {
    if (!g_target->run(View(data, size))) Fail();
  } catch (const UsageError& error) {
    std::fprintf(stderr, "taskleak: %s\n", error.what());
    EndProcess(2);
  }
  return 0;
}

}  // namespace

bool HasLibFuzzer() { return true; }

std::span<std::uint8_t> ExtraCounters() { return g_counters; }

void RunLibFuzzer(const std::vector<std::string>& arguments, FuzzTarget target) {
  g_flags = new LibFuzzerFlags(ParseLibFuzzerFlags(arguments));
  g_target = new FuzzTarget(std::move(target));
  std::atexit(&AtEnd);  // How libFuzzer ends when nothing fails.
  static std::vector<std::string> copies = arguments;
  static std::vector<char*> pointers;
  for (std::string& copy : copies) pointers.push_back(copy.data());
  int argc = static_cast<int>(pointers.size());
  pointers.push_back(nullptr);
  char** argv = pointers.data();
  EndProcess(LLVMFuzzerRunDriver(&argc, &argv, &RunOne));
}

}  // namespace taskleak::internal

// Beside RunLibFuzzer, so that who links the one has the others: libFuzzer names them weakly, and
// would not draw them out of an archive.
std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most,
                                    unsigned int seed) {
  using namespace taskleak::internal;
  if (g_target == nullptr) return LLVMFuzzerMutate(data, size, most);  // Somebody else's driver.
  Chance dice(seed);
  // Now and then bytes, whatever they mean: what no mutation of entries would come to.
  if (dice.OneIn(64)) return LLVMFuzzerMutate(data, size, most);
  const taskleak::Schedule mutated =
      Mutate(taskleak::Schedule::Decode(View(data, size)), *g_target->decisions, dice);
  return Copy(EncodeWithin(mutated, most, dice), data);
}

std::size_t LLVMFuzzerCustomCrossOver(const std::uint8_t* a, std::size_t a_size,
                                      const std::uint8_t* b, std::size_t b_size, std::uint8_t* out,
                                      std::size_t most, unsigned int seed) {
  using namespace taskleak::internal;
  Chance dice(seed);
  const taskleak::Schedule spliced = Splice(taskleak::Schedule::Decode(View(a, a_size)),
                                            taskleak::Schedule::Decode(View(b, b_size)), dice);
  return Copy(EncodeWithin(spliced, most, dice), out);
}

#else

namespace taskleak::internal {

bool HasLibFuzzer() { return false; }

std::span<std::uint8_t> ExtraCounters() { return {}; }

void RunLibFuzzer(const std::vector<std::string>& /*arguments*/, FuzzTarget /*target*/) {
  std::fprintf(stderr, "taskleak: this build has no libFuzzer\n");
  std::_Exit(2);
}

}  // namespace taskleak::internal

#endif  // TASKLEAK_LIBFUZZER
