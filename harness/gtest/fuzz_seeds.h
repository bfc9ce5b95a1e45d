// Kept schedules as files that libFuzzer can begin with.
#ifndef TASKLEAK_HARNESS_GTEST_FUZZ_SEEDS_H_
#define TASKLEAK_HARNESS_GTEST_FUZZ_SEEDS_H_

#include <string>
#include <vector>

#include "harness/explore/corpus.h"

namespace taskleak::internal {

// A folder of payloads, for as long as this lives. One thread.
class SeedFiles {
 public:
  // Throws UsageError when the folder cannot be made or written.
  explicit SeedFiles(const std::vector<CorpusFile>& corpus);
  ~SeedFiles() { Remove(); }
  SeedFiles(const SeedFiles&) = delete;
  SeedFiles& operator=(const SeedFiles&) = delete;

  // "-seed_inputs=…"; empty if there is no schedule to begin with.
  const std::string& flag() const { return flag_; }
  // For a process that ends without destructors.
  void Remove();

 private:
  std::string folder_;
  std::string flag_;
};

// Whether libFuzzer is to be given kept schedules: not if its flags say what it begins with, or ask
// for something else than a search.
bool WantsSeeds(const std::vector<std::string>& arguments);

}  // namespace taskleak::internal

#endif  // TASKLEAK_HARNESS_GTEST_FUZZ_SEEDS_H_
