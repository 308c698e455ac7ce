// SPDX-License-Identifier: Apache-2.0
#include "io/outbox.h"

#include <algorithm>
#include <array>

#include "base/limits.h"

namespace sm::io {

bool Outbox::send(Transport& transport, std::span<const std::uint8_t> data) {
  if (x_error_number != 0) return false;
  // Copying a little is cheaper than a system call; and what waits for the socket keeps its order.
  if (x_blocked || x_pending.size() + data.size() <= kGatherBytes) {
    x_pending.append(data);
    return true;
  }
  return write_out(transport, data);
}

bool Outbox::flush(Transport& transport) {
  if (x_error_number != 0) return false;
  if (x_pending.empty()) {
    x_pending.release_if_empty();
    return true;
  }
  return write_out(transport, {});
}

bool Outbox::write_out(Transport& transport, std::span<const std::uint8_t> data) {
  while (!x_pending.empty() || !data.empty()) {
    const auto held = x_pending.bytes();
    std::array<iovec, 2> pieces{};
    std::size_t used = 0;
    // iovec is not const-correct; sendmsg only reads.
    if (!held.empty())
      pieces[used++] = {const_cast<std::uint8_t*>(held.data()), held.size()};  // NOLINT
    if (!data.empty())
      pieces[used++] = {const_cast<std::uint8_t*>(data.data()), data.size()};  // NOLINT
    const IoResult result = transport.write(std::span(pieces.data(), used));
    if (result.status == IoStatus::kReset) {
      x_error_number = result.error_number;
      x_blocked = false;  // nobody waits for what is dead to become writable
      return false;
    }
    if (result.status == IoStatus::kAgain) {
      x_blocked = true;
      x_pending.append(data);
      return true;
    }
    x_sent += result.bytes;
    const std::size_t from_held = std::min(result.bytes, held.size());
    x_pending.consume(from_held);
    data = data.subspan(result.bytes - from_held);
  }
  x_blocked = false;
  // An idle connection keeps no memory.
  x_pending.release_if_empty();
  return true;
}

}  // namespace sm::io
