#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "src/stack/frame.h"

namespace taskleak::internal {
namespace {

template <std::size_t N>
bool StartsWithAny(std::string_view text, const std::array<std::string_view, N>& prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](std::string_view prefix) { return text.starts_with(prefix); });
}

// Drops "h16_" or "n24_24_" like call offsets, which stand before the name of the function that a
// thunk adjusts to.
std::string_view SkipNumbers(std::string_view name, int count) {
  for (; count > 0; --count) {
    const std::size_t end = name.find('_');
    if (end == std::string_view::npos) return {};
    name.remove_prefix(end + 1);
  }
  return name;
}

std::string_view SkipCallOffset(std::string_view name) {
  if (name.empty()) return name;
  return SkipNumbers(name.substr(1), name.front() == 'v' ? 2 : 1);
}

// The outermost scope of a mangled name and all that follows: "8taskleak2GoIZN4user…" of
// "_ZN8taskleak2GoIZN4user…". Without a scope, as in "_Z3foov", it is empty, but for std, which
// needs no N: "St4sort…". See the Itanium C++ ABI, section 5.1.
std::string_view OutermostScope(std::string_view name) {
  if (!name.starts_with("_Z")) return {};
  name.remove_prefix(2);
  if (name.starts_with("Tc")) {  // a thunk with a covariant result
    name = SkipCallOffset(SkipCallOffset(name.substr(2)));
  } else if (name.starts_with("Th") || name.starts_with("Tv")) {
    name = SkipCallOffset(name.substr(1));
  }
  while (name.starts_with('Z')) name.remove_prefix(1);  // local to the function that follows
  if (!name.starts_with('N')) return name.starts_with("St") ? name : std::string_view();
  name.remove_prefix(1);
  name.remove_prefix(std::min(name.find_first_not_of("KVrRO"), name.size()));
  return name;
}

// Abbreviations of the mangling: St std::, Sa allocator, Sb basic_string, Ss string, Si, So, Sd
// streams.
constexpr std::array<std::string_view, 9> kStandardScopes = {
    "St", "Sa", "Sb", "Ss", "Si", "So", "Sd", "9__gnu_cxx", "10__cxxabiv1"};
constexpr std::array<std::string_view, 4> kTestScopes = {
    "7testing", "6fuzzer6Fuzzer", "6fuzzer12FuzzerDriver", "6fuzzer10RunOneTest"};
constexpr std::array<std::string_view, 6> kSanitizerScopes = {
    "6__asan", "6__lsan", "6__tsan", "7__ubsan", "11__sanitizer", "14__interception"};

// operator new, new[], delete and delete[], and what a throw calls.
constexpr std::array<std::string_view, 6> kStandardNames = {"_Znw", "_Zna",   "_Zdl",
                                                            "_Zda", "__cxa_", "__gxx_personality"};

constexpr std::array<std::string_view, 3> kStandardModules = {"libstdc++.so", "libc++.so",
                                                              "libc++abi.so"};
constexpr std::array<std::string_view, 15> kRuntimeModules = {
    "libc.so",          "libc-",    "libpthread", "libm.so",     "ld-linux", "libgcc_s",
    "libboost_context", "libgtest", "libgmock",   "libclang_rt", "libasan",  "libtsan",
    "libubsan",         "liblsan",  "[vdso"};

// C names. Those of waiting calls matter because we define them too, in front of libc's: a report
// should start with the function that called them.
constexpr std::string_view kRuntimeNames =
    " _start start_thread clone clone3 make_fcontext jump_fcontext ontop_fcontext trampoline"
    " __restore_rt _Z13RUN_ALL_TESTSv execute_native_thread_routine asan_thread_start"
    " syscall nanosleep clock_nanosleep sleep usleep sched_yield sem_wait sem_timedwait"
    " sem_clockwait poll ppoll select pselect epoll_wait epoll_pwait sigwait ";
constexpr std::array<std::string_view, 18> kRuntimePrefixes = {
    "__libc_start_",  "__clone",
    "__asan_",        "__tsan_",
    "__msan_",        "__ubsan_",
    "__lsan_",        "__sanitizer_",
    "__interceptor_", "___interceptor_",
    "pthread_",       "__pthread_",
    "__futex_",       "__wrap_",
    "thrd_",          "mtx_",
    "cnd_",           "LLVMFuzzerRunDriver"};

bool IsRuntimeName(std::string_view name) {
  if (name.empty()) return false;
  if (StartsWithAny(name, kRuntimePrefixes)) return true;
  const std::size_t at = kRuntimeNames.find(" " + std::string(name) + " ");
  return at != std::string_view::npos;
}

// C++ names in readable form, for functions without a mangled one.
bool IsIn(std::string_view qualified, std::string_view scope) {
  return qualified.starts_with(scope) && qualified.substr(scope.size()).starts_with("::");
}

}  // namespace

FrameOrigin OriginOf(const FunctionNames& names) {
  // Compilers add suffixes to the parts of a function that they split off: foo.cold, foo.part.0.
  const std::string_view linkage = names.linkage_name.substr(0, names.linkage_name.find('.'));
  const std::string_view scope = OutermostScope(linkage);
  const bool mangled = linkage.starts_with("_Z");
  const std::string_view qualified = mangled ? std::string_view() : names.qualified_name;

  if (scope.starts_with("8taskleak") || IsIn(qualified, "taskleak") ||
      linkage.starts_with("taskleak_v1_") || qualified.starts_with("taskleak_v1_")) {
    return FrameOrigin::kTaskleak;
  }
  if (StartsWithAny(scope, kStandardScopes) || StartsWithAny(linkage, kStandardNames) ||
      IsIn(qualified, "std") || IsIn(qualified, "__gnu_cxx")) {
    return FrameOrigin::kStandardLibrary;
  }
  if (StartsWithAny(scope, kTestScopes) || StartsWithAny(scope, kSanitizerScopes) ||
      IsIn(qualified, "testing") || IsRuntimeName(linkage)) {
    return FrameOrigin::kRuntime;
  }
  if (mangled) return FrameOrigin::kUser;

  const std::string_view module = Basename(names.module);
  if (StartsWithAny(module, kStandardModules)) return FrameOrigin::kStandardLibrary;
  if (StartsWithAny(module, kRuntimeModules)) return FrameOrigin::kRuntime;
  if (module.starts_with("libtaskleak")) return FrameOrigin::kTaskleak;
  const bool local = !qualified.empty() && qualified.find("::") == std::string_view::npos;
  if (local && names.file.find("/include/c++/") != std::string_view::npos) {
    return FrameOrigin::kStandardLibrary;
  }
  if (Basename(names.file) == "gtest_main.cc") return FrameOrigin::kRuntime;
  return FrameOrigin::kUser;
}

}  // namespace taskleak::internal
