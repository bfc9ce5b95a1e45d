// Select: waits on several channel operations, runs exactly one.
#ifndef TASKLEAK_SELECT_H_
#define TASKLEAK_SELECT_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "taskleak/chan.h"
#include "taskleak/clock.h"
#include "taskleak/internal/select_core.h"
#include "taskleak/site.h"
#include "taskleak/time.h"

namespace taskleak {
namespace internal {

struct NoHandler {};

// Hands what was received to a handler: it takes the value, or nothing, or is a place to put it, or
// is absent.
template <class T, class F>
void Deliver(std::optional<T> value, F& handler) {
  if constexpr (std::is_same_v<F, NoHandler>) {
  } else if constexpr (std::is_invocable_v<F&, std::optional<T>>) {
    static_cast<void>(handler(std::move(value)));
  } else {
    static_assert(std::is_invocable_v<F&>,
                  "a receive's handler takes std::optional<T>, or nothing");
    static_cast<void>(handler());
  }
}

// The cases. Arguments of Select only: each lives until the full expression ends, and does not
// move.
class CaseBase {
 public:
  explicit CaseBase(const Site& site) : site(site) {}
  void GiveBack() {}  // Before any handler runs: what was not sent returns to its owner.
  CaseBase(const CaseBase&) = delete;
  CaseBase& operator=(const CaseBase&) = delete;
  const Site& site;  // The default argument of OnRecv and the like lives as long as the case.
};

template <class T, class F>
class [[nodiscard]] RecvCase : public CaseBase {
 public:
  RecvCase(Ref<ChanCore> core, F handler, const Site& site)
      : CaseBase(site), core_(std::move(core)), handler_(std::forward<F>(handler)) {}
  void Prepare(SelectCase& slot) {
    slot.view = {core_.get(), false};
    slot.element = &parcel_;
  }
  void Finish() { Deliver<T>(Unpack<T>(std::move(parcel_)), handler_); }

 private:
  Ref<ChanCore> core_;
  F handler_;
  std::optional<Parcel<T>> parcel_;
};

// Receives into a std::optional of the caller's.
template <class T>
class [[nodiscard]] RecvIntoCase : public CaseBase {
 public:
  RecvIntoCase(Ref<ChanCore> core, std::optional<T>& out, const Site& site)
      : CaseBase(site), core_(std::move(core)), out_(out) {}
  void Prepare(SelectCase& slot) {
    slot.view = {core_.get(), false};
    slot.element = &parcel_;
  }
  void Finish() {
    out_.reset();
    std::optional<T> value = Unpack<T>(std::move(parcel_));
    if (value.has_value()) out_.emplace(std::move(*value));
  }

 private:
  Ref<ChanCore> core_;
  std::optional<T>& out_;
  std::optional<Parcel<T>> parcel_;
};

template <class T, class F>
class [[nodiscard]] AfterCase : public CaseBase {
 public:
  AfterCase(Duration duration, F handler, const Site& site)
      : CaseBase(site), duration_(duration), handler_(std::forward<F>(handler)) {}
  void Prepare(SelectCase& slot) {
    channel_ = After(duration_, site);
    slot.view = {channel_.core().get(), false};
    slot.element = &parcel_;
  }
  void Finish() { Deliver<T>(std::move(parcel_), handler_); }

