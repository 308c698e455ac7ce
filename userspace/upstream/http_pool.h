// SPDX-License-Identifier: Apache-2.0
// HttpPool: the upstream HTTP/1.1 connections of one worker. An idle connection is shared only by
// requests of one client pod (outbound) or of one peer address (inbound), so that no application
// ever sees another client's address on a reused connection. Idle ones are capped per key
// (kPoolIdlePerKey) and aged out (kPoolIdleTimeout). One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "io/loop.h"
#include "upstream/http_connection.h"

namespace sm::upstream {

struct PoolKey {
  std::uint64_t client = 0;  // netns cookie of the client pod; 0 for what arrived from outside
  IpAddress peer;            // inbound: the peer's address
  std::uint64_t inside =
      0;  // netns cookie of the pod that is dialled inside; 0 when dialled over the network
  SocketAddress to;
  bool operator==(const PoolKey&) const = default;
};
struct PoolKeyHash {
  std::size_t operator()(const PoolKey& key) const noexcept;
};

class HttpPool final : private HttpConnectionOwner {
 public:
  explicit HttpPool(io::Loop& loop) : x_loop(loop) {}
  ~HttpPool();
  HttpPool(const HttpPool&) = delete;
  HttpPool& operator=(const HttpPool&) = delete;

  // The most recently used idle connection of `key`, or null.
  HttpConnection* take_idle(const PoolKey& key);
  // A new connection that comes back under `key` when an exchange has completed.
  HttpConnection& add(const PoolKey& key, Opened opened, const DialPlan& plan);
  // Closes everything of a pod that is gone: as client or as the pod that was dialled inside.
  void forget_pod(std::uint64_t netns_cookie);
  // Closes what is idle; connections in use do not come back afterwards.
  void drain();

  std::size_t idle() const { return x_idle_count; }
  std::size_t connections() const { return x_all.size(); }

 private:
  struct Entry {
    PoolKey key;
    std::unique_ptr<HttpConnection> connection;
  };
  void on_idle(HttpConnection& connection) override;
  void on_dead(HttpConnection& connection) override;
  void remove_from_idle(const PoolKey& key, HttpConnection& connection);

  io::Loop& x_loop;
  std::unordered_map<const HttpConnection*, Entry> x_all;
  std::unordered_map<PoolKey, std::vector<HttpConnection*>, PoolKeyHash> x_idle;
  std::size_t x_idle_count = 0;
  bool x_draining = false;
};

}  // namespace sm::upstream
