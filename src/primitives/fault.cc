#include "taskleak/fault.h"

#include "taskleak/error.h"
#include "taskleak/internal/runtime.h"

namespace taskleak {
namespace internal {
namespace {

class CancelFault final : public Fault {
 public:
  explicit CancelFault(Ref<ContextCore> core) : core_(std::move(core)) {}
  bool Possible() const override { return core_->error() == ContextCore::Error::kNone; }
  void Fire() override { core_->End(t_state.runtime, ContextCore::Error::kCanceled, nullptr); }
  void TouchAll(Runtime& runtime) const override { core_->TouchAll(runtime); }
  OpKind kind() const override { return OpKind::kCancel; }
  Object* object() const override { return core_.get(); }

 private:
  Ref<ContextCore> core_;
};

class CloseFault final : public Fault {
 public:
  explicit CloseFault(Ref<ChanCore> core) : core_(std::move(core)) {}
  bool Possible() const override { return !core_->closed(); }
  void Fire() override {
    TouchAll(*t_state.runtime);
    core_->CloseByFault(t_state.runtime);
  }
  void TouchAll(Runtime& runtime) const override { runtime.Touch(*core_); }
  OpKind kind() const override { return OpKind::kClose; }
  Object* object() const override { return core_.get(); }

 private:
  Ref<ChanCore> core_;
};

}  // namespace

void MayCloseCore(const Ref<ChanCore>& core, const Site& site) {
  if (!InRun() || !core) return;
  Enter(core.get(), OpKind::kClose, site)->ArmFault(new CloseFault(core), site);
}

namespace {

std::int64_t FuzzData(std::int64_t lo, std::int64_t hi, std::int64_t canonical, const Site& site) {
  if (!InRun()) return canonical;
  const Operation op{.kind = OpKind::kFuzzData, .preempts = false, .site = site};
  t_state.runtime->Before(op);
  const std::int64_t value = t_state.runtime->DecideData(op, lo, hi);
  t_state.runtime->After(op, static_cast<std::uint32_t>(value));
  return value;
}

}  // namespace
}  // namespace internal

bool EarlyReturn(std::string_view label, const Site& site) {
  if (internal::Unwinding() || !internal::InRun()) return false;
  internal::Runtime* runtime = internal::t_state.runtime;
  const internal::Operation op{
      .kind = internal::OpKind::kEarlyReturn, .preempts = false, .site = site, .label = label};
  runtime->Before(op);
  const bool returns = runtime->DecideFault(op);
  runtime->After(op, returns ? internal::outcome::kDone : internal::outcome::kNotReady);
  return returns;
}

void MayCancel(const CancelFunc& cancel, const Site& site) {
  if (internal::Unwinding() || !internal::InRun() || !cancel.core()) return;
  internal::Enter(cancel.core().get(), internal::OpKind::kCancel, site)
      ->ArmFault(new internal::CancelFault(cancel.core()), site);
}

std::int64_t FuzzInt(std::int64_t lo, std::int64_t hi, const Site& site) {
  if (internal::Unwinding()) return 0;
  if (lo > hi) internal::ThrowPanic("FuzzInt: lo is above hi", site);
  const std::int64_t canonical = lo > 0 ? lo : hi < 0 ? hi : 0;
  return internal::FuzzData(lo, hi, canonical, site);
}

bool FuzzBool(const Site& site) {
  return !internal::Unwinding() && internal::FuzzData(0, 1, 0, site) != 0;
}

}  // namespace taskleak
