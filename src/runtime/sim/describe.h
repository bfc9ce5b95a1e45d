// A task in one line, for places that may not allocate: signal handlers, the watchdog.
#ifndef TASKLEAK_RUNTIME_SIM_DESCRIBE_H_
#define TASKLEAK_RUNTIME_SIM_DESCRIBE_H_

#include <cstddef>
#include <cstdio>
#include <cstring>

#include "src/runtime/sim/sim_task.h"

namespace taskleak::internal {

// task 4 "worker-2" (started at worker_pool.cc:33)
inline void DescribeTask(const SimTask& task, char* out, std::size_t size) {
  const taskleak_v1_task& record = *task.record;
  const char* file = record.created_file;
  if (file == nullptr) {
    std::snprintf(out, size, "task %u \"%s\"", task.id, record.name);
    return;
  }
  const char* slash = std::strrchr(file, '/');
  std::snprintf(out, size, "task %u \"%s\" (started at %s:%u)", task.id, record.name,
                slash == nullptr ? file : slash + 1, record.created_line);
}

}  // namespace taskleak::internal

#endif  // TASKLEAK_RUNTIME_SIM_DESCRIBE_H_
