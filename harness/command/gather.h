// From a folder in which processes left their reports to one report of them all.
#ifndef TASKLEAK_HARNESS_COMMAND_GATHER_H_
#define TASKLEAK_HARNESS_COMMAND_GATHER_H_

#include <map>
#include <set>
#include <string>

#include "harness/command/run_report.h"
#include "src/stack/file_symbolizer.h"

namespace taskleak::internal {

// Gathers files one by one; for one thread. Invariants:
//   1. A file that cannot be read or understood costs nothing of what others hold: it is named in a
//      note of kind "unreadable", and the report is not complete.
//   2. Each address of a module is looked up once, and only for the first thread of those that are
//      the same in their process.
class Gatherer {
 public:
  // taskleak-PID.json, taskleak-PID.seen, or a whole taskleak.report. Other files of JSON are
  // somebody else's, and are left alone.
  void AddFile(const std::string& path);
  // The files of a folder and of those in it, in the order of their names. False: it cannot be
  // read, which a note says.
  bool AddFolder(const std::string& path);
  // A folder or a file.
  void Add(const std::string& path);

  // How many files were understood.
  int files() const { return files_; }

  // What was gathered; call it once.
  RunReport Take();

 private:
  void AddProcess(const std::string& path, const std::string& text);
  void AddSeen(const std::string& path, const std::string& text);
  void AddReport(const std::string& path, const std::string& text);
  void Merge(Leak leak);
  void NoteUnjudged();
  void Unreadable(const std::string& path, const std::string& why);
  ProcessSeen& Process(const std::string& folder, int pid);

  RunReport report_;
  FileSymbolizer symbolizer_;
  std::map<std::string, std::size_t> leaks_;      // By what makes them one leak.
  std::map<std::string, std::size_t> processes_;  // By folder and pid.
  std::set<std::string> parents_;                 // Likewise, of those that were seen.
  int reports_ = 0;
  int files_ = 0;
};

}  // namespace taskleak::internal

#endif  // TASKLEAK_HARNESS_COMMAND_GATHER_H_
