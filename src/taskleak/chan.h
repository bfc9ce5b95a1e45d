// Channels with Go's semantics, and their directional views.
#ifndef TASKLEAK_CHAN_H_
#define TASKLEAK_CHAN_H_

#include <cstddef>
#include <iterator>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "taskleak/error.h"
#include "taskleak/internal/chan_core.h"
#include "taskleak/site.h"

namespace taskleak {

// For channels that carry only the event.
struct Unit {
  friend constexpr bool operator==(Unit, Unit) { return true; }
};

// What TryRecv found: not ready; or ready with a value, which is nullopt when closed and drained.
template <class T>
struct TryResult {
  bool ready = false;
  std::optional<T> value;
};

template <class T>
class Chan;
template <class T>
class SendChan;
template <class T>
class RecvChan;

namespace internal {

[[noreturn]] void BlockForEver(OpKind kind, const Site& site);  // On a nil channel.
[[noreturn]] void PanicOnNilClose(const Site& site);

// Between an element and what travels for it.
template <class T>
Parcel<T> Pack(std::type_identity_t<T>&& value) {
  if constexpr (std::is_same_v<Parcel<T>, T>) {
    return std::move(value);
  } else {
    return std::make_unique<T>(std::move(value));
  }
}
template <class T>
std::optional<T> Unpack(std::optional<Parcel<T>> parcel) {
  if constexpr (std::is_same_v<Parcel<T>, T>) {
    return parcel;
  } else {
    if (!parcel.has_value()) return std::nullopt;
    return std::optional<T>(std::move(**parcel));
  }
}

template <class T>
bool TrySendMoved(ChanCore& core, T& value, const Site& site) {
  if constexpr (std::is_same_v<Parcel<T>, T>) {
    return core.TrySend(&value, nullptr, site);
  } else {
    struct Box {  // Packed only when it is known that it can be sent, so that the value is
                  // untouched when not.
      T& value;
      Parcel<T> parcel;
    } box{value, nullptr};
    return core.TrySend(
        &box,
        [](void* packed) -> void* {
          Box& b = *static_cast<Box*>(packed);
          b.parcel = std::make_unique<T>(std::move(b.value));
          return &b.parcel;
        },
        site);
  }
}

// The handle's common part. A default-constructed one is nil, as in Go.
template <class T>
class ChanHandle {
 public:
  ChanHandle() = default;
  explicit ChanHandle(Ref<ChanCore> core) : core_(std::move(core)) {}

  // How many elements are buffered, and how many can be. 0 for nil.
  std::size_t Len(const Site& site = Site::Here()) const {
    return Unwinding() || !core_ ? 0 : core_->Len(site);
  }
  std::size_t Cap() const { return Unwinding() || !core_ ? 0 : core_->capacity(); }
  explicit operator bool() const { return static_cast<bool>(core_); }

  const Ref<ChanCore>& core() const { return core_; }

 private:
  Ref<ChanCore> core_;
};

// What sends. (Mixed into Chan and SendChan.)
template <class T, class Self>
class Sends {
 public:
  // Blocks until the value is received or buffered. Throws ClosedChannelError if the channel is
  // closed, before or while it waits. On a nil channel it blocks for ever.
  void Send(T value, const Site& site = Site::Here()) const {
    if (Unwinding()) return;
    const Ref<ChanCore> core = static_cast<const Self*>(this)->core();
    if (!core) BlockForEver(OpKind::kSend, site);
    if constexpr (std::is_same_v<Parcel<T>, T>) {
      core->Send(&value, site);
    } else {
      Parcel<T> parcel = Pack<T>(std::move(value));
      core->Send(&parcel, site);
    }
  }

  // Sends if that needs no waiting; the value is untouched when false. Throws as Send does.
  bool TrySend(const T& value, const Site& site = Site::Here()) const
    requires std::is_copy_constructible_v<T>
  {
    if (Unwinding()) return false;
    const Ref<ChanCore> core = static_cast<const Self*>(this)->core();
    if (!core) return false;
    T copy(value);
    return TrySendMoved<T>(*core, copy, site);
  }
  bool TrySend(T&& value, const Site& site = Site::Here()) const {
    if (Unwinding()) return false;
    const Ref<ChanCore> core = static_cast<const Self*>(this)->core();
    return core && TrySendMoved<T>(*core, value, site);
  }

  // No more sends: what is buffered is still received, then receivers get nullopt. Throws
  // ClosedChannelError when closed already, Panic on a nil channel.
  void Close(const Site& site = Site::Here()) const {
    if (Unwinding()) return;
    const Ref<ChanCore> core = static_cast<const Self*>(this)->core();
    if (!core) PanicOnNilClose(site);
    core->Close(site);
  }

