// SPDX-License-Identifier: Apache-2.0
// Clients and servers for tests, in plain blocking style: every wait has a deadline (kPatience),
// after which the answer is what came so far and the test fails on its own expectations.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/fd.h"
#include "base/ip.h"

namespace sm::test {

inline constexpr std::chrono::seconds kPatience{10};

class Peer {
 public:
  enum class End { kOpen, kEof, kReset };

  Peer() = default;
  explicit Peer(UniqueFd fd);
  // A socket bound to an ephemeral loopback port, not connected yet.
  static Peer bound(const IpAddress& ip);
  void connect(const SocketAddress& to);

  bool send(std::string_view bytes);
  // Reads until `wanted` is in what was read, the stream ends, or patience does; returns and
  // forgets everything read.
  std::string read_until(std::string_view wanted);
  std::string read_bytes(std::size_t count);
  std::string read_to_end();
  // A whole HTTP response (or request) with content-length or chunked body, de-chunked.
  struct Message {
    std::string head;
    std::string body;
    int status() const;
    std::string header(std::string_view name) const;
  };
  Message read_message(bool head_only = false);

  void half_close();
  void reset();
  void close() { x_fd.reset(); }
  End end() const { return x_end; }
  std::uint16_t port() const;
  int fd() const { return x_fd.get(); }

 private:
  bool fill();
  UniqueFd x_fd;
  std::string x_read;
  End x_end = End::kOpen;
};

// Accepts on `ip` and runs `handler` for each connection on a thread of its own. Everything ends
// with the object.
class Server {
 public:
  using Handler = std::function<void(Peer&)>;
  // kInside: those that are dialled inside the server's pod; what comes from another pod's address
  // is taken for an admission probe and reset. kAnywhere: whoever connects.
  enum class Clients : std::uint8_t { kInside, kAnywhere };
  Server(const IpAddress& ip, Handler handler, Clients clients = Clients::kInside);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  SocketAddress address() const { return x_address; }
  unsigned connections() const;

 private:
  void accept_loop();
  UniqueFd x_listener;
  SocketAddress x_address;
  Clients x_clients;
  Handler x_handler;
  mutable std::mutex x_lock;
  std::vector<int> x_open;
  std::vector<std::thread> x_threads;
  unsigned x_connections = 0;
  bool x_stopping = false;
  std::thread x_acceptor;
};

}  // namespace sm::test