 private:
  Duration duration_;
  F handler_;
  RecvChan<TimePoint> channel_;
  std::optional<TimePoint> parcel_;
};

// A send refers to an rvalue, which its owner keeps when another case is chosen; of an lvalue it
// sends a copy, made here, in the sender's own context.
template <class T, class F>
class [[nodiscard]] SendCase : public CaseBase {
 public:
  SendCase(Ref<ChanCore> core, T&& value, F handler, const Site& site)
      : CaseBase(site), core_(std::move(core)), handler_(std::forward<F>(handler)), owner_(&value) {
    if constexpr (!std::is_same_v<Parcel<T>, T>) parcel_.emplace(Pack<T>(std::move(value)));
  }
  SendCase(Ref<ChanCore> core, const T& value, F handler, const Site& site)
      : CaseBase(site),
        core_(std::move(core)),
        handler_(std::forward<F>(handler)),
        parcel_(Pack<T>(T(value))) {}
  ~SendCase() { GiveBack(); }
  // A boxed value that was not sent returns to its owner.
  void GiveBack() {
    if constexpr (!std::is_same_v<Parcel<T>, T>) {
      if (owner_ == nullptr || !parcel_.has_value() || *parcel_ == nullptr) return;
      *owner_ = std::move(**parcel_);
      parcel_.reset();
    }
  }
  void Prepare(SelectCase& slot) {
    slot.view = {core_.get(), true};
    if constexpr (std::is_same_v<Parcel<T>, T>) {
      slot.element = owner_ != nullptr ? static_cast<void*>(owner_) : static_cast<void*>(&*parcel_);
    } else {
      slot.element = &*parcel_;
    }
  }
  void Finish() {
    if constexpr (!std::is_same_v<F, NoHandler>) static_cast<void>(handler_());
  }

 private:
  Ref<ChanCore> core_;
  F handler_;
  T* owner_ = nullptr;
  std::optional<Parcel<T>> parcel_;
};

template <class F>
class [[nodiscard]] DefaultCase : public CaseBase {
 public:
  DefaultCase(F handler, const Site& site) : CaseBase(site), handler_(std::forward<F>(handler)) {}
  static void Prepare(SelectCase& slot) { slot.is_default = true; }
  void Finish() {
    if constexpr (!std::is_same_v<F, NoHandler>) static_cast<void>(handler_());
  }

