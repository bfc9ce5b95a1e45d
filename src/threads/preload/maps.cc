#include "src/threads/preload/maps.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>

#include "src/threads/walk.h"

namespace taskleak::internal {
namespace {

constexpr size_t kText = size_t{8} << 20;
constexpr size_t kMappings = 1 << 17;

void* Reserve(size_t size) {
  void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return memory == MAP_FAILED ? nullptr : memory;
}

uintptr_t Hexadecimal(char*& at) {
  uintptr_t value = 0;
  for (;; ++at) {
    if (*at >= '0' && *at <= '9') {
      value = value * 16 + static_cast<uintptr_t>(*at - '0');
    } else if (*at >= 'a' && *at <= 'f') {
      value = value * 16 + static_cast<uintptr_t>(*at - 'a' + 10);
    } else {
      return value;
    }
  }
}

char* Skip(char* at, char what) {
  while (*at != '\0' && *at != what) ++at;
  while (*at == what) ++at;
  return at;
}

// What a module's own header, which is mapped at its lowest address, says of it.
struct Header {
  bool fixed = false;  // Its addresses in the file are those in memory.
  uintptr_t end = 0;   // Of its zeroed data, from its base; 0: not known.
};

Header ReadHeader(uintptr_t first) {
  Header out;
  ElfW(Ehdr) header;
  if (taskleak_v1_read_memory(first, &header, sizeof(header)) != sizeof(header) ||
      memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
    return out;
  out.fixed = header.e_type == ET_EXEC;
  for (int i = 0; i < header.e_phnum; ++i) {
    ElfW(Phdr) segment;
    const uintptr_t at = first + header.e_phoff + static_cast<size_t>(i) * sizeof(segment);
    if (taskleak_v1_read_memory(at, &segment, sizeof(segment)) != sizeof(segment)) break;
    const uintptr_t end = (segment.p_vaddr + segment.p_memsz + 4095) & ~uintptr_t{4095};
    if (segment.p_type == PT_LOAD && end > out.end) out.end = end;
  }
  return out;
}

}  // namespace

Maps::Maps() {
  text_ = static_cast<char*>(Reserve(kText));
  mappings_ = static_cast<Mapping*>(Reserve(kMappings * sizeof(Mapping)));
  if (text_ == nullptr || mappings_ == nullptr) return;
  const long file = syscall(SYS_openat, AT_FDCWD, "/proc/self/maps", O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  size_t size = 0;
  while (size + 1 < kText) {
    const long got = syscall(SYS_read, file, text_ + size, kText - 1 - size);
    if (got <= 0) break;
    size += static_cast<size_t>(got);
  }
  syscall(SYS_close, file);
  for (char* line = text_; *line != '\0' && count_ < kMappings;) {
    char* end = line;
    while (*end != '\0' && *end != '\n') ++end;
    const bool last = *end == '\0';
    *end = '\0';
    Parse(line);
    if (last) break;
    line = end + 1;
  }
}

Maps::~Maps() {
  if (text_ != nullptr) munmap(text_, kText);
  if (mappings_ != nullptr) munmap(mappings_, kMappings * sizeof(Mapping));
}

// 55d0-55e0 rw-p 00001000 fe:01 1234   /usr/bin/x
void Maps::Parse(char* line) {
  Mapping& mapping = mappings_[count_];
  char* at = line;
  mapping.low = Hexadecimal(at);
  mapping.high = Hexadecimal(++at);
  ++at;
  mapping.readable = at[0] == 'r';
  mapping.writable = at[1] == 'w';
  mapping.shared = at[3] == 's';
  at = Skip(at, ' ');
  const uintptr_t offset = Hexadecimal(at);
  at = Skip(Skip(Skip(at, ' '), ' '), ' ');
  mapping.path = at;
  mapping.module = at[0] == '/' && !mapping.shared;
  const Mapping* before = count_ != 0 ? &mappings_[count_ - 1] : nullptr;
  if (before != nullptr && !before->module) before = nullptr;
  ++count_;
  if (mapping.module) {
    if (before != nullptr && strcmp(before->path, mapping.path) == 0) {
      mapping.base = before->base;
      mapping.end = before->end;
      return;
    }
    const Header header = ReadHeader(mapping.low);
    mapping.base = header.fixed ? 0 : mapping.low - offset;
    mapping.end = mapping.base + header.end;
    return;
  }
  // The module's zeroed data; the kernel may show it as one with what happens to lie behind.
  if (at[0] != '\0' || before == nullptr || before->high != mapping.low ||
      before->end <= mapping.low)
    return;
  mapping.path = before->path;
  mapping.base = before->base;
  mapping.module = true;
  mapping.end = before->end;
  if (mapping.high <= mapping.end || count_ == kMappings) return;
  Mapping& rest = mappings_[count_++];
  rest = mapping;
  rest.low = mapping.high = mapping.end;
  rest.path = "";
  rest.module = false;
}

const Mapping* Maps::At(uintptr_t address) const {
  size_t low = 0;
  size_t high = count_;
  while (low < high) {  // The kernel lists them in order.
    const size_t middle = (low + high) / 2;
    if (address >= mappings_[middle].high) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low < count_ && address >= mappings_[low].low ? &mappings_[low] : nullptr;
}

void BuildIdOf(const Maps& maps, const Mapping& module, char* out, size_t size) {
  out[0] = '\0';
  uintptr_t first = 0;
  for (const Mapping& mapping : maps) {
    if (mapping.module && mapping.base == module.base && strcmp(mapping.path, module.path) == 0) {
      first = mapping.low;
      break;
    }
  }
  ElfW(Ehdr) header;
  if (first == 0 || taskleak_v1_read_memory(first, &header, sizeof(header)) != sizeof(header) ||
      memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
    return;
  for (int i = 0; i < header.e_phnum; ++i) {
    ElfW(Phdr) segment;
    const uintptr_t at = first + header.e_phoff + static_cast<size_t>(i) * sizeof(segment);
    if (taskleak_v1_read_memory(at, &segment, sizeof(segment)) != sizeof(segment)) return;
    if (segment.p_type != PT_NOTE) continue;
    alignas(8) char notes[1024];
    const size_t wanted = segment.p_memsz < sizeof(notes) ? segment.p_memsz : sizeof(notes);
    const size_t got = taskleak_v1_read_memory(module.base + segment.p_vaddr, notes, wanted);
    for (size_t note = 0; note + sizeof(ElfW(Nhdr)) <= got;) {
      ElfW(Nhdr) head;
      memcpy(&head, notes + note, sizeof(head));
      const size_t name = note + sizeof(head);
      const size_t content = name + ((head.n_namesz + 3) & ~size_t{3});
      if (content + head.n_descsz > got) break;
      if (head.n_type == NT_GNU_BUILD_ID && head.n_namesz == 4 &&
          memcmp(notes + name, "GNU", 4) == 0) {
        size_t written = 0;
        for (size_t byte = 0; byte < head.n_descsz && written + 2 < size; ++byte) {
          const auto value = static_cast<unsigned char>(notes[content + byte]);
          out[written++] = "0123456789abcdef"[value >> 4];
          out[written++] = "0123456789abcdef"[value & 15];
        }
        out[written] = '\0';
        return;
      }
      note = content + ((head.n_descsz + 3) & ~size_t{3});
    }
  }
}

}  // namespace taskleak::internal
