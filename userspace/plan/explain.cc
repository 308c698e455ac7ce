// SPDX-License-Identifier: Apache-2.0
#include "plan/explain.h"

#include <algorithm>

#include "base/text.h"
#include "http/authority.h"
#include "http/hop_by_hop.h"
#include "http/local_reply.h"
#include "plan/explain_answer.h"
#include "plan/explain_url.h"
#include "plan/forwarded.h"
#include "plan/protocol.h"

namespace sm::plan {

namespace {

constexpr std::string_view kRequestId = "00000000-0000-4000-8000-000000000000";
constexpr std::string_view kOutsideClient = "192.0.2.1";  // RFC 5737: an address that is nobody's

class Explanation {
 public:
  Explanation(const RunPlan& plan, const ExplainRequest& request, const LocalPod& pod)
      : x_plan(plan), x_request(request), x_pod(pod), x_answer(empty_answer()) {
    if (!request.at_gateway) {
      x_answer["client"]["identity"] = pod.workload->identity;
      x_answer["client"]["attestation"] = "kernel";
    }
  }

  Result<Json> run() {
    SM_TRY_ASSIGN(const Url url, split_url(x_request.url));
    const RouteTable* table = nullptr;
    if (x_request.at_gateway) {
      SM_TRY_ASSIGN(table, gateway_table());
      x_facts.downstream_remote.ip = IpAddress::parse(kOutsideClient).value();
    } else {
      SM_TRY(note_destination(url));
      if (!x_pod.lists.takes_outbound(x_facts.downstream_local)) {
        pass_by();
        return std::move(x_answer);
      }
      const OutboundChoice choice =
          choose_outbound(x_plan, *x_pod.outbound, x_facts.downstream_local);
      x_answer["protocol"] = to_string(choice.protocol);
      if (choice.routes == nullptr || url.scheme != "http") {
        relay(*choice.l4);
        return std::move(x_answer);
      }
      table = choice.routes;
      x_facts.downstream_remote.ip = client_address();
    }
    decide(url, *table);
    return std::move(x_answer);
  }

 private:
  Result<const RouteTable*> gateway_table() {
    x_answer["port"] = x_request.port;
    const auto found = x_pod.gateway_ports.find(x_request.port);
    if (found != x_pod.gateway_ports.end()) return &found->second;
    std::string open;
    for (const auto& [port, table] : x_pod.gateway_ports)
      open += (open.empty() ? "" : ", ") + std::to_string(port);
    return Error{
        ErrorCode::kNotFound,
        "gateway " + x_request.pod + " does not open port " + std::to_string(x_request.port),
        open.empty() ? "no Gateway with a plaintext HTTP server selects it" : "it opens " + open};
  }

  Result<> note_destination(const Url& url) {
    std::string_view port_text =
        std::string_view(url.authority).substr(host_without_port(url.authority).size());
    if (!port_text.empty()) port_text.remove_prefix(1);
    std::uint64_t port = url.scheme == "https" ? 443 : 80;
    if (!port_text.empty()) port = parse_decimal(port_text, UINT16_MAX).value_or(0);
    if (port == 0 || (url.scheme == "tcp" && port_text.empty())) {
      return Error{ErrorCode::kInvalid, url.authority + " has no port", "write HOST:PORT"};
    }
    x_facts.downstream_local =
        dialled(*x_pod.outbound, url.authority, static_cast<std::uint16_t>(port));
    x_answer["port"] = port;
    return {};
  }

  // The client's annotations leave the destination out: the connection is never ours.
  void pass_by() {
    x_answer["verdict"] = "passthrough";
    x_answer["protocol"] = "tcp";
    x_answer["details"] = "not_captured";
    x_answer["client"]["attestation"] = "none";
  }

  IpAddress client_address() const {
    return x_pod.workload->ips.empty() ? IpAddress() : x_pod.workload->ips.front();
  }

  // Bytes relayed as they are.
  void relay(const Cluster& cluster) {
    x_answer["details"] = "-";
    name_cluster(cluster);
    x_answer["destinations"].push_back(destination_json(x_plan, cluster));
    if (cluster.kind == Cluster::Kind::kBlackHole) {
      x_answer["verdict"] = "blackhole";
    } else if (&cluster == x_plan.passthrough) {
      x_answer["verdict"] = "passthrough";
    } else if (cluster.endpoints.empty()) {
      x_answer["verdict"] = "no_endpoint";
      x_answer["flags"] = "UH";
    } else if (all_denied(cluster)) {
      deny(cluster, nullptr, nullptr);
    } else {
      x_answer["verdict"] = "route";
    }
  }