 private:
  F handler_;
};

template <class C>
using ElementOf = typename std::remove_cvref_t<C>::value_type;
template <class C>
concept Receivable = requires(const C& c) {
  c.Recv();
  typename C::value_type;
};
template <class C>
concept Sendable = requires(const C& c) {
  c.Close();
  c.AsSend();
  typename C::value_type;
};

}  // namespace internal

// A receive. The handler takes a std::optional<T> (nullopt: closed and drained), or nothing, or is
// absent, or is a std::optional<T> of the caller's to receive into.
template <internal::Receivable C>
auto OnRecv(const C& channel, const Site& site = Site::Here()) {
  return internal::RecvCase<internal::ElementOf<C>, internal::NoHandler>(channel.core(), {}, site);
}
template <internal::Receivable C>
auto OnRecv(const C& channel, std::optional<typename C::value_type>& out,
            const Site& site = Site::Here()) {
  return internal::RecvIntoCase<internal::ElementOf<C>>(channel.core(), out, site);
}
template <internal::Receivable C, class F>
  requires(!std::is_same_v<std::remove_cvref_t<F>, Site> &&
           !std::is_same_v<F, std::optional<typename C::value_type>&>)
auto OnRecv(const C& channel, F&& handler, const Site& site = Site::Here()) {
  return internal::RecvCase<internal::ElementOf<C>, std::decay_t<F>>(
      channel.core(), std::forward<F>(handler), site);
}

// A send of `value`. An rvalue stays with its owner when another case is chosen; an lvalue is
// copied.
template <internal::Sendable C>
auto OnSend(const C& channel, std::type_identity_t<typename C::value_type>&& value,
            const Site& site = Site::Here()) {
  return internal::SendCase<internal::ElementOf<C>, internal::NoHandler>(
      channel.core(), std::move(value), {}, site);
}
template <internal::Sendable C, class F>
  requires std::is_invocable_v<std::decay_t<F>&>
auto OnSend(const C& channel, std::type_identity_t<typename C::value_type>&& value, F&& handler,
            const Site& site = Site::Here()) {
  return internal::SendCase<internal::ElementOf<C>, std::decay_t<F>>(
      channel.core(), std::move(value), std::forward<F>(handler), site);
}
template <internal::Sendable C>
  requires std::is_copy_constructible_v<typename C::value_type>
auto OnSend(const C& channel, const std::type_identity_t<typename C::value_type>& value,
            const Site& site = Site::Here()) {
  return internal::SendCase<internal::ElementOf<C>, internal::NoHandler>(channel.core(), value, {},
                                                                         site);
}
template <internal::Sendable C, class F>
  requires(std::is_copy_constructible_v<typename C::value_type> &&
           std::is_invocable_v<std::decay_t<F>&>)
auto OnSend(const C& channel, const std::type_identity_t<typename C::value_type>& value,
            F&& handler, const Site& site = Site::Here()) {
  return internal::SendCase<internal::ElementOf<C>, std::decay_t<F>>(
      channel.core(), value, std::forward<F>(handler), site);
}

// A receive from a timer that is made when Select runs.
inline auto OnAfter(Duration duration, const Site& site = Site::Here()) {
  return internal::AfterCase<TimePoint, internal::NoHandler>(duration, {}, site);
}
template <class F>
  requires(!std::is_same_v<std::remove_cvref_t<F>, Site>)
auto OnAfter(Duration duration, F&& handler, const Site& site = Site::Here()) {
  return internal::AfterCase<TimePoint, std::decay_t<F>>(duration, std::forward<F>(handler), site);
}

// What happens when nothing is ready.
inline auto OnDefault(const Site& site = Site::Here()) {
  return internal::DefaultCase<internal::NoHandler>({}, site);
}
template <class F>
  requires(!std::is_same_v<std::remove_cvref_t<F>, Site>)
auto OnDefault(F&& handler, const Site& site = Site::Here()) {
  return internal::DefaultCase<std::decay_t<F>>(std::forward<F>(handler), site);
}

// Blocks until one of the cases can proceed, does that one and runs its handler; the schedule picks
// among the ready ones. Returns the index of the case among the arguments. Nil channels are never
// ready; without any case it blocks for ever. Handlers run after the commit and hold nothing of
// ours: they may block, throw, be move-only.
template <class... Cases>
std::size_t Select(Cases&&... cases) {
  static_assert((std::is_base_of_v<internal::CaseBase, std::remove_reference_t<Cases>> && ...),
                "Select takes OnRecv(...), OnSend(...), OnAfter(...) and OnDefault(...)");
  if (internal::Unwinding()) return 0;
  constexpr std::size_t kCount = sizeof...(Cases);
  if constexpr (kCount == 0) {
    internal::BlockForEver(internal::OpKind::kSelect, Site());
  } else {
    internal::SelectCase table[kCount];
    std::size_t i = 0;
    const Site* site = nullptr;
    ((site = site != nullptr ? site : &cases.site, cases.Prepare(table[i++])), ...);
    const std::size_t chosen = internal::RunSelect(table, kCount, *site);
    (cases.GiveBack(), ...);
    i = 0;
    ((i++ == chosen ? cases.Finish() : void()), ...);
    return chosen;
  }
}

// The same, built at run time. Cases keep their channels and values; a Selector may wait once.
class Selector {
 public:
  Selector() = default;
  Selector(const Selector&) = delete;
  Selector& operator=(const Selector&) = delete;

