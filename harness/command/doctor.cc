#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <ostream>
#include <string>
#include <system_error>

#include "harness/command/child.h"
#include "harness/command/files.h"
#include "harness/command/gather.h"
#include "harness/command/inspect.h"
#include "harness/command/preload_path.h"
#include "harness/command/verbs.h"
#include "src/stack/symbolize.h"

namespace taskleak::internal {
namespace {

class Checklist {
 public:
  explicit Checklist(std::ostream& out) : out_(out) {}

  void Good(const std::string& text) { out_ << "  ok    " << text << "\n"; }
  void Note(const std::string& text) { out_ << "  note  " << text << "\n"; }
  void Bad(const std::string& text) {
    out_ << "  BAD   " << text << "\n";
    bad_ = true;
  }
  bool bad() const { return bad_; }

 private:
  std::ostream& out_;
  bool bad_ = false;
};

void CheckProc(Checklist* list) {
  std::string why;
  const std::string thread = "/proc/self/task/" + std::to_string(syscall(SYS_gettid));
  if (!ReadFile(thread + "/stat", &why).has_value()) {
    list->Bad("/proc is not there (" + why +
              "): what threads wait in cannot be seen; mount it (docker does by itself).");
  } else if (!ReadFile(thread + "/syscall", &why).has_value()) {
    list->Note("/proc/self/task/TID/syscall cannot be read (" + why +
               "): only the wrapped calls tell what a thread waits in.");
  } else {
    list->Good("/proc tells which system call each thread is in");
  }
}

void CheckSymbolizer(Checklist* list) {
  const auto here = reinterpret_cast<std::uintptr_t>(__builtin_return_address(0));
  const Frame& frame = Symbolizer::Global().Symbolize(here).back();
  if (!frame.file.empty() && frame.line > 0) {
    list->Good("names and lines are found: " + frame.function + " at " + FormatLocation(frame));
  } else if (!frame.linkage_name.empty()) {
    list->Good("names are found (" + frame.function +
               "); lines where a program is compiled with -g, which this one is not");
  } else {
    list->Note("this program is stripped, so the symbolizer cannot be tried on it");
  }
}

// What a compiler answers to -print-file-name; empty: it is not there, or the file is not.
std::string PrintedFile(const std::string& compiler, const std::string& name) {
  FILE* const pipe = popen((compiler + " -print-file-name=" + name + " 2>/dev/null").c_str(), "r");
  if (pipe == nullptr) return "";
  char text[4096] = "";
  const std::size_t size = fread(text, 1, sizeof(text) - 1, pipe);
  pclose(pipe);
  std::string path(text, size);
  path.erase(std::min(path.find('\n'), path.size()));
  return path.starts_with('/') && access(path.c_str(), R_OK) == 0 ? path : "";
}

void CheckCompilers(Checklist* list) {
  bool any = false;
  for (const std::string compiler : {"clang++", "clang++-19", "g++", "g++-12"}) {
    if (!InspectCommand(compiler).problem.empty()) continue;
    any = true;
    std::string found;
    for (const std::string sanitizer : {"asan", "tsan", "ubsan"}) {
      const bool clang = compiler.starts_with("clang");
      const std::string names[] = {
          clang ? "libclang_rt." + sanitizer + "-x86_64.a" : "lib" + sanitizer + ".so",
          clang ? "libclang_rt." + sanitizer + "-aarch64.a" : "lib" + sanitizer + ".a",
          clang ? "libclang_rt." + sanitizer + (sanitizer == "ubsan" ? "_standalone.a" : ".a") : "",
          clang ? "libclang_rt." + sanitizer + "_standalone-x86_64.a" : ""};
      for (const std::string& name : names) {
        if (name.empty() || PrintedFile(compiler, name).empty()) continue;
        found += " " + sanitizer;
        break;
      }
    }
    list->Good(compiler + ", with" + (found.empty() ? " no sanitizers" : found));
  }
  if (!any) list->Note("no compiler is here, and none is needed to check what is built elsewhere");
}

// Runs the planted program under the preload and reads what it left.
RunReport Plant(const std::string& preload, const char* variant, std::string* problem) {
  std::error_code error;
  std::string folder =
      std::filesystem::temp_directory_path(error).string() + "/taskleak-doctor-XXXXXX";
  if (mkdtemp(folder.data()) == nullptr) {
    *problem = "cannot make " + folder + "; set TMPDIR to a folder that can be written.";
    return {};
  }
  std::map<std::string, std::string> environment = PreloadEnvironment(preload, folder);
  environment["TASKLEAK_EXIT_CODE"] = "0";
  environment["TASKLEAK_TEXT"] = "0";
  const ChildOutcome outcome =
      RunChild("/proc/self/exe", {"taskleak", "__stuck", variant}, environment, std::nullopt);
  Gatherer gatherer;
  gatherer.AddFolder(folder);
  std::filesystem::remove_all(folder, error);
  RunReport report = gatherer.Take();
  if (!outcome.problem.empty()) {
    *problem = "cannot start itself (" + outcome.problem + ")";
  } else if (outcome.exit != 0) {
    *problem = "the planted program ended with " + std::to_string(outcome.exit);
  }
  return report;
}

void CheckItself(const std::string& preload, Checklist* list) {
  std::string problem;
  const RunReport leaky = Plant(preload, "leaky", &problem);
  const RunReport clean = problem.empty() ? Plant(preload, "clean", &problem) : RunReport();
  if (!problem.empty()) {
    list->Bad("self-check: " + problem);
    return;
  }
  if (leaky.processes.empty() || clean.processes.empty()) {
    list->Bad("the preload does not load into a child (" + preload +
              "): is it built for this C library?");
    return;
  }
  list->Good("the preload loads into a child");
  if (leaky.Count(LeakVerdict::kProven) == 1) {
    list->Good("self-check: a planted thread that never ends was found, " +
               LeakInOneLine(leaky.leaks.front()));
  } else if (leaky.leaks.empty()) {
    list->Bad(
        "self-check: a planted thread that never ends was NOT found: a clean report means "
        "nothing on this machine.");
  } else {
    list->Bad("self-check: a planted thread that never ends was found, but as " +
              std::string(ToString(leaky.leaks.front().verdict)) +
              ": use --fail-on suspect on this machine.");
  }
  if (clean.leaks.empty()) {
    list->Good("self-check: its clean twin is silent");
  } else {
    list->Bad("self-check: its clean twin was accused: " + LeakInOneLine(clean.leaks.front()));
  }
}

}  // namespace

int Doctor(const std::string& preload, std::ostream& out) {
  Checklist list(out);
  out << "taskleak " << TASKLEAK_VERSION << " on this machine:\n";
  CheckProc(&list);
  CheckSymbolizer(&list);
  CheckCompilers(&list);
  std::string problem;
  const std::string found = FindPreload(preload, &problem);
  if (found.empty()) {
    list.Bad(problem);
  } else {
    list.Good("the preload is " + found);
    out.flush();
    CheckItself(found, &list);
  }
  out << (list.bad() ? "Something that matters does not work.\n" : "All that matters works.\n");
  return list.bad() ? kExitTrouble : 0;
}

}  // namespace taskleak::internal
