// SPDX-License-Identifier: Apache-2.0
// Transport: a connected stream of bytes as a session sees it. Non-blocking: every call returns at
// once. Today there is TCP; TLS is a transport over a transport. Owned by one session, used on that
// session's loop.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/fd.h"
#include "base/ip.h"
#include "base/result.h"
#include "io/pod_use.h"

namespace sm::io {

enum class IoStatus : std::uint8_t {
  kDone,   // `bytes` were moved (at least one)
  kAgain,  // nothing now; wait for readiness
  kEof,    // reading only: the peer has ended its direction
  kReset,  // the connection is dead; `error_number` says why (ECONNRESET, EPIPE, ETIMEDOUT, ...)
};

struct IoResult {
  IoStatus status = IoStatus::kAgain;
  std::size_t bytes = 0;
  int error_number = 0;
};

class Transport {
 public:
  virtual ~Transport() = default;
  virtual IoResult read(std::span<std::uint8_t> into) = 0;
  virtual IoResult write(std::span<const iovec> from) = 0;
  // Ends our direction (FIN); reading goes on.
  virtual void shutdown_write() = 0;
  // Makes the coming close a reset: what the peer has not read yet is thrown away, and it sees
  // ECONNRESET.
  virtual void reset_on_close() = 0;
  virtual int fd() const = 0;
};

class TcpTransport final : public Transport {
 public:
  // `share`: on whose behalf the descriptor is open.
  explicit TcpTransport(UniqueFd fd, DescriptorShare share = {})
      : x_share(std::move(share)), x_fd(std::move(fd)) {}
  IoResult read(std::span<std::uint8_t> into) override;
  IoResult write(std::span<const iovec> from) override;
  void shutdown_write() override;
  void reset_on_close() override;
  int fd() const override { return x_fd.get(); }

 private:
  DescriptorShare x_share;  // given back after the descriptor is closed
  UniqueFd x_fd;
};

// Small facts about sockets, shared by those who accept and those who dial.
SocketAddress local_address(int fd);
SocketAddress peer_address(int fd);
void set_no_delay(int fd);
// Urgent bytes stay where they are in the stream (RFC 6093) instead of being left out of it.
void set_urgent_inline(int fd);
// SO_LINGER 0: close() sends RST.
void set_reset_on_close(int fd);
// The pending error of a socket whose connect was in progress: 0 when it is connected.
int take_socket_error(int fd);
// Starts connecting a non-blocking socket. True: connected already (loopback often is); false: wait
// for writability, then take_socket_error().
Result<bool> start_connect(int fd, const SocketAddress& to);

}  // namespace sm::io
