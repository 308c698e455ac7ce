// SPDX-License-Identifier: Apache-2.0
#include "proxy/relay.h"

#include "base/limits.h"

namespace sm::proxy {

Relay::Relay(io::Loop& loop, std::unique_ptr<io::Transport> downstream,
             std::unique_ptr<io::Transport> upstream, Buffer from_downstream, Buffer from_upstream,
             io::BufferShare share, RelayEvents& events)
    : x_events(events), x_loop(loop), x_share(std::move(share)), x_idle(loop.timers(), *this, 0) {
  x_sides[0].transport = std::move(downstream);
  x_sides[1].transport = std::move(upstream);
  x_sides[0].held = std::move(from_downstream);
  x_sides[1].held = std::move(from_upstream);
  x_sides[0].other = &x_sides[1];
  x_sides[1].other = &x_sides[0];
  for (auto& side : x_sides) {
    side.relay = this;
    io::WatchEvents& watcher = side;
    side.watch = std::make_unique<io::Watch>(loop, side.transport->fd(), watcher);
  }
}

Relay::~Relay() {
  // The watches go before the descriptors that they watch.
  for (auto& side : x_sides) side.watch.reset();
}

void Relay::start() {
  x_last_move = x_loop.now();
  x_idle.arm(kIdleTimeout);
  for (auto& side : x_sides) {
    if (!x_over && !write_held(side)) return;
  }
  update_interest();
}

void Relay::reset_both() {
  for (auto& side : x_sides) side.transport->reset_on_close();
}

void Relay::Side::on_ready(bool readable, bool writable) {
  Relay& owner = *relay;
  if (owner.x_over) return;
  owner.x_last_move = owner.x_loop.now();
  if (!readable && !writable && owner.broke_off(*this)) return;
  if (writable && !owner.write_held(*other)) return;
  if (readable && !owner.pump(*this)) return;
  owner.update_interest();
}

// Reads what `from` has and hands it on, as long as the other side takes it. False: the relay is
// over.
bool Relay::pump(Side& from) {
  for (int reads = 0; reads < kReadsPerEvent && from.held.empty() && !from.ended; ++reads) {
    const auto room = from.held.prepare(x_share.read_bytes()).first(x_share.read_bytes());
    const io::IoResult result = from.transport->read(room);
    if (result.status == io::IoStatus::kAgain) break;
    if (result.status == io::IoStatus::kReset) {
      finish(reset_of(from));
      return false;
    }
    if (result.status == io::IoStatus::kEof) {
      from.ended = true;
      pass_end(from);
      return !x_over;
    }
    from.held.commit(result.bytes);
    if (!write_held(from)) return false;
    if (result.bytes < room.size()) break;
  }
  return true;
}

// A side that is not read, because what came from it waits for the other one, may be reset all the
// same. What still waits is lost then, as it is in the queues of two kernels. True: the relay is
// over.
bool Relay::broke_off(Side& side) {
  if (io::take_socket_error(side.transport->fd()) != 0) {
    finish(reset_of(side));
    return true;
  }
  side.deaf = true;
  side.watch->want(false, false);
  return false;
}

bool Relay::write_held(Side& from) {
  while (!from.held.empty()) {
    const auto bytes = from.held.bytes();
    const iovec piece{const_cast<std::uint8_t*>(bytes.data()),
                      bytes.size()};  // NOLINT: sendmsg only reads
    const io::IoResult result = from.other->transport->write({&piece, 1});
    if (result.status == io::IoStatus::kReset) {
      finish(reset_of(*from.other));
      return false;
    }
    if (result.status == io::IoStatus::kAgain) return true;
    from.moved += result.bytes;
    from.held.consume(result.bytes);
  }
  pass_end(from);
  return !x_over;
}

// A half close is passed on once everything before it was.
void Relay::pass_end(Side& from) {
  if (!from.ended || from.passed_end || !from.held.empty()) return;
  from.passed_end = true;
  from.other->transport->shutdown_write();
  if (from.other->passed_end) finish(RelayEnd::kBothClosed);
}

void Relay::update_interest() {
  if (x_over) return;
  std::size_t memory = 0;
  for (auto& side : x_sides) {
    side.held.release_if_empty();
    memory += side.held.capacity();
    const bool readable = side.held.empty() && !side.ended;
    const bool writable = !side.other->held.empty();
    if (readable || writable) {
      side.deaf = false;
      side.watch->want(readable, writable);
    } else if (!side.deaf) {
      side.watch->want_reset();
    }
  }
  x_share.hold(memory);
}

void Relay::on_timer(int /*tag*/) {
  const auto quiet = x_loop.now() - x_last_move;
  if (quiet >= kIdleTimeout) {
    finish(RelayEnd::kIdle);
  } else {
    x_idle.arm(kIdleTimeout - quiet);
  }
}

void Relay::finish(RelayEnd end) {
  if (x_over) return;
  x_over = true;
  x_idle.cancel();
  for (auto& side : x_sides) side.watch->detach();
  // The side that did not reset gets a reset itself: it must not take a cut stream for a whole one.
  if (end == RelayEnd::kDownstreamReset) x_sides[1].transport->reset_on_close();
  if (end == RelayEnd::kUpstreamReset) x_sides[0].transport->reset_on_close();
  x_events.on_relay_end(end);
}

}  // namespace sm::proxy
