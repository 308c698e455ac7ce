// SPDX-License-Identifier: Apache-2.0
// NodeConfig: the node file (interfaces.md section 1) as a value. Read once at start.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "base/unknown_pods.h"

namespace sm::config {

struct NodeConfig {
  std::string file;
  std::string node_name;
  std::vector<std::string> resources;
  std::string cgroup;
  std::string run_dir = "/run/sockmesh";
  std::string state_dir = "/var/lib/sockmesh";
  std::string bpffs = "/sys/fs/bpf/sockmesh";
  unsigned workers = 0;  // 0 = usable CPUs
  unsigned workers_per_pod = 1;
  UnknownPods unknown_pods = UnknownPods::kDeny;
  bool on_proxy_down_open = false;
  bool same_node_encrypt = false;
  std::string accelerate = "off";
  unsigned drain_seconds = 5;
  log::Level log_level = log::Level::kInfo;
  std::map<log::Component, log::Level> component_levels;
  std::uint64_t random_seed = 0;
};

// Errors name `file:line:column`. Values that this version cannot honour (`sameNode: encrypt`,
// `accelerate` other than off) are refused with the reason, never silently weakened.
Result<NodeConfig> load_node_config(const std::string& path);

}  // namespace sm::config