  template <internal::Receivable C>
  Selector& Recv(const C& channel, const Site& site = Site::Here()) {
    return Add<internal::RecvCase<typename C::value_type, internal::NoHandler>>(
        site, channel.core(), internal::NoHandler{});
  }
  template <internal::Receivable C>
  Selector& Recv(const C& channel, std::optional<typename C::value_type>& out,
                 const Site& site = Site::Here()) {
    return Add<internal::RecvIntoCase<typename C::value_type>>(site, channel.core(), out);
  }
  template <internal::Receivable C, class F>
    requires(!std::is_same_v<std::remove_cvref_t<F>, Site> &&
             !std::is_same_v<F, std::optional<typename C::value_type>&>)
  Selector& Recv(const C& channel, F&& handler, const Site& site = Site::Here()) {
    return Add<internal::RecvCase<typename C::value_type, std::decay_t<F>>>(
        site, channel.core(), std::forward<F>(handler));
  }
  // Owns the value until it is chosen; Take gives it back.
  template <internal::Sendable C>
  Selector& Send(const C& channel, std::type_identity_t<typename C::value_type> value,
                 const Site& site = Site::Here()) {
    return Send(channel, std::move(value), internal::NoHandler{}, site);
  }
  template <internal::Sendable C, class F>
    requires(!std::is_same_v<std::remove_cvref_t<F>, Site>)
  Selector& Send(const C& channel, std::type_identity_t<typename C::value_type> value, F&& handler,
                 const Site& site = Site::Here()) {
    return Add<OwnedSend<typename C::value_type, std::decay_t<F>>>(
        site, channel.core(), std::move(value), std::forward<F>(handler));
  }
  Selector& Default(const Site& site = Site::Here()) {
    return Add<internal::DefaultCase<internal::NoHandler>>(site, internal::NoHandler{});
  }
  template <class F>
    requires(!std::is_same_v<std::remove_cvref_t<F>, Site>)
  Selector& Default(F&& handler, const Site& site = Site::Here()) {
    return Add<internal::DefaultCase<std::decay_t<F>>>(site, std::forward<F>(handler));
  }

  // As Select; the index counts the cases in the order they were added.
  std::size_t Wait(const Site& site = Site::Here());

  // The value of the unchosen send at index i; empty if it was sent. T is the channel's element
  // type.
  template <class T>
  std::optional<T> Take(std::size_t i) {
    return cases_.at(i)->template TakeAs<T>();
  }

  std::size_t size() const { return cases_.size(); }

 private:
  struct Holder {
    virtual ~Holder() = default;
    virtual void Prepare(internal::SelectCase& slot) = 0;
    virtual void Finish() = 0;
    virtual void* Value(const void* type) = 0;  // A std::optional<T>*, if the type is the same.
    template <class T>
    std::optional<T> TakeAs() {
      auto* value = static_cast<std::optional<T>*>(Value(internal::TypeKey<T>()));
      if (value == nullptr)
        internal::ThrowPanic("Selector::Take: no send of this type at this index", Site());
      return std::exchange(*value, std::nullopt);
    }
  };
  template <class T, class F>
  struct OwnedSend;  // Names the holder below.
  // Keeps a site of its own, which its case refers to.
  template <class Case>
  struct HolderOf final : Holder {
    template <class... Args>
    explicit HolderOf(const Site& at, Args&&... args)
        : site(at), c(std::forward<Args>(args)..., site) {}
    void Prepare(internal::SelectCase& slot) override { c.Prepare(slot); }
    void Finish() override { c.Finish(); }
    void* Value(const void*) override { return nullptr; }
    const Site site;
    Case c;
  };
  template <class T, class F>
  struct HolderOf<OwnedSend<T, F>> final : Holder {
    HolderOf(const Site& site, internal::Ref<internal::ChanCore> core, T v, F f)
        : value(std::move(v)), core(std::move(core)), handler(std::move(f)), site(site) {}
    void Prepare(internal::SelectCase& slot) override {
      send.emplace(core, std::move(*value), std::move(handler), site);
      send->Prepare(slot);
    }
    void Finish() override {
      value.reset();  // Sent.
      send->Finish();
    }
    void* Value(const void* type) override {
      send.reset();  // A boxed value returns to its owner.
      return type == internal::TypeKey<T>() ? &value : nullptr;
    }
    std::optional<T> value;
    internal::Ref<internal::ChanCore> core;
    F handler;
    Site site;
    std::optional<internal::SendCase<T, F>> send;
  };

  template <class Case, class... Args>
  Selector& Add(const Site& site, Args&&... args) {
    cases_.push_back(std::make_unique<HolderOf<Case>>(site, std::forward<Args>(args)...));
    return *this;
  }

  std::vector<std::unique_ptr<Holder>> cases_;
};

}  // namespace taskleak

#endif  // TASKLEAK_SELECT_H_
