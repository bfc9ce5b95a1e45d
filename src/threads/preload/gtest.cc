#include "src/threads/preload/gtest.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>

#include "src/threads/preload/command_line.h"
#include "src/threads/preload/judge.h"
#include "src/threads/preload/symbols.h"

namespace taskleak::internal {
namespace {

// GoogleTest's own functions, by their mangled names, which are the same with every C++ library:
// UnitTest::GetInstance(), current_test_info() and current_test_suite().
struct GoogleTest {
  void* (*instance)() = nullptr;
  const void* (*test)(const void*) = nullptr;
  const void* (*suite)(const void*) = nullptr;
};
constinit GoogleTest g_google_test = {};
constinit bool g_searched = false;
constinit bool g_handler_registered = false;
constinit bool g_forgotten = false;
constinit uint32_t g_lines = 0;  // Of "[ RUN" that were read.

// Of the first thread: the test or suite that its scope was opened for, and that scope.
constinit const void* g_entered = nullptr;
constinit uint64_t g_scope = 0;

constexpr size_t kName = taskleak_v1_scope_name;
constinit char g_line_name[kName] = {};  // "" between two tests.
constinit char g_filter[kName] = {};     // When it names one test.

bool OnTheFirstThread() { return syscall(SYS_gettid) == getpid(); }

void Leave() {
  if (g_scope != 0) TrackingThreads().close_scope(g_scope);
  g_scope = 0;
  g_entered = nullptr;
}

void Enter(const void* entered, const char* name) {
  Leave();
  g_entered = entered;
  g_scope = TrackingThreads().open_scope(name);
}

// Appends as much as fits.
void Append(char* name, const char* text) {
  size_t at = strlen(name);
  while (at + 1 < kName && *text != '\0') name[at++] = *text++;
  name[at] = '\0';
}

// Its UnitTest is destroyed before this library is done.
void Forget() {
  Leave();
  g_google_test = {};
  g_forgotten = true;
}

// A TestInfo begins with the names of its suite and of itself.
bool NameOfTest(const void* test, char* name) {
  char part[kName];
  if (!CopyStdString(test, name, kName)) return false;
  // The second string comes behind the first, whose size is the library's matter.
  constexpr size_t kSizes[] = {32, 24};
  for (const size_t size : kSizes) {
    if (!CopyStdString(static_cast<const char*>(test) + size, part, kName)) continue;
    Append(name, ".");
    Append(name, part);
    return true;
  }
  return false;
}

// A TestSuite has a virtual destructor, then its name.
bool NameOfSuite(const void* suite, char* name) {
  if (!CopyStdString(static_cast<const char*>(suite) + sizeof(void*), name, kName)) return false;
  Append(name, " (its SetUpTestSuite or TearDownTestSuite)");
  return true;
}

template <class F>
void Find(const ProgramSymbols& symbols, const char* name, F** found) {
#if !defined(TASKLEAK_STATIC)
  *found = reinterpret_cast<F*>(dlsym(RTLD_DEFAULT, name));
#endif
  if (*found == nullptr) *found = reinterpret_cast<F*>(symbols.Find(name));
}

// The value of --gtest_filter among the program's arguments, else of GTEST_FILTER, into `out`.
bool FindFilter(char* out, size_t size) {
  static constexpr char kOption[] = "gtest_filter=";
  CommandLine arguments;
  for (const char* option = arguments.Next(); option != nullptr; option = arguments.Next()) {
    const char* name = option + strspn(option, "-");
    if (name == option || strncmp(name, kOption, sizeof(kOption) - 1) != 0) continue;
    name += sizeof(kOption) - 1;
    if (strlen(name) >= size) return false;
    strcpy(out, name);
    return true;
  }
  const char* variable = getenv("GTEST_FILTER");
  if (variable == nullptr || strlen(variable) >= size) return false;
  strcpy(out, variable);
  return true;
}

// The start of what stands behind the last `mark` in the text; null: none.
const char* BehindLast(const char* text, size_t size, const char* mark) {
  const size_t length = strlen(mark);
  for (size_t at = size; at >= length; --at)
    if (memcmp(text + at - length, mark, length) == 0) return text + at;
  return nullptr;
}

void Search() {
  const ProgramSymbols symbols;
  GoogleTest found;
  Find(symbols, "_ZN7testing8UnitTest11GetInstanceEv", &found.instance);
  Find(symbols, "_ZNK7testing8UnitTest17current_test_infoEv", &found.test);
  Find(symbols, "_ZNK7testing8UnitTest18current_test_suiteEv", &found.suite);
  if (found.instance != nullptr && found.test != nullptr) {
    g_google_test = found;
  } else if (!FindFilter(g_filter, sizeof(g_filter)) || strpbrk(g_filter, "*?:-") != nullptr ||
             strchr(g_filter, '.') == nullptr) {
    g_filter[0] = '\0';
  }
}

void Ask() {
  const void* const all = g_google_test.instance();
  if (!g_handler_registered) {
    // Run before the destructor that GetInstance has registered by now.
    g_handler_registered = true;
    atexit(&Forget);
  }
  if (all == nullptr) return;
  char name[kName];
  if (const void* test = g_google_test.test(all); test != nullptr) {
    if (test != g_entered && NameOfTest(test, name)) Enter(test, name);
    return;
  }
  const void* suite = g_google_test.suite != nullptr ? g_google_test.suite(all) : nullptr;
  if (suite == nullptr) {
    Leave();
  } else if (suite != g_entered && NameOfSuite(suite, name)) {
    Enter(suite, name);
  }
}

}  // namespace

void EnterRunningTest() {
  if (!OnTheFirstThread()) return;
  if (!g_searched) {
    g_searched = true;
    Search();
  }
  if (g_google_test.instance != nullptr) {
    Ask();
  } else if (g_lines != 0) {
    // Each line has a number of its own: the same test may run again.
    const void* line = reinterpret_cast<const void*>(uintptr_t{g_lines});
    if (g_line_name[0] == '\0') {
      Leave();
    } else if (line != g_entered) {
      Enter(line, g_line_name);
    }
  } else if (g_filter[0] != '\0' && g_entered == nullptr) {
    Enter(g_filter, g_filter);
  }
}

void ReadRunLines(const char* text, size_t size) {
  if (g_google_test.instance != nullptr || !OnTheFirstThread()) return;
  const char* run = BehindLast(text, size, "[ RUN      ] ");
  const char* const end = text + size;
  if (run == nullptr) {
    // What comes at a test's end, whatever the outcome, is bracketed too.
    if (BehindLast(text, size, "[       OK ] ") != nullptr ||
        BehindLast(text, size, "[  FAILED  ] ") != nullptr ||
        BehindLast(text, size, "[  SKIPPED ] ") != nullptr)
      g_line_name[0] = '\0';
    return;
  }
  if (end - run > 3 && memcmp(run, "\033[m", 3) == 0) run += 3;  // The end of a colour.
  size_t length = 0;
  for (; run < end && *run != '\n' && length + 1 < kName; ++run) g_line_name[length++] = *run;
  if (run == end) length = 0;  // Cut: rather none than a wrong one.
  g_line_name[length] = '\0';
  ++g_lines;
}

bool TestsAreUnknown() {
  if (g_google_test.instance != nullptr || g_forgotten || g_lines != 0 || g_filter[0] != '\0')
    return false;
  CommandLine arguments;
  for (const char* at = arguments.Next(); at != nullptr; at = arguments.Next())
    if (strncmp(at, "--gtest_", 8) == 0) return true;
  return false;
}

bool CopyStdString(const void* string, char* out, size_t size) {
  struct Words {
    uintptr_t word[4];
  } words;
  if (taskleak_v1_read_memory(reinterpret_cast<uintptr_t>(string), &words, sizeof(words)) !=
      sizeof(words))
    return false;
  const auto copy = [&](uintptr_t from, uintptr_t length) {
    if (length == 0 || length > 4096) return false;
    char text[kName];
    const size_t most = size < sizeof(text) ? size : sizeof(text);
    const size_t cut = length < most ? length : most - 1;
    char end = 'x';
    if (taskleak_v1_read_memory(from, text, cut) != cut ||
        taskleak_v1_read_memory(from + length, &end, 1) != 1 || end != '\0')
      return false;
    for (size_t i = 0; i < cut; ++i)
      if (text[i] < ' ' || text[i] == 127) return false;
    memcpy(out, text, cut);
    out[cut] = '\0';
    return true;
  };
  // libstdc++: where it is, how long it is.
  if (copy(words.word[0], words.word[1])) return true;
  // libc++: a short one behind its doubled length; else the length and where it is, in the second
  // and third word.
  const uintptr_t first = words.word[0] & 0xff;
  if (first % 2 == 0) return copy(reinterpret_cast<uintptr_t>(string) + 1, first / 2);
  return copy(words.word[2], words.word[1]);
}

}  // namespace taskleak::internal
