// Two who watch one run.
#ifndef TASKLEAK_RUNTIME_SIM_OBSERVER_PAIR_H_
#define TASKLEAK_RUNTIME_SIM_OBSERVER_PAIR_H_

#include "src/runtime/sim/observer.h"

namespace taskleak::internal {

// Tells both, the first one first. Either may be null.
class ObserverPair final : public Observer {
 public:
  ObserverPair(Observer* first, Observer* second) : first_(first), second_(second) {}

  Observer* first() const { return first_; }

  void OnTask(const SimTask& task, std::uint32_t parent, const Site& site) override {
    Both([&](Observer& o) { o.OnTask(task, parent, site); });
  }
  void OnBefore(const SimTask& task, const Operation& op) override {
    Both([&](Observer& o) { o.OnBefore(task, op); });
  }
  void OnAfter(const SimTask& task, const Operation& op, std::uint32_t outcome) override {
    Both([&](Observer& o) { o.OnAfter(task, op, outcome); });
  }
  void OnPark(const SimTask& task, const Operation& op) override {
    Both([&](Observer& o) { o.OnPark(task, op); });
  }
  void OnUnpark(const SimTask& task) override {
    Both([&](Observer& o) { o.OnUnpark(task); });
  }
  void OnEnd(const SimTask& task) override {
    Both([&](Observer& o) { o.OnEnd(task); });
  }
  void OnTimer(const TimerNode& timer) override {
    Both([&](Observer& o) { o.OnTimer(timer); });
  }
  void OnFired() override {
    Both([](Observer& o) { o.OnFired(); });
  }
  void OnTouch(const Object& object) override {
    Both([&](Observer& o) { o.OnTouch(object); });
  }
  void OnArm(TimerNode& timer) override {
    Both([&](Observer& o) { o.OnArm(timer); });
  }
  void OnDisarm(TimerNode& timer) override {
    Both([&](Observer& o) { o.OnDisarm(timer); });
  }
  void OnClock() override {
    Both([](Observer& o) { o.OnClock(); });
  }
  void OnRunEnd(const RunResult& result) override {
    Both([&](Observer& o) { o.OnRunEnd(result); });
  }
  void OnException(const LoggedException& exception, const SimTask& anchor) override {
    Both([&](Observer& o) { o.OnException(exception, anchor); });
  }

 private:
  template <class Call>
  void Both(Call call) {
    if (first_ != nullptr) call(*first_);
    if (second_ != nullptr) call(*second_);
  }

  Observer* const first_;
  Observer* const second_;
};

}  // namespace taskleak::internal

#endif  // TASKLEAK_RUNTIME_SIM_OBSERVER_PAIR_H_
