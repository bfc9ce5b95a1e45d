// The executable and the libraries of this process, as elfutils' libdwfl sees them.

#ifndef TASKLEAK_SRC_STACK_PROCESS_MODULES_H_
#define TASKLEAK_SRC_STACK_PROCESS_MODULES_H_

#include <elfutils/libdwfl.h>

#include <optional>

namespace taskleak::internal {

// Not thread-safe: Symbolizer holds its lock.
class ProcessModules {
 public:
  ProcessModules();
  ~ProcessModules();
  ProcessModules(const ProcessModules&) = delete;
  ProcessModules& operator=(const ProcessModules&) = delete;

  // Reads the list of modules again if a library was loaded or unloaded since. If so, returns true,
  // and modules that At returned before may be gone, with their debug info.
  bool Refresh();

  // The module that `address` lies in; null if there is none.
  Dwfl_Module* At(Dwarf_Addr address) const;

 private:
  // How many libraries the process ever loaded and unloaded.
  struct LoadCounts {
    unsigned long long loads = 0;
    unsigned long long unloads = 0;
    bool operator==(const LoadCounts&) const = default;
  };
  static LoadCounts CountLoads();

  Dwfl_Callbacks callbacks_ = {};
  Dwfl* dwfl_ = nullptr;
  std::optional<LoadCounts> counts_;  // when the list was read
};

}  // namespace taskleak::internal

#endif  // TASKLEAK_SRC_STACK_PROCESS_MODULES_H_
