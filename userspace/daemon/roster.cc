// SPDX-License-Identifier: Apache-2.0
#include "daemon/roster.h"

#include <algorithm>
#include <utility>

namespace sm::daemon {

void Roster::opened(std::shared_ptr<const io::PodNet> pod, std::vector<io::PodListener> listeners) {
  Member member;
  member.pod = pod;
  for (const io::PodListener& listener : listeners) {
    if (std::find(member.owners.begin(), member.owners.end(), listener.worker) ==
        member.owners.end()) {
      member.owners.push_back(listener.worker);
    }
  }
  x_members.insert_or_assign(pod->key, std::move(member));
  x_opened.push_back({std::move(pod), std::move(listeners)});
}

void Roster::closed(const std::string& key, std::uint64_t netns_cookie) {
  const auto found = x_members.find(key);
  if (found == x_members.end() || found->second.pod->netns_cookie != netns_cookie) return;
  const bool workers_hold_it = !found->second.told;
  x_members.erase(found);
  // Opened and closed before anybody was told: nobody needs to hear of either.
  const auto unheard = std::find_if(x_opened.begin(), x_opened.end(), [&](const News& news) {
    return news.pod->key == key && news.pod->netns_cookie == netns_cookie;
  });
  if (unheard != x_opened.end()) {
    x_opened.erase(unheard);
    return;
  }
  if (workers_hold_it) x_closed.push_back({key, netns_cookie});
}

std::vector<capture::PodWish> Roster::retain(const std::vector<capture::PodWish>& wishes) {
  std::map<std::string, capture::PodWish> desired;
  for (const capture::PodWish& wish : wishes) desired[wish.key] = wish;
  for (auto& [key, member] : x_members) {
    if (!member.leaving && desired.count(key) == 0) {
      member.leaving = true;
      x_leaving_news.push_back(key);
    }
    // What capture was asked for last time is what it has.
    if (member.leaving) desired[key] = x_desired[key];
  }
  x_desired = std::move(desired);
  std::vector<capture::PodWish> list;
  for (const auto& [key, wish] : x_desired) list.push_back(wish);
  return list;
}

std::vector<WorkerBatch> Roster::take_news(unsigned workers, std::uint64_t batch) {
  std::vector<WorkerBatch> batches(workers);
  for (const PodExit& exit : std::exchange(x_closed, {})) {
    for (WorkerBatch& one : batches) one.closed.push_back(exit);
  }
  for (News& news : std::exchange(x_opened, {})) {
    const auto member = x_members.find(news.pod->key);
    const auto owners = static_cast<unsigned>(
        member == x_members.end() ? 1 : std::max<std::size_t>(member->second.owners.size(), 1));
    for (WorkerBatch& one : batches) one.opened.push_back({news.pod, {}, owners});
    for (io::PodListener& listener : news.listeners) {
      if (listener.worker < workers) {
        batches[listener.worker].opened.back().listeners.push_back(std::move(listener));
      }
    }
    if (member != x_members.end()) member->second.ready_batch = batch;
  }
  for (const std::string& key : std::exchange(x_leaving_news, {})) {
    const auto member = x_members.find(key);
    if (member == x_members.end()) continue;
    member->second.told = true;
    member->second.leaving_batch = batch;
    for (WorkerBatch& one : batches) one.leaving.push_back({key, member->second.pod->netns_cookie});
  }
  return batches;
}

std::vector<Roster::Ready> Roster::take_ready(std::uint64_t batch) {
  std::vector<Ready> ready;
  for (auto& [key, member] : x_members) {
    if (member.ready_batch == 0 || member.ready_batch > batch || member.leaving) continue;
    member.ready_batch = 0;
    ready.push_back({key, member.pod->netns_cookie});
  }
  return ready;
}

std::set<std::string> Roster::take_left(std::uint64_t batch) {
  std::set<std::string> left;
  for (auto member = x_members.begin(); member != x_members.end();) {
    if (member->second.told && member->second.leaving_batch <= batch) {
      left.insert(member->first);
      member = x_members.erase(member);
    } else {
      ++member;
    }
  }
  return left;
}

bool Roster::is_leaving(const std::string& key) const {
  const auto found = x_members.find(key);
  return found != x_members.end() && found->second.leaving;
}

OwnerTable Roster::owners() const {
  OwnerTable owners;
  for (const auto& [key, member] : x_members) {
    if (member.leaving) continue;
    for (const IpAddress& ip : member.pod->ips) owners[ip] = member.owners;
  }
  return owners;
}

}  // namespace sm::daemon