 private:
  friend Self;
  Sends() = default;
};

// What receives. (Mixed into Chan and RecvChan.)
template <class T, class Self>
class Receives {
 public:
  // Blocks until there is a value; nullopt: closed and drained. On a nil channel it blocks for
  // ever.
  std::optional<T> Recv(const Site& site = Site::Here()) const {
    if (Unwinding()) return std::nullopt;
    const Ref<ChanCore> core = static_cast<const Self*>(this)->core();
    if (!core) BlockForEver(OpKind::kRecv, site);
    std::optional<Parcel<T>> parcel;
    core->Recv(&parcel, site);
    return Unpack<T>(std::move(parcel));
  }

  TryResult<T> TryRecv(const Site& site = Site::Here()) const {
    if (Unwinding()) return {};
    const Ref<ChanCore> core = static_cast<const Self*>(this)->core();
    std::optional<Parcel<T>> parcel;
    if (!core || !core->TryRecv(&parcel, site)) return {};
    return {true, Unpack<T>(std::move(parcel))};
  }

  // for (T v : ch): until closed and drained.
  class Iterator {
   public:
    using value_type = T;
    using difference_type = std::ptrdiff_t;
    using iterator_category = std::input_iterator_tag;
    Iterator(const Self* channel, const Site& site) : channel_(channel), site_(site) { ++*this; }
    T& operator*() { return *value_; }
    Iterator& operator++() {
      value_.reset();
      std::optional<T> next = channel_->Recv(site_);
      if (next.has_value()) value_.emplace(std::move(*next));
      return *this;
    }
    friend bool operator!=(const Iterator& it, std::default_sentinel_t) {
      return it.value_.has_value();
    }
    friend bool operator==(const Iterator& it, std::default_sentinel_t) {
      return !it.value_.has_value();
    }

   private:
    const Self* channel_;
    Site site_;
    std::optional<T> value_;
  };
  Iterator begin(const Site& site = Site::Here()) const {
    return Iterator(static_cast<const Self*>(this), site);
  }
  std::default_sentinel_t end() const { return {}; }

 private:
  friend Self;
  Receives() = default;
};

}  // namespace internal

// A copyable handle on a channel; copies are the same channel, and == compares identity.
template <class T>
class Chan : public internal::ChanHandle<T>,
             public internal::Sends<T, Chan<T>>,
             public internal::Receives<T, Chan<T>> {
 public:
  using value_type = T;
  using internal::ChanHandle<T>::ChanHandle;
  SendChan<T> AsSend() const { return SendChan<T>(*this); }
  RecvChan<T> AsRecv() const { return RecvChan<T>(*this); }
};

// A view that only sends (and closes), as Go's chan<-.
template <class T>
class SendChan : public internal::ChanHandle<T>, public internal::Sends<T, SendChan<T>> {
 public:
  using value_type = T;
  using internal::ChanHandle<T>::ChanHandle;
  SendChan() = default;
  // NOLINTNEXTLINE(google-explicit-constructor): implicit, as in Go.
  SendChan(const Chan<T>& chan) : internal::ChanHandle<T>(chan.core()) {}
  SendChan AsSend() const { return *this; }
};

// A view that only receives, as Go's <-chan.
template <class T>
class RecvChan : public internal::ChanHandle<T>, public internal::Receives<T, RecvChan<T>> {
 public:
  using value_type = T;
  using internal::ChanHandle<T>::ChanHandle;
  RecvChan() = default;
  // NOLINTNEXTLINE(google-explicit-constructor): implicit, as in Go.
  RecvChan(const Chan<T>& chan) : internal::ChanHandle<T>(chan.core()) {}
  RecvChan AsRecv() const { return *this; }
};

// Identity, across a channel and its views.
template <class A, class B>
  requires requires(const A& a, const B& b) {
    typename A::value_type;
    typename B::value_type;
    requires std::is_same_v<typename A::value_type, typename B::value_type>;
    a.core();
    b.core();
  }
bool operator==(const A& a, const B& b) {
  return a.core().get() == b.core().get();
}

// A channel for elements of type T with room for `capacity` of them; 0: sender and receiver must
// meet.
template <class T>
Chan<T> MakeChan(std::size_t capacity = 0, const Site& site = Site::Here()) {
  if (internal::Unwinding()) return Chan<T>();
  internal::ChanCore* core =
      internal::ChanCore::Make(internal::kElementOps<internal::Parcel<T>>, capacity, site);
  Chan<T> chan{internal::Ref<internal::ChanCore>(core)};
  core->Release();  // Make's own reference; the handle holds one.
  return chan;
}

}  // namespace taskleak

#endif  // TASKLEAK_CHAN_H_
