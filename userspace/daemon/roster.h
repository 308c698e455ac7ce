// SPDX-License-Identifier: Apache-2.0
// Roster: the pods that workers have been told of, and what is still to be told to them.
// Bookkeeping of the reconciler, control thread only; it calls nobody.
//
// A pod is here from on_pod_open to on_pod_close. One that leaves the configuration stays, marked
// as leaving, until every worker has let go of it; only then may the kernel side let go, so that no
// dial of ours meets a pod that nobody guards.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "capture/enrolment.h"
#include "daemon/fleet.h"
#include "daemon/owners.h"

namespace sm::daemon {

class Roster {
 public:
  struct Ready {
    std::string key;
    std::uint64_t netns_cookie = 0;
  };

  // From capture's events.
  void opened(std::shared_ptr<const io::PodNet> pod, std::vector<io::PodListener> listeners);
  void closed(const std::string& key, std::uint64_t netns_cookie);

  // Marks the pods that `wishes` no longer holds as leaving, and returns what capture is to have:
  // the wishes, with the old wish of each leaving pod in place of its new one (if there is one: a
  // pod that leaves and comes back leaves first).
  std::vector<capture::PodWish> retain(const std::vector<capture::PodWish>& wishes);

  bool has_news() const {
    return !x_opened.empty() || !x_closed.empty() || !x_leaving_news.empty();
  }
  // What is to be told to each of `workers` workers; everything told is then owed as part of
  // `batch`.
  std::vector<WorkerBatch> take_news(unsigned workers, std::uint64_t batch);

  // Every worker has carried out `batch`: the pods that are served from now on.
  std::vector<Ready> take_ready(std::uint64_t batch);
  // ... and the pods that nobody uses any more: they are not retained from now on.
  std::set<std::string> take_left(std::uint64_t batch);

  bool is_leaving(const std::string& key) const;
  OwnerTable owners() const;

 private:
  struct Member {
    std::shared_ptr<const io::PodNet> pod;
    std::vector<unsigned> owners;
    bool leaving = false;
    bool told = false;  // the workers know that it leaves
    std::uint64_t leaving_batch = 0;
    std::uint64_t ready_batch = 0;  // 0: not told yet, or done
  };
  struct News {
    std::shared_ptr<const io::PodNet> pod;
    std::vector<io::PodListener> listeners;
  };

  std::map<std::string, Member> x_members;
  std::map<std::string, capture::PodWish> x_desired;  // what retain() returned last
  std::vector<News> x_opened;
  std::vector<PodExit> x_closed;
  std::vector<std::string> x_leaving_news;
};

}  // namespace sm::daemon
