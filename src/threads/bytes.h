// Copies that no sanitizer sees: memcpy and its kin are intercepted, and a compiler makes calls of
// them out of plain loops and assignments. What is copied here is written by other threads at the
// same time, and a version tells whether it came out whole, which a race detector cannot know.
#ifndef TASKLEAK_THREADS_BYTES_H_
#define TASKLEAK_THREADS_BYTES_H_

#include <stddef.h>

namespace taskleak::internal {

inline void CopyBytes(void* to, const void* from, size_t size) {
#if defined(__x86_64__)
  __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
#else
  for (size_t i = 0; i < size; ++i)
    static_cast<volatile char*>(to)[i] = static_cast<const volatile char*>(from)[i];
#endif
}

inline void ClearBytes(void* to, size_t size) {
#if defined(__x86_64__)
  __asm__ volatile("rep stosb" : "+D"(to), "+c"(size) : "a"(0) : "memory");
#else
  for (size_t i = 0; i < size; ++i) static_cast<volatile char*>(to)[i] = 0;
#endif
}

// As much of `from` as fits, NUL-terminated.
inline void CopyText(char* to, const char* from, size_t size) {
  size_t i = 0;
  for (; i + 1 < size && from[i] != '\0'; ++i) {
    to[i] = from[i];
    __asm__ volatile("" : : : "memory");  // Or it becomes strncpy.
  }
  to[i] = '\0';
}

}  // namespace taskleak::internal

#endif  // TASKLEAK_THREADS_BYTES_H_
