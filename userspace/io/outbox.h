// SPDX-License-Identifier: Apache-2.0
// Outbox: bytes on their way out of one transport. Small pieces are gathered and leave with one
// system call at flush(); a large piece goes out at once together with what was gathered, and only
// what the socket does not take is copied and kept. Owned by a session, one thread. The owner
// watches for writability while has_backlog().
#pragma once

#include <cstdint>
#include <span>

#include "base/buffer.h"
#include "io/transport.h"

namespace sm::io {

class Outbox {
 public:
  // Where heads are encoded; leaves with the next flush() or send().
  Buffer& pending() { return x_pending; }

  // Adds body bytes. False: the connection is dead, see error_number().
  bool send(Transport& transport, std::span<const std::uint8_t> data);
  bool flush(Transport& transport);

  // Memory taken; none after a flush that left nothing.
  std::size_t capacity() const { return x_pending.capacity(); }
  // Bytes that the socket has not taken yet.
  std::size_t size() const { return x_pending.size(); }
  // The socket refused bytes: wait for writability, then flush().
  bool has_backlog() const { return x_blocked; }
  std::uint64_t sent_bytes() const { return x_sent; }
  int error_number() const { return x_error_number; }

 private:
  bool write_out(Transport& transport, std::span<const std::uint8_t> data);

  Buffer x_pending;
  bool x_blocked = false;
  std::uint64_t x_sent = 0;
  int x_error_number = 0;
};

}  // namespace sm::io
