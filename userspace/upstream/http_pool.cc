// SPDX-License-Identifier: Apache-2.0
#include "upstream/http_pool.h"

#include <algorithm>

#include "base/limits.h"

namespace sm::upstream {

std::size_t PoolKeyHash::operator()(const PoolKey& key) const noexcept {
  return SocketAddressHash{}(key.to) ^ (IpHash{}(key.peer) * 3) ^
         (key.client * 0x9e3779b97f4a7c15ULL) ^ (key.inside * 0xbf58476d1ce4e5b9ULL);
}

HttpPool::~HttpPool() = default;

HttpConnection* HttpPool::take_idle(const PoolKey& key) {
  const auto found = x_idle.find(key);
  if (found == x_idle.end()) return nullptr;
  HttpConnection* connection = found->second.back();
  found->second.pop_back();
  --x_idle_count;
  if (found->second.empty()) x_idle.erase(found);
  return connection;
}

HttpConnection& HttpPool::add(const PoolKey& key, Opened opened, const DialPlan& plan) {
  HttpConnectionOwner& owner = *this;
  auto made = std::make_unique<HttpConnection>(x_loop, owner, std::move(opened), plan);
  HttpConnection& connection = *made;
  x_all.emplace(&connection, Entry{key, std::move(made)});
  return connection;
}

void HttpPool::on_idle(HttpConnection& connection) {
  const auto found = x_all.find(&connection);
  SM_ASSERT(found != x_all.end());
  auto& list = x_idle[found->second.key];
  list.push_back(&connection);
  ++x_idle_count;
  if (x_draining || list.size() > kPoolIdlePerKey) list.front()->close_now();
}

void HttpPool::on_dead(HttpConnection& connection) {
  const auto found = x_all.find(&connection);
  if (found == x_all.end()) return;
  remove_from_idle(found->second.key, connection);
  x_loop.bury(std::move(found->second.connection));
  x_all.erase(found);
}

void HttpPool::remove_from_idle(const PoolKey& key, HttpConnection& connection) {
  const auto found = x_idle.find(key);
  if (found == x_idle.end()) return;
  auto& list = found->second;
  const auto at = std::find(list.begin(), list.end(), &connection);
  if (at == list.end()) return;
  list.erase(at);
  --x_idle_count;
  if (list.empty()) x_idle.erase(found);
}

void HttpPool::forget_pod(std::uint64_t netns_cookie) {
  std::vector<HttpConnection*> gone;
  for (const auto& [address, entry] : x_all) {
    if (entry.key.client == netns_cookie || entry.key.inside == netns_cookie)
      gone.push_back(entry.connection.get());
  }
  for (HttpConnection* connection : gone) connection->close_now();
}

void HttpPool::drain() {
  x_draining = true;
  std::vector<HttpConnection*> idle;
  for (const auto& entry : x_idle)
    idle.insert(idle.end(), entry.second.begin(), entry.second.end());
  for (HttpConnection* connection : idle) connection->close_now();
}

}  // namespace sm::upstream
