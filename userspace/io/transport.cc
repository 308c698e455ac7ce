// SPDX-License-Identifier: Apache-2.0
#include "io/transport.h"

#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace sm::io {

namespace {
IoResult failed() {
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return {IoStatus::kAgain, 0, 0};
  return {IoStatus::kReset, 0, errno};
}

SocketAddress address_by(int (*ask)(int, sockaddr*, socklen_t*), int fd) {
  sockaddr_storage storage{};
  socklen_t length = sizeof storage;
  auto* address = reinterpret_cast<sockaddr*>(&storage);  // NOLINT: the sockets API
  if (ask(fd, address, &length) != 0) return {};
  return SocketAddress::from_sockaddr(address);
}
}  // namespace

IoResult TcpTransport::read(std::span<std::uint8_t> into) {
  const ssize_t got = ::recv(x_fd.get(), into.data(), into.size(), 0);
  if (got > 0) return {IoStatus::kDone, static_cast<std::size_t>(got), 0};
  if (got == 0) return {IoStatus::kEof, 0, 0};
  return failed();
}

IoResult TcpTransport::write(std::span<const iovec> from) {
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(from.data());  // NOLINT: sendmsg does not write through it
  message.msg_iovlen = from.size();
  const ssize_t put = ::sendmsg(x_fd.get(), &message, MSG_NOSIGNAL);
  if (put >= 0) return {IoStatus::kDone, static_cast<std::size_t>(put), 0};
  return failed();
}

void TcpTransport::shutdown_write() { ::shutdown(x_fd.get(), SHUT_WR); }

void TcpTransport::reset_on_close() { set_reset_on_close(x_fd.get()); }

SocketAddress local_address(int fd) { return address_by(::getsockname, fd); }

SocketAddress peer_address(int fd) { return address_by(::getpeername, fd); }

void set_no_delay(int fd) {
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

void set_urgent_inline(int fd) {
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_OOBINLINE, &on, sizeof on);
}

void set_reset_on_close(int fd) {
  const linger zero{1, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &zero, sizeof zero);
}

int take_socket_error(int fd) {
  int error_number = 0;
  socklen_t length = sizeof error_number;
  if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error_number, &length) != 0) return errno;
  return error_number;
}

Result<bool> start_connect(int fd, const SocketAddress& to) {
  sockaddr_storage storage{};
  const socklen_t length = to.to_sockaddr(storage);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&storage), length) == 0)
    return true;  // NOLINT: the sockets API
  if (errno == EINPROGRESS) return false;
  return system_error("connect to " + to.to_string(), errno);
}

}  // namespace sm::io
