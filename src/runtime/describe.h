// A task in one line, for places that may not allocate: signal handlers, the watchdog.
#ifndef TASKLEAK_RUNTIME_DESCRIBE_H_
#define TASKLEAK_RUNTIME_DESCRIBE_H_

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>

#include "src/registry/task_table.h"

namespace taskleak::internal {

// task 4 "worker-2" (started at worker_pool.cc:33)
inline void DescribeTask(std::uint32_t id, const taskleak_v1_task& record, char* out,
                         std::size_t size) {
  const char* file = record.created_file;
  if (file == nullptr) {
    std::snprintf(out, size, "task %u \"%s\"", id, record.name);
    return;
  }
  const char* slash = std::strrchr(file, '/');
  std::snprintf(out, size, "task %u \"%s\" (started at %s:%u)", id, record.name,
                slash == nullptr ? file : slash + 1, record.created_line);
}

}  // namespace taskleak::internal

#endif  // TASKLEAK_RUNTIME_DESCRIBE_H_
