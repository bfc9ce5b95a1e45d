#include "harness/gtest/fuzz_seeds.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "taskleak/error.h"

namespace taskleak::internal {

namespace fs = std::filesystem;

SeedFiles::SeedFiles(const std::vector<CorpusFile>& corpus) {
  std::error_code error;
  folder_ =
      (fs::temp_directory_path(error) / ("taskleak-seeds-" + std::to_string(getpid()))).string();
  std::size_t count = 0;
  for (const CorpusFile& file : corpus) {
    for (const Schedule& schedule : file.schedules) {
      if (schedule.empty()) continue;  // libFuzzer begins with that one anyway.
      if (count == 0) fs::create_directories(folder_, error);
      const std::string path = folder_ + "/" + std::to_string(count++);
      std::ofstream out(path, std::ios::binary | std::ios::trunc);
      out << schedule.Encode();
      out.close();
      if (!out) {
        Remove();
        throw UsageError("cannot write " + path + "; set TMPDIR to a folder that can be written");
      }
      flag_ += (flag_.empty() ? "-seed_inputs=" : ",") + path;
    }
  }
}

void SeedFiles::Remove() {
  std::error_code ignored;  // It is in the folder for temporary files.
  fs::remove_all(folder_, ignored);
}

bool WantsSeeds(const std::vector<std::string>& arguments) {
  return std::none_of(arguments.begin() + 1, arguments.end(), [](const std::string& argument) {
    if (!argument.starts_with("-")) return true;  // A folder, or files.
    for (const char* flag : {"-seed_inputs=", "-merge=", "-minimize_crash=", "-cleanse_crash=",
                             "-merge_inner=", "-merge_control_file=", "-minimize_crash_internal"})
      if (argument.starts_with(flag)) return true;
    return false;
  });
}

}  // namespace taskleak::internal
