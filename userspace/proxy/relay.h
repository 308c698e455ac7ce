// SPDX-License-Identifier: Apache-2.0
// Relay: moves bytes between two connections, both ways, until both have ended. What an application
// would see on one direct connection it sees here: bytes in order, a half close passed on after the
// bytes before it, a reset as a reset, also while the other side does not read. A reader that
// stalls pauses its sender, at most kReadChunkBytes held per direction and nothing while it is
// idle. Owned by a session, one thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "base/buffer.h"
#include "io/loop.h"
#include "io/timer.h"
#include "io/transport.h"
#include "io/watch.h"

namespace sm::proxy {

enum class RelayEnd : std::uint8_t {
  kBothClosed,  // each side ended its direction
  kDownstreamReset,
  kUpstreamReset,
  kIdle,  // nothing moved for kIdleTimeout
};

class RelayEvents {
 public:
  virtual void on_relay_end(RelayEnd end) = 0;

 protected:
  ~RelayEvents() = default;
};

class Relay final : private io::TimerEvents {
 public:
  // `from_downstream` and `from_upstream` were read already and go first.
  Relay(io::Loop& loop, std::unique_ptr<io::Transport> downstream,
        std::unique_ptr<io::Transport> upstream, Buffer from_downstream, Buffer from_upstream,
        io::BufferShare share, RelayEvents& events);
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  // Sends what was read already and begins to listen. on_relay_end may be called from inside.
  void start();
  // Closing both sides with a reset, when the relay is destroyed.
  void reset_both();
  std::uint64_t bytes_from_downstream() const { return x_sides[0].moved; }
  std::uint64_t bytes_from_upstream() const { return x_sides[1].moved; }

 private:
  // One side and the direction that starts at it.
  struct Side final : io::WatchEvents {
    Relay* relay = nullptr;
    Side* other = nullptr;
    std::unique_ptr<io::Transport> transport;
    std::unique_ptr<io::Watch> watch;
    Buffer held;  // read here, not yet taken by the other side
    std::uint64_t moved = 0;
    bool ended = false;       // EOF was read here
    bool passed_end = false;  // ... and given to the other side
    bool deaf = false;        // while it is not read: something happened that was no reset
    void on_ready(bool readable, bool writable) override;
  };

  bool pump(Side& from);
  bool broke_off(Side& side);
  bool write_held(Side& from);
  void pass_end(Side& from);
  void update_interest();
  void finish(RelayEnd end);
  void on_timer(int tag) override;
  RelayEnd reset_of(const Side& side) const {
    return &side == &x_sides[0] ? RelayEnd::kDownstreamReset : RelayEnd::kUpstreamReset;
  }

  RelayEvents& x_events;
  io::Loop& x_loop;
  std::array<Side, 2> x_sides;  // 0 downstream, 1 upstream
  io::BufferShare x_share;
  io::Timer x_idle;
  std::chrono::milliseconds x_last_move{0};
  bool x_over = false;
};

}  // namespace sm::proxy
