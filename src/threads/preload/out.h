// Text into memory of its own, then to a descriptor at once. Allocates by mapping alone.
#ifndef TASKLEAK_THREADS_PRELOAD_OUT_H_
#define TASKLEAK_THREADS_PRELOAD_OUT_H_

#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace taskleak::internal {

class Out {
 public:
  Out() {
    void* memory = mmap(nullptr, kCapacity, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    data_ = memory == MAP_FAILED ? nullptr : static_cast<char*>(memory);
  }
  ~Out() {
    if (data_ != nullptr) munmap(data_, kCapacity);
  }
  Out(const Out&) = delete;
  Out& operator=(const Out&) = delete;

  Out& Byte(char c) {
    if (data_ != nullptr && size_ < kCapacity) data_[size_++] = c;
    return *this;
  }
  Out& Text(const char* text) {
    for (; *text != '\0'; ++text) Byte(*text);
    return *this;
  }
  Out& Number(uint64_t value) { return Digits(value, 10); }
  Out& Hexadecimal(uint64_t value) { return Text("0x").Digits(value, 16); }
  // Nanoseconds as seconds, to a tenth.
  Out& Seconds(int64_t nanoseconds) {
    const uint64_t tenths = nanoseconds > 0 ? static_cast<uint64_t>(nanoseconds) / 100'000'000 : 0;
    return Number(tenths / 10).Byte('.').Number(tenths % 10);
  }
  // Quoted, as JSON wants it; what is no ASCII becomes a question mark.
  Out& Quoted(const char* text) {
    Byte('"');
    for (; *text != '\0'; ++text) {
      if (*text == '"' || *text == '\\') {
        Byte('\\').Byte(*text);
      } else {
        Byte(*text >= ' ' && *text < 127 ? *text : '?');
      }
    }
    return Byte('"');
  }

  // Writes all of it; false when that fails.
  bool WriteTo(int file) const {
    for (size_t written = 0; written < size_;) {
      const long got = syscall(SYS_write, file, data_ + written, size_ - written);
      if (got <= 0) return false;
      written += static_cast<size_t>(got);
    }
    return true;
  }

 private:
  static constexpr size_t kCapacity = size_t{256} << 20;

  Out& Digits(uint64_t value, uint64_t base) {
    char digits[24];
    int count = 0;
    do {
      digits[count++] = "0123456789abcdef"[value % base];
      value /= base;
    } while (value != 0);
    while (count > 0) Byte(digits[--count]);
    return *this;
  }

  char* data_;
  size_t size_ = 0;
};

}  // namespace taskleak::internal

#endif  // TASKLEAK_THREADS_PRELOAD_OUT_H_
