// The schedules kept for a body: a folder of files.
#ifndef TASKLEAK_HARNESS_EXPLORE_CORPUS_H_
#define TASKLEAK_HARNESS_EXPLORE_CORPUS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "taskleak/schedule.h"

namespace taskleak::internal {

// One file of them.
struct CorpusFile {
  std::string path;
  // Of the body's canonical run when it was written; nothing for a bare payload, as libFuzzer
  // writes it.
  std::optional<std::uint64_t> layout;
  std::vector<Schedule> schedules;
  std::vector<std::string> shows;  // See KeptSchedules.
};

// The files of a folder, in the order of their names: those that end in .schedule hold what
// WriteKept wrote, for `body`; each other one is a bare payload. Hidden files and README.md are
// passed over; a folder that is not there is empty. Throws UsageError, which names the file, for
// one that cannot be read, is damaged, or belongs to another body.
std::vector<CorpusFile> ReadCorpus(const std::string& folder, const std::string& body);

// One file, of either form. Throws as above.
CorpusFile ReadCorpusFile(const std::string& path, const std::string& body);

// Writes FOLDER/kept.schedule, whole or not at all, and makes the folder. Throws UsageError, with
// the reason, when that cannot be done.
void WriteCorpus(const std::string& folder, const std::string& body, std::uint64_t layout,
                 const std::vector<Schedule>& schedules,
                 const std::vector<std::string>& shows = {});

// What is to be said of a file that was kept for another layout than the body has now.
std::string LayoutChanged(const std::string& path, const std::string& mend);

// The nearest folder corpus/, from the current directory upwards, that has a folder `name`; the
// path of that folder. Empty: there is none.
std::string FindCorpus(const std::string& name);

}  // namespace taskleak::internal

#endif  // TASKLEAK_HARNESS_EXPLORE_CORPUS_H_
