// SPDX-License-Identifier: Apache-2.0
// Resources of which only the analysers know something to say: what they need of each. Values,
// const once loaded.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/kube.h"

namespace sm::config {

struct ServiceEntry {
  struct Port {
    std::uint16_t number = 0;
    std::string name;
    std::string protocol;  // as written
    Mark mark;
  };
  Metadata meta;
  std::vector<std::string> hosts;
  std::vector<std::string> addresses;
  std::vector<Port> ports;
  std::vector<std::string> export_to;
  Labels workload_selector;
  bool has_allocated_addresses = false;  // status.addresses
};

struct Sidecar {
  Metadata meta;
  bool has_selector = false;
  Labels selector;
  bool has_outbound_policy = false;
  Mark selector_mark;
};

struct Telemetry {
  Metadata meta;
  bool has_selector = false;
  Labels selector;
  // Access logs that are on and name no provider.
  bool has_unprovided = false;
  Mark selector_mark;
};

struct EnvoyFilter {
  struct Patch {
    std::string apply_to;
    std::string operation;
    std::string filter;  // the name that it puts in, or looks for
    bool has_proxy_version = false;
    std::string path;
    Mark mark;
  };
  Metadata meta;
  bool has_priority = false;
  std::vector<Patch> patches;
};

struct Secret {
  Metadata meta;
  bool has_certificate =
      false;  // a non-empty entry of data or stringData for a server's certificate
};

// gateway.networking.k8s.io
struct KubeGateway {
  Metadata meta;
  std::vector<std::string> hostnames;  // of its listeners
  bool takes_all_hosts = false;        // a listener without a hostname
};

struct KubeNode {
  Metadata meta;
};

}  // namespace sm::config
