// A symbolized stack frame, whom it belongs to, and how a report prints it. Plain values: any
// thread may use them.

#ifndef TASKLEAK_SRC_STACK_FRAME_H_
#define TASKLEAK_SRC_STACK_FRAME_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace taskleak::internal {

// Whose code a frame runs.
enum class FrameOrigin {
  kUser,
  kTaskleak,         // namespace taskleak, and its C interface taskleak_v1_…
  kStandardLibrary,  // namespaces std and __gnu_cxx, operator new and delete
  kRuntime,  // libc and its start-up, fiber trampolines, sanitizers, GoogleTest's and libFuzzer's
             // machinery
};

struct Frame {
  std::uintptr_t pc = 0;  // the return address that was captured
  std::string function;  // for people: "user::Pool::Run(…)", "user::Start()::{lambda}"; never empty
  std::string linkage_name;  // mangled; empty where the compiler recorded none (gcc's inlined local
                             // functions)
  std::string file;          // the full path from the debug info; empty if unknown
  int line = 0;              // of the call, not of what follows it; 0 if unknown
  bool inlined = false;      // into the next frame out
  FrameOrigin origin = FrameOrigin::kUser;
  std::string module;         // the path of the executable or library; empty if the pc lies in none
  std::uintptr_t offset = 0;  // of the call in the module: what `addr2line -e module` takes
};

// What is known of a function when its origin is asked for. Empty is unknown.
struct FunctionNames {
  std::string_view linkage_name;
  std::string_view qualified_name;  // "taskleak::Go<…>", consulted when there is no linkage name
  std::string_view file;
  std::string_view module;
};

// A function belongs to the namespace that it was written in: taskleak::Go<T> is ours whatever T
// is, and the user's lambda that we call stays the user's.
FrameOrigin OriginOf(const FunctionNames& names);

// The short form that people read, from a linkage name ("_Z…"), a C name, or a name that is
// readable already: without return type, anonymous namespaces and ABI tags, each lambda as
// {lambda}, and, above some 60 columns, with parameter lists and then template arguments as "…".
std::string HumanName(std::string_view name);

// Drops our own frames, the runtime's and the standard library's at both ends, so that the first
// frame is the user's; those between two frames of the user's stay. What started the test program
// (RUN_ALL_TESTS, libFuzzer's driver) goes, with all that lies outside it. If nothing is left,
// returns the stack untrimmed.
std::vector<Frame> TrimToUser(std::vector<Frame> frames);

// The part of `path` after its last slash.
std::string_view Basename(std::string_view path);

// "worker_pool.cc:41"; without debug info "(module+0x1234)".
std::string FormatLocation(const Frame& frame);

// One line of a report without its newline: "    #0 PoolWorker(…) worker_pool.cc:41".
std::string FormatFrame(const Frame& frame, int index);

}  // namespace taskleak::internal

#endif  // TASKLEAK_SRC_STACK_FRAME_H_
