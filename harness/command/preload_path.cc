#include "harness/command/preload_path.h"

#include <climits>
#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace taskleak::internal {
namespace {

constexpr const char* kName = "libtaskleak_preload.so";

#if !defined(TASKLEAK_LIBDIR)
#define TASKLEAK_LIBDIR "lib"
#endif

std::string Before(const std::string& added, const char* variable) {
  const char* value = std::getenv(variable);
  return value == nullptr || *value == '\0' ? added : added + ":" + value;
}

}  // namespace

std::string FindPreload(const std::string& wanted, std::string* problem) {
  namespace fs = std::filesystem;
  std::error_code error;
  std::string found;
  if (!wanted.empty()) {
    if (fs::is_regular_file(wanted, error)) found = fs::absolute(wanted, error).string();
    if (found.empty()) {
      *problem =
          "--preload names " + wanted + ", which is no file: name " + std::string(kName) + ".";
      return "";
    }
  } else {
    const fs::path here = fs::read_symlink("/proc/self/exe", error).parent_path();
    for (const char* folder :
         {"../" TASKLEAK_LIBDIR, "../lib", "../lib64", "../lib/x86_64-linux-gnu",
          "../lib/aarch64-linux-gnu", ".", "src", "../src", "../../src"}) {
      const fs::path candidate = (here / folder / kName).lexically_normal();
      if (fs::is_regular_file(candidate, error)) {
        found = candidate.string();
        break;
      }
    }
    if (found.empty()) {
      *problem = std::string(kName) + " was not found beside " + here.string() +
                 "; name it with --preload.";
      return "";
    }
  }
  // The loader takes both for the end of a name, and knows no way to write them.
  if (found.find_first_of(" :") != std::string::npos) {
    *problem = found +
               " has a space or a colon in its path, which LD_PRELOAD cannot hold; move it, "
               "and name it with --preload.";
    return "";
  }
  return found;
}

std::map<std::string, std::string> PreloadEnvironment(const std::string& preload,
                                                      const std::string& folder) {
  return {
      {"LD_PRELOAD", Before(preload, "LD_PRELOAD")},
      // gcc's AddressSanitizer, a shared library, wants to be first, and need not be. Others do not
      // mind.
      {"ASAN_OPTIONS", Before("verify_asan_link_order=0", "ASAN_OPTIONS")},
      {"TASKLEAK_REPORT_DIR", folder},
  };
}

}  // namespace taskleak::internal