  void decide(const Url& url, const RouteTable& table) {
    if (!make_head(url)) return;
    const VirtualHost* host = table.find(x_head.authority);
    if (host != nullptr) x_answer["virtualHost"] = host->name;
    const Route* route = host == nullptr ? nullptr : first_match(*host);
    if (route == nullptr) {
      x_answer["verdict"] = "not_found";
      return reply(404, "", "NR", "route_not_found", nullptr, nullptr);
    }
    x_answer["route"] = route_json(*route);
    if (route->timeout) x_answer["timeoutMs"] = route->timeout->count();
    if (route->redirect) {
      x_answer["verdict"] = "redirect";
      http::LocalReply answer =
          http::make_local_reply(route->redirect->code, "", http::is_grpc_request(x_head));
      answer.head.headers.set("location", redirect_location(*route->redirect, x_head));
      return finish(std::move(answer), "-", "direct_response", route, nullptr);
    }
    if (route->direct) {
      x_answer["verdict"] =
          route->name == "block_all" && route->origin.kind.empty() ? "blackhole" : "direct";
      return reply(route->direct->status, route->direct->body, "-", "direct_response", route,
                   nullptr);
    }
    forward(*route);
  }

  // The request as the decoder and the checks before routing leave it.
  bool make_head(const Url& url) {
    x_head.method = x_request.method;
    x_head.scheme = "http";
    x_head.authority = url.authority;
    x_head.target = x_head.path = url.target;
    for (const auto& [name, value] : x_request.headers) {
      if (equals_ignoring_case(name, "host")) {
        x_head.authority = value;
      } else {
        x_head.headers.add(name, value);
      }
    }
    const auto refuse = [this](std::string_view body, std::string_view flags,
                               std::string_view details) {
      x_answer["verdict"] = "bad_request";
      reply(400, body, flags, details, nullptr, nullptr);
      return false;
    };
    if (!http::is_valid_authority(x_head.authority) ||
        http::split_target(x_head.target).form == http::TargetForm::kBad) {
      return refuse("Bad Request", "DPE", "http1.codec_error");
    }
    auto canonical = http::canonicalise_path(x_head.path, x_plan.path_normalization);
    if (!canonical) return refuse("", "-", "path_normalization_failed");
    x_head.path = std::move(*canonical);
    if (const auto error = http::strip_hop_by_hop(x_head))
      return refuse(error->body, "DPE", error->details);
    prepare_forwarded(x_request.at_gateway, x_facts.downstream_remote.ip, kRequestId, x_head);
    return true;
  }

  const Route* first_match(const VirtualHost& host) {
    const Workload* client = x_request.at_gateway ? nullptr : x_pod.workload;
    const RequestView view = RequestView::of(x_head, x_facts.downstream_local.port, client);
    for (const Route& route : host.routes) {
      std::string because;
      if (route.match.matches(view, &because)) return &route;
      x_answer["rejected"].push_back(rejected_json(route, because));
    }
    return nullptr;
  }

  void forward(const Route& route) {
    const bool single = route.destinations.size() == 1;
    for (const WeightedCluster& to : route.destinations) {
      x_answer["destinations"].push_back(
          destination_json(x_plan, to, single && to.weight == 0 ? 100 : to.weight));
    }
    for (const MirrorTarget& mirror : route.mirrors) {
      x_answer["mirrors"].push_back(
          Json{{"cluster", mirror.cluster_name}, {"percent", mirror.per_million / 10000.0}});
    }
    const WeightedCluster& to = representative(route);
    if (to.cluster == nullptr) {
      x_answer["verdict"] = "no_cluster";
      return reply(503, "", "NC", "cluster_not_found", &route, &to);
    }
    const Cluster& cluster = *to.cluster;
    name_cluster(cluster);
    apply_to_request(route, to, x_head, x_facts);
    if (cluster.kind == Cluster::Kind::kEndpoints && cluster.endpoints.empty()) {
      x_answer["verdict"] = "no_endpoint";
      return reply(503, "no healthy upstream", "UH", "no_healthy_upstream", &route, &to);
    }
    if (all_denied(cluster)) return deny(cluster, &route, &to);
    x_answer["verdict"] = &cluster == x_plan.passthrough ? "passthrough" : "route";
    finish_forwarded(x_head);
    x_answer["upstream"] = Json{{"method", x_head.method},
                                {"authority", x_head.authority},
                                {"path", x_head.path},
                                {"headers", headers_json(x_head.headers)}};
    x_answer["responseHeaderOps"] = response_operations(route, &to, x_head, x_facts);
  }

