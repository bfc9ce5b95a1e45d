// What is mapped where, from /proc/self/maps: the modules of a stack's addresses, and the memory in
// which a wait object may lie. Read once, for one report; takes no lock of the loader's, which a
// stuck thread may hold.
#ifndef TASKLEAK_THREADS_PRELOAD_MAPS_H_
#define TASKLEAK_THREADS_PRELOAD_MAPS_H_

#include <stddef.h>
#include <stdint.h>

namespace taskleak::internal {

struct Mapping {
  uintptr_t low;
  uintptr_t high;
  const char* path;  // "" for none; "[heap]", "[stack]" …
  bool readable;
  bool writable;
  bool shared;
  bool module;     // Of an executable or library, or the zeroed memory behind its data.
  uintptr_t base;  // Of a module: what an address less this is in its file.
  uintptr_t end;   // Of the module.
};

class Maps {
 public:
  Maps();
  ~Maps();
  Maps(const Maps&) = delete;
  Maps& operator=(const Maps&) = delete;

  const Mapping* begin() const { return mappings_; }
  const Mapping* end() const { return mappings_ + count_; }
  const Mapping* At(uintptr_t address) const;  // Null: nothing is there.

 private:
  void Parse(char* line);

  char* text_ = nullptr;
  Mapping* mappings_ = nullptr;
  size_t count_ = 0;
};

// A module's build id in hexadecimal, into `out`; "" when it has none.
void BuildIdOf(const Maps& maps, const Mapping& module, char* out, size_t size);

}  // namespace taskleak::internal

#endif  // TASKLEAK_THREADS_PRELOAD_MAPS_H_
