// Names and lines for the addresses of a process that is gone: from its modules' files, by what its
// report said of them. Symbolizer (symbolize.h) is the same for this process.

#ifndef TASKLEAK_SRC_STACK_FILE_SYMBOLIZER_H_
#define TASKLEAK_SRC_STACK_FILE_SYMBOLIZER_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "src/stack/frame.h"

namespace taskleak::internal {

// For one thread at a time. Invariants:
//   1. An address is looked up once; its frames live, unmoved, as long as the FileSymbolizer.
//   2. No answer is empty: where the file is gone, or is not the one that ran, it is "module+0x12".
//   3. A file is opened once, and only under the build id that it was asked for with.
class FileSymbolizer {
 public:
  FileSymbolizer();
  ~FileSymbolizer();
  FileSymbolizer(const FileSymbolizer&) = delete;
  FileSymbolizer& operator=(const FileSymbolizer&) = delete;

  // The frames at `offset` in `module`, inlined ones first and innermost first. `offset` lies
  // inside the instruction that is meant (a return address less one) and counts as the file's own
  // addresses do. `build_id` is in hexadecimal, "" for a module that has none; a file with another
  // is not the one that ran. An empty module is none: `offset` is the address itself.
  const std::vector<Frame>& Symbolize(const std::string& module, const std::string& build_id,
                                      std::uint64_t offset);

  // The modules whose file was another than the one that ran, and those that could not be read.
  std::vector<std::string> Changed() const;
  std::vector<std::string> Unreadable() const;

 private:
  class Module;
  Module& Open(const std::string& path, const std::string& build_id);

  std::map<std::tuple<std::string, std::string>, std::unique_ptr<Module>> modules_;
  std::map<std::tuple<std::string, std::string, std::uint64_t>, std::vector<Frame>> frames_;
};

}  // namespace taskleak::internal

#endif  // TASKLEAK_SRC_STACK_FILE_SYMBOLIZER_H_