  // Of several destinations the first that would take a request; they are all told.
  static const WeightedCluster& representative(const Route& route) {
    const bool single = route.destinations.size() == 1;
    const auto drawn = [single](const WeightedCluster& to) { return single || to.weight > 0; };
    const auto serves = [&drawn](const WeightedCluster& to) {
      return drawn(to) && to.cluster != nullptr &&
             (to.cluster->kind != Cluster::Kind::kEndpoints || !to.cluster->endpoints.empty());
    };
    auto found = std::find_if(route.destinations.begin(), route.destinations.end(), serves);
    if (found == route.destinations.end())
      found = std::find_if(route.destinations.begin(), route.destinations.end(), drawn);
    return found == route.destinations.end() ? route.destinations.front() : *found;
  }

  void name_cluster(const Cluster& cluster) {
    if (cluster.service.empty()) return;
    x_answer["service"] = cluster.service;
    x_answer["port"] = cluster.port;
  }

  const LocalPod* closed_pod(const Endpoint& endpoint) const {
    const LocalPod* pod =
        endpoint.workload == nullptr ? nullptr : x_plan.pod(endpoint.workload->key);
    // What the pod's annotations leave out reaches its application whatever its policy.
    const bool closed = pod != nullptr && !pod->denied_because.empty() &&
                        pod->lists.takes_inbound(endpoint.address.port);
    return closed ? pod : nullptr;
  }

  bool all_denied(const Cluster& cluster) const {
    return !cluster.endpoints.empty() &&
           std::all_of(
               cluster.endpoints.begin(), cluster.endpoints.end(),
               [this](const Endpoint& endpoint) { return closed_pod(endpoint) != nullptr; });
  }

  void deny(const Cluster& cluster, const Route* route, const WeightedCluster* to) {
    const LocalPod* pod = closed_pod(cluster.endpoints.front());
    x_answer["verdict"] = "deny";
    x_answer["authz"] = Json{{"result", "deny"},
                             {"policy", pod->denied_because},
                             {"rule", nullptr},
                             {"dryRun", Json::array()}};
    if (route == nullptr) return;  // a connection that is closed, not answered
    reply(403, "RBAC: access denied", "-", "rbac_access_denied_matched_policy[none]", route, to);
  }

  void reply(int status, std::string_view body, std::string_view flags, std::string_view details,
             const Route* route, const WeightedCluster* to) {
    finish(http::make_local_reply(status, body, http::is_grpc_request(x_head)), flags, details,
           route, to);
  }

  void finish(http::LocalReply answer, std::string_view flags, std::string_view details,
              const Route* route, const WeightedCluster* to) {
    if (route != nullptr) apply_to_response(*route, to, x_head, answer.head, x_facts);
    answer.head.headers.set("server", x_request.at_gateway ? "istio-envoy" : "envoy");
    set_local_answer(answer.head, answer.body, flags, details, x_answer);
  }

  const RunPlan& x_plan;
  const ExplainRequest& x_request;
  const LocalPod& x_pod;
  Json x_answer;
  http::RequestHead x_head;
  StreamFacts x_facts;
};

}  // namespace

Result<Json> explain(const RunPlan& plan, const ExplainRequest& request) {
  const LocalPod* pod = plan.pod(request.pod);
  if (pod == nullptr) {
    return Error{ErrorCode::kNotFound, "there is no pod " + request.pod + " that is enrolled here",
                 "name it NAMESPACE/POD"};
  }
  if (request.at_gateway && !pod->workload->gateway) {
    return Error{ErrorCode::kInvalid, request.pod + " is no gateway",
                 "ask with --from, or annotate it sockmesh.io/gateway: \"true\""};
  }
  if (!request.at_gateway && pod->outbound == nullptr) {
    return Error{ErrorCode::kInvalid,
                 request.pod + " is a gateway and has no application that asks",
                 "ask with --gateway and --port"};
  }
  return Explanation(plan, request, *pod).run();
}

}  // namespace sm::plan
