// The symbols that stand in the program's own file, and not only those that it exports.
#ifndef TASKLEAK_THREADS_PRELOAD_SYMBOLS_H_
#define TASKLEAK_THREADS_PRELOAD_SYMBOLS_H_

#include <elf.h>
#include <link.h>
#include <stddef.h>
#include <stdint.h>

namespace taskleak::internal {

// Maps the file for as long as it lives. A file that is none, is cut short, or has no symbols has
// none to find. For one thread.
class ProgramSymbols {
 public:
  ProgramSymbols();
  ~ProgramSymbols();
  ProgramSymbols(const ProgramSymbols&) = delete;
  ProgramSymbols& operator=(const ProgramSymbols&) = delete;

  // The function of that (mangled) name, where it is in this process; null: there is none.
  void* Find(const char* name) const;

 private:
  const char* data_ = nullptr;
  size_t size_ = 0;
  uintptr_t base_ = 0;  // What is added to an address in the file.
  const ElfW(Sym) * symbols_ = nullptr;
  size_t count_ = 0;
  const char* names_ = nullptr;
  size_t names_size_ = 0;
};

}  // namespace taskleak::internal

#endif  // TASKLEAK_THREADS_PRELOAD_SYMBOLS_H_
