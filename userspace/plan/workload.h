// SPDX-License-Identifier: Apache-2.0
// Workload: one pod as the plan knows it, of this node or another. Part of a RunPlan, const, read
// by every worker.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/ip.h"

namespace sm::plan {

using Labels = std::map<std::string, std::string>;

struct Workload {
  std::string key;  // "namespace/name"
  std::string namespace_;
  std::string name;
  std::string service_account;
  std::string identity;  // "spiffe://<trust domain>/ns/<ns>/sa/<sa>"
  std::string node;
  Labels labels;
  std::vector<IpAddress> ips;
  bool enrolled_here =
      false;  // a pod of this node whose traffic sockmesh takes: dialled inside its own namespace
  bool gateway = false;
};

}  // namespace sm::plan
