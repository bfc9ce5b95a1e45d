#include "src/runtime/sim/timer_queue.h"

#include <algorithm>

namespace taskleak::internal {

void TimerQueue::DueTogether(std::vector<TimerNode*>& out) const {
  out.clear();
  if (heap_.empty()) return;
  const std::int64_t when = heap_.front()->when;
  // In a heap the nodes equal to the least form a subtree at its top; `out` doubles as the list of those still to visit.
  out.push_back(heap_.front());
  for (std::size_t visited = 0; visited < out.size(); ++visited) {
    const std::size_t i = out[visited]->position - 1;
    for (std::size_t child = 2 * i + 1; child <= 2 * i + 2 && child < heap_.size(); ++child)
      if (heap_[child]->when == when) out.push_back(heap_[child]);
  }
  std::sort(out.begin(), out.end(), Before);
}

}  // namespace taskleak::internal
