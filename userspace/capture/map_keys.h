// SPDX-License-Identifier: Apache-2.0
// Walking a map's keys. Any thread.
#pragma once

#include <bpf/bpf.h>

#include <vector>

namespace sm::capture {

// The keys of a map at about this moment. A key that goes while we stand on it restarts the
// kernel's walk from the beginning, so the walk is bounded by the map's size; a key may then be
// listed twice.
template <class Key>
std::vector<Key> map_keys(int map) {
  bpf_map_info info{};
  __u32 size = sizeof info;
  if (bpf_obj_get_info_by_fd(map, &info, &size) != 0) return {};
  std::vector<Key> found;
  Key next{};
  const Key* previous = nullptr;
  while (found.size() < info.max_entries && bpf_map_get_next_key(map, previous, &next) == 0) {
    found.push_back(next);
    previous = &found.back();
  }
  return found;
}

}  // namespace sm::capture
