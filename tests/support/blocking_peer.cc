// SPDX-License-Identifier: Apache-2.0
#include "support/blocking_peer.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>

#include "base/text.h"
#include "io/transport.h"
#include "support/loopback_mesh.h"

namespace sm::test {

Peer::Peer(UniqueFd fd) : x_fd(std::move(fd)) {
  const int flags = ::fcntl(x_fd.get(), F_GETFL);
  ::fcntl(x_fd.get(), F_SETFL, flags & ~O_NONBLOCK);
}

Peer Peer::bound(const IpAddress& ip) {
  UniqueFd fd(::socket(ip.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_storage storage{};
  const socklen_t length = SocketAddress{ip, 0}.to_sockaddr(storage);
  SM_ASSERT(::bind(fd.get(), reinterpret_cast<sockaddr*>(&storage), length) == 0);
  return Peer(std::move(fd));
}

void Peer::connect(const SocketAddress& to) {
  sockaddr_storage storage{};
  const socklen_t length = to.to_sockaddr(storage);
  SM_ASSERT(::connect(x_fd.get(), reinterpret_cast<sockaddr*>(&storage), length) == 0);
}

std::uint16_t Peer::port() const { return io::local_address(x_fd.get()).port; }

bool Peer::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::send(x_fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (put <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  return true;
}

bool Peer::fill() {
  pollfd wait{x_fd.get(), POLLIN, 0};
  const auto patience = std::chrono::duration_cast<std::chrono::milliseconds>(kPatience);
  if (::poll(&wait, 1, static_cast<int>(patience.count())) <= 0) return false;
  char buffer[65536];
  const ssize_t got = ::recv(x_fd.get(), buffer, sizeof buffer, 0);
  if (got > 0) {
    x_read.append(buffer, static_cast<std::size_t>(got));
    return true;
  }
  x_end = got == 0 ? End::kEof : End::kReset;
  return false;
}

std::string Peer::read_until(std::string_view wanted) {
  while (x_read.find(wanted) == std::string::npos && fill()) {
  }
  return std::exchange(x_read, {});
}

std::string Peer::read_bytes(std::size_t count) {
  while (x_read.size() < count && fill()) {
  }
  std::string out = x_read.substr(0, count);
  x_read.erase(0, out.size());
  return out;
}

std::string Peer::read_to_end() {
  while (fill()) {
  }
  return std::exchange(x_read, {});
}

int Peer::Message::status() const { return head.size() > 12 ? std::atoi(head.c_str() + 9) : 0; }

std::string Peer::Message::header(std::string_view name) const {
  const std::string lower_head = to_lower(head);
  const std::size_t at = lower_head.find("\r\n" + std::string(name) + ":");
  if (at == std::string::npos) return {};
  const std::size_t begin = at + name.size() + 3;
  return std::string(trim(std::string_view(head).substr(begin, head.find("\r\n", begin) - begin)));
}

Peer::Message Peer::read_message(bool head_only) {
  Message message;
  while (x_read.find("\r\n\r\n") == std::string::npos && fill()) {
  }
  const std::size_t at = x_read.find("\r\n\r\n");
  if (at == std::string::npos) return message;
  message.head = x_read.substr(0, at + 4);
  x_read.erase(0, at + 4);
  if (head_only) return message;
  if (message.header("transfer-encoding") == "chunked") {
    for (;;) {
      while (x_read.find("\r\n") == std::string::npos && fill()) {
      }
      const std::size_t line = x_read.find("\r\n");
      if (line == std::string::npos) return message;
      const std::size_t size = std::strtoul(x_read.c_str(), nullptr, 16);
      x_read.erase(0, line + 2);
      message.body += read_bytes(size);
      read_bytes(2);
      if (size == 0) return message;
    }
  }
  message.body =
      read_bytes(static_cast<std::size_t>(std::atoll(message.header("content-length").c_str())));
  return message;
}

void Peer::half_close() { ::shutdown(x_fd.get(), SHUT_WR); }

void Peer::reset() {
  io::set_reset_on_close(x_fd.get());
  x_fd.reset();
}

Server::Server(const IpAddress& ip, Handler handler, Clients clients)
    : x_listener(listen_on(ip)),
      x_address(io::local_address(x_listener.get())),
      x_clients(clients),
      x_handler(std::move(handler)) {
  x_acceptor = std::thread([this] { accept_loop(); });
}

Server::~Server() {
  {
    const std::lock_guard lock(x_lock);
    x_stopping = true;
    // Wakes every handler that is still reading.
    for (const int fd : x_open) ::shutdown(fd, SHUT_RDWR);
  }
  ::shutdown(x_listener.get(), SHUT_RDWR);
  x_acceptor.join();
  for (auto& thread : x_threads) thread.join();
}

unsigned Server::connections() const {
  const std::lock_guard lock(x_lock);
  return x_connections;
}

void Server::accept_loop() {
  for (;;) {
    pollfd wait{x_listener.get(), POLLIN, 0};
    ::poll(&wait, 1, -1);
    UniqueFd fd(::accept4(x_listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    const std::lock_guard lock(x_lock);
    if (x_stopping) return;
    if (!fd.valid()) continue;
    // An admission probe of the LoopbackMesh comes from a pod's own address; in a real pod it would
    // end at the sink.
    if (x_clients == Clients::kInside &&
        io::peer_address(fd.get()).ip != *IpAddress::parse("127.0.0.1")) {
      io::set_reset_on_close(fd.get());
      continue;
    }
    ++x_connections;
    const int number = fd.get();
    x_open.push_back(number);
    x_threads.emplace_back([this, number, peer = std::make_shared<Peer>(std::move(fd))] {
      x_handler(*peer);
      const std::lock_guard inner(x_lock);
      x_open.erase(std::remove(x_open.begin(), x_open.end(), number), x_open.end());
      peer->close();
    });
  }
}

}  // namespace sm::test
