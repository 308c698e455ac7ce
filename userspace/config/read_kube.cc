// SPDX-License-Identifier: Apache-2.0
// Namespace, Service, Pod: what Kubernetes' defaults make of them.
#include <fmt/format.h>

#include <algorithm>

#include "config/capture_annotations.h"
#include "config/read.h"
#include "config/scalars.h"
#include "config/schemas.h"

namespace sm::config {
namespace {

void read_ip(const std::string& text, const std::string& path, Mark mark,
             std::vector<IpAddress>& out, Reporter& report) {
  const auto ip = IpAddress::parse(text);
  if (!ip) {
    report.invalid(path, mark, fmt::format("\"{}\" is no IP address", text),
                   "write an IPv4 or IPv6 address");
  } else if (std::find(out.begin(), out.end(), *ip) == out.end()) {
    out.push_back(*ip);
  }
}

ServicePort read_service_port(const View& view, Reporter& report) {
  ServicePort port;
  port.mark = view.mark();
  port.name = view.text("name");
  port.app_protocol = view.text("appProtocol");
  if (const std::string protocol = view.text("protocol"); !protocol.empty())
    port.protocol = protocol;
  if (!view.has("port")) {
    report.invalid(view.path("port"), view.mark(), "a Service port needs a port number",
                   "write port: 80");
  }
  port.port = read_port(view, "port", report).value_or(0);
  port.target_port = port.port;
  if (const Node* target = view.raw("targetPort")) {
    if (target->kind == Node::Kind::kInt) {
      if (const auto number = read_port(view, "targetPort", report)) port.target_port = *number;
    } else if (!target->text.empty()) {
      port.target_port = target->text;
    }
  }
  return port;
}

}  // namespace

Object read_namespace(const Node& document, Reporter& report) {
  check_message(document, kObjectSchema, {}, false, report);
  return std::make_shared<const Namespace>(Namespace{read_metadata(document, report)});
}

Object read_service(const Node& document, Reporter& report) {
  check_message(document, kServiceSchema, {}, false, report);
  Service service;
  service.meta = read_metadata(document, report);
  const auto spec = View(document, kServiceSchema, {}).child("spec");
  if (!spec) return std::make_shared<const Service>(std::move(service));
  if (const std::string type = spec->text("type"); !type.empty()) service.type = type;
  service.external_name = spec->text("externalName");
  service.selector = spec->labels("selector");
  std::vector<std::pair<std::string, Mark>> addresses = spec->marked_texts("clusterIPs");
  if (const std::string one = spec->text("clusterIP"); !one.empty()) {
    addresses.insert(addresses.begin(), {one, spec->mark("clusterIP")});
  }
  for (const auto& [text, mark] : addresses) {
    if (text == "None") {
      service.headless = true;
    } else if (!text.empty()) {
      read_ip(text, spec->path("clusterIP"), mark, service.cluster_ips, report);
    }
  }
  for (const View& port : spec->list("ports"))
    service.ports.push_back(read_service_port(port, report));
  return std::make_shared<const Service>(std::move(service));
}

namespace {

// Native sidecars are init containers, and their ports may be named by a Service's targetPort as
// well.
std::vector<ContainerPort> read_container_ports(const View& spec, Reporter& report) {
  std::vector<ContainerPort> ports;
  for (const std::string_view containers : {"containers", "initContainers"}) {
    for (const View& container : spec.list(containers)) {
      for (const View& port : container.list("ports")) {
        const auto number = read_port(port, "containerPort", report);
        if (number) ports.push_back(ContainerPort{port.text("name"), *number});
      }
    }
  }
  return ports;
}

EndpointAddress read_address(const View& entry, bool ready, Reporter& report) {
  EndpointAddress address;
  address.ready = ready;
  read_ip(entry.text("ip"), entry.path("ip"), entry.mark("ip"), address.addresses, report);
  if (const auto target = entry.child("targetRef"); target && target->text("kind") == "Pod") {
    address.pod_name = target->text("name");
  }
  return address;
}

}  // namespace

Object read_pod(const Node& document, Reporter& report) {
  check_message(document, kPodSchema, {}, false, report);
  Pod pod;
  pod.meta = read_metadata(document, report);
  const View view(document, kPodSchema, {});
  if (const auto metadata = view.child("metadata")) {
    pod.deleting = metadata->has("deletionTimestamp");
    pod.lists = read_capture_lists(*metadata, report);
  }
  if (const auto spec = view.child("spec")) {
    pod.node_name = spec->text("nodeName");
    // serviceAccount is the deprecated spelling that the API server still fills in.
    std::string account = spec->text("serviceAccountName");
    if (account.empty()) account = spec->text("serviceAccount");
    if (!account.empty()) pod.service_account = account;
    pod.host_network = spec->flag("hostNetwork");
    pod.ports = read_container_ports(*spec, report);
  }
  if (const auto status = view.child("status")) {
    pod.phase = status->text("phase");
    for (const View& entry : status->list("podIPs")) {
      if (entry.has("ip"))
        read_ip(entry.text("ip"), entry.path("ip"), entry.mark("ip"), pod.ips, report);
    }
    if (pod.ips.empty() && !status->text("podIP").empty()) {
      read_ip(status->text("podIP"), status->path("podIP"), status->mark("podIP"), pod.ips, report);
    }
    for (const View& condition : status->list("conditions")) {
      if (condition.text("type") == "Ready") pod.ready = condition.text("status") == "True";
    }
  }
  return std::make_shared<const Pod>(std::move(pod));
}

Object read_endpoints(const Node& document, Reporter& report) {
  check_message(document, kEndpointsSchema, {}, false, report);
  const Metadata meta = read_metadata(document, report);
  std::vector<std::shared_ptr<const Endpoints>> out;
  for (const View& subset : View(document, kEndpointsSchema, {}).list("subsets")) {
    Endpoints endpoints;
    endpoints.meta = meta;
    endpoints.service = meta.ref.name;
    for (const std::string_view list : {"addresses", "notReadyAddresses"}) {
      for (const View& entry : subset.list(list)) {
        endpoints.endpoints.push_back(read_address(entry, list == "addresses", report));
      }
    }
    for (const View& port : subset.list("ports")) {
      if (const std::string protocol = port.text("protocol");
          !protocol.empty() && protocol != "TCP")
        continue;
      endpoints.ports.push_back(EndpointPort{port.text("name"),
                                             read_port(port, "port", report).value_or(0),
                                             port.text("appProtocol")});
    }
    out.push_back(std::make_shared<const Endpoints>(std::move(endpoints)));
  }
  return out;
}

Object read_endpoint_slice(const Node& document, Reporter& report) {
  check_message(document, kEndpointSliceSchema, {}, false, report);
  Endpoints endpoints;
  endpoints.is_slice = true;
  endpoints.meta = read_metadata(document, report);
  const auto service = endpoints.meta.labels.find("kubernetes.io/service-name");
  endpoints.service =
      service == endpoints.meta.labels.end() ? endpoints.meta.ref.name : service->second;
  const View view(document, kEndpointSliceSchema, {});
  // FQDN slices name hosts, which this data path cannot dial.
  if (view.text("addressType") == "FQDN") {
    report.not_applied("addressType", view.mark("addressType"),
                       "EndpointSlices of host names are not applied by this version",
                       "list IP addresses");
    return std::vector<std::shared_ptr<const Endpoints>>{};
  }
  for (const View& entry : view.list("endpoints")) {
    EndpointAddress address;
    for (const auto& [text, mark] : entry.marked_texts("addresses")) {
      read_ip(text, entry.path("addresses"), mark, address.addresses, report);
    }
    // An absent ready means ready (discovery/v1).
    if (const auto conditions = entry.child("conditions"))
      address.ready = conditions->flag("ready", true);
    if (const auto target = entry.child("targetRef"); target && target->text("kind") == "Pod") {
      address.pod_name = target->text("name");
    }
    endpoints.endpoints.push_back(std::move(address));
  }
  for (const View& port : view.list("ports")) {
    if (const std::string protocol = port.text("protocol"); !protocol.empty() && protocol != "TCP")
      continue;
    endpoints.ports.push_back(EndpointPort{
        port.text("name"), read_port(port, "port", report).value_or(0), port.text("appProtocol")});
  }
  return std::vector<std::shared_ptr<const Endpoints>>{
      std::make_shared<const Endpoints>(std::move(endpoints))};
}

}  // namespace sm::config
