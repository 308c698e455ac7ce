// SPDX-License-Identifier: Apache-2.0
// Kubernetes resources as sockmesh reads them: what the YAML says, defaults applied, nothing
// resolved. Values, const once loaded.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/capture_lists.h"
#include "base/ip.h"
#include "config/mark.h"

namespace sm::config {

using Labels = std::map<std::string, std::string>;

struct Metadata {
  ObjectRef ref;
  Labels labels;
  Labels annotations;
  std::string uid;
  std::string creation_timestamp;  // RFC 3339 as written; empty when absent. Sorts as text.
};

struct Namespace {
  Metadata meta;
};

struct ServicePort {
  std::string name;
  std::uint16_t port = 0;
  std::variant<std::uint16_t, std::string>
      target_port;  // number (default: port) or container port name
  std::string protocol = "TCP";
  std::string app_protocol;
  Mark mark;
};

struct Service {
  Metadata meta;
  std::string type = "ClusterIP";
  std::vector<IpAddress> cluster_ips;  // empty: headless ("None") or not assigned
  bool headless = false;
  std::string external_name;
  Labels selector;
  std::vector<ServicePort> ports;
};

struct ContainerPort {
  std::string name;
  std::uint16_t port = 0;
};

struct Pod {
  Metadata meta;
  std::string node_name;
  std::string service_account = "default";
  std::vector<ContainerPort> ports;
  std::vector<IpAddress> ips;  // status.podIPs, or status.podIP
  std::string phase;           // "Running", "Succeeded", ...; empty when there is no status
  bool ready = false;          // condition Ready is True
  bool host_network = false;
  bool deleting = false;  // metadata.deletionTimestamp
  CaptureLists lists;     // annotations traffic.sidecar.istio.io/...
};

// One EndpointSlice, or one subset of an Endpoints object.
struct EndpointPort {
  std::string name;
  std::uint16_t port = 0;
  std::string app_protocol;
};
struct EndpointAddress {
  std::vector<IpAddress> addresses;
  bool ready = true;
  std::string pod_name;  // targetRef of kind Pod, in the same namespace
};
struct Endpoints {
  Metadata meta;
  std::string service;    // label kubernetes.io/service-name, or the object's own name
  bool is_slice = false;  // EndpointSlice; slices win over Endpoints of the same service
  std::vector<EndpointAddress> endpoints;
  std::vector<EndpointPort> ports;
};

}  // namespace sm::config
