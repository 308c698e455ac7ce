// SPDX-License-Identifier: Apache-2.0
// Istio resources as sockmesh reads them: what the YAML says, nothing resolved. Values, const once
// loaded.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/kube.h"
#include "telemetry/access_format.h"

namespace sm::config {

struct StringMatch {
  enum class Kind : unsigned char { kPresent, kExact, kPrefix, kRegex };
  Kind kind = Kind::kPresent;
  std::string value;
  Mark mark;
};

struct Destination {
  std::string host;  // as written
  std::string subset;
  std::optional<std::uint16_t> port;
  Mark mark;
  Mark subset_mark;
  std::string path;  // "spec.http[0].route[0].destination"
};

struct HeaderOperations {
  std::vector<std::pair<std::string, std::string>> set;
  std::vector<std::pair<std::string, std::string>> add;
  std::vector<std::string> remove;
  bool empty() const { return set.empty() && add.empty() && remove.empty(); }
};

struct WeightedDestination {
  Destination destination;
  std::uint32_t weight = 0;
  HeaderOperations request_headers;
  HeaderOperations response_headers;
};

struct HttpMatch {
  std::string name;
  std::optional<StringMatch> uri, scheme, method, authority;
  std::vector<std::pair<std::string, StringMatch>> headers;  // names in lower case
  std::vector<std::pair<std::string, StringMatch>> without_headers;
  std::vector<std::pair<std::string, StringMatch>> query_params;
  std::vector<std::string> claims;  // JWT claims that it asks for, as written
  bool ignore_uri_case = false;
  std::optional<std::uint16_t> port;
  Labels source_labels;
  std::string source_namespace;
  std::vector<std::string> gateways;
  Mark mark;
};

struct HttpRewrite {
  std::string uri;  // empty: none
  bool has_uri = false;
  std::string authority;
  std::string regex_match;  // uriRegexRewrite
  std::string regex_rewrite;
};

struct Mirror {
  Destination destination;
  double percent = 100.0;
};

struct Redirect {
  std::string uri, authority, scheme;
  std::optional<std::uint16_t> port;
  std::string derive_port;
  int code = 301;
};

struct DirectResponse {
  int status = 200;
  std::string body;
};

// Another VirtualService that has the routes of this one.
struct Delegate {
  std::string name;
  std::string namespace_;  // empty: the delegating one's
};

struct HttpRoute {
  std::string name;
  std::vector<HttpMatch> match;  // empty: everything
  std::vector<WeightedDestination> route;
  std::optional<Redirect> redirect;
  std::optional<DirectResponse> direct_response;
  std::optional<HttpRewrite> rewrite;
  std::vector<Mirror> mirrors;
  HeaderOperations request_headers;
  HeaderOperations response_headers;
  std::optional<std::chrono::milliseconds> timeout;  // shown; applied by a later release
  bool has_retries = false;                          // likewise
  std::optional<Delegate> delegate;                  // likewise
  std::optional<Destination> mirror;  // as written, whatever its share; `mirrors` are what is done
  std::vector<Destination> further_mirrors;  // likewise
  Mark mark;
};

// A tcp or tls route. Judged and analysed; forwarding by it is a later release's work.
struct L4Match {
  std::vector<std::string> sni_hosts;
  std::vector<std::string> destination_subnets;
  std::optional<std::uint16_t> port;
  Labels source_labels;
  std::string source_namespace;
  std::vector<std::string> gateways;
};

struct L4Route {
  std::vector<L4Match> match;  // empty: everything
  std::vector<WeightedDestination> route;
  Mark mark;
};

struct VirtualService {
  Metadata meta;
  std::vector<std::string> hosts;
  std::vector<std::string> gateways;  // empty: {"mesh"}
  std::vector<Mark> gateway_marks;
  std::vector<HttpRoute> http;
  std::vector<L4Route> tls;
  std::vector<L4Route> tcp;
  std::vector<std::string> export_to;
  Mark hosts_mark;
};

enum class TlsMode : unsigned char { kUnset, kDisable, kSimple, kMutual, kIstioMutual };

enum class LoadBalancer : unsigned char {
  kUnset,
  kLeastRequest,
  kRoundRobin,
  kRandom,
  kPassthrough
};

struct PortPolicy;

struct TrafficPolicy {
  LoadBalancer load_balancer = LoadBalancer::kUnset;
  bool has_load_balancer = false;  // the block is present (a present block replaces the parent's)
  bool has_connection_pool = false;
  std::optional<std::chrono::milliseconds> connect_timeout;
  TlsMode tls = TlsMode::kUnset;
  bool has_tls = false;
  // By what a server is verified: analysed, later used.
  bool has_ca_certificates = false;
  bool has_credential = false;
  Mark tls_mark;
  bool has_outlier_detection = false;
  // portLevelSettings, by service port; a matching entry replaces all four blocks
  std::vector<PortPolicy> ports;
  Mark mark;
};

struct PortPolicy {
  PortPolicy(std::uint16_t number, TrafficPolicy given) : port(number), policy(std::move(given)) {}
  std::uint16_t port = 0;
  TrafficPolicy policy;
};

struct Subset {
  std::string name;
  Labels labels;
  std::optional<TrafficPolicy> policy;
  Mark mark;
};

struct DestinationRule {
  Metadata meta;
  std::string host;
  std::optional<TrafficPolicy> policy;
  std::vector<Subset> subsets;
  std::vector<std::string> export_to;
  bool has_workload_selector = false;
  Labels workload_selector;
  Mark host_mark;
};

struct GatewayServer {
  std::uint16_t port = 0;
  std::string port_name;
  std::string protocol;  // upper case
  std::vector<std::string> hosts;
  std::string bind;
  bool has_tls = false;
  // Where its certificate is: analysed, later used.
  std::string credential;
  std::string certificate_file;
  std::string key_file;
  Mark mark;
  Mark credential_mark;
};

struct Gateway {
  Metadata meta;
  Labels selector;
  Mark selector_mark;
  std::vector<GatewayServer> servers;
};

// Security resources. Evaluating them is a later release's work; until then a workload that one
// selects is denied, unless the policy allows everything.
struct SecurityPolicy {
  Metadata meta;
  enum class Kind : unsigned char { kAuthorization, kPeerAuthentication, kRequestAuthentication };
  Kind kind = Kind::kAuthorization;
  bool has_selector = false;
  Labels selector;  // empty: the whole namespace (in the root namespace: the mesh)
  Mark selector_mark;
  // Namespaces that its rules name, with the path of each.
  struct NamespaceName {
    std::string name;
    std::string path;
    Mark mark;
  };
  std::vector<NamespaceName> namespaces;
  bool allows_everything =
      false;  // AuthorizationPolicy ALLOW with rules [{}]; PeerAuthentication
              // PERMISSIVE/DISABLE/UNSET everywhere; a DENY or AUDIT policy that can never match
  std::string action;  // "ALLOW", "DENY", ...; mtls mode for PeerAuthentication
};

// The parts of MeshConfig (ConfigMap istio in the root namespace, key mesh) that are read so far.
struct MeshConfig {
  std::string root_namespace = "istio-system";
  std::string trust_domain = "cluster.local";
  bool registry_only = false;   // outboundTrafficPolicy.mode
  std::string access_log_file;  // empty: off
  // accessLogFormat and accessLogEncoding, understood. Never null.
  std::shared_ptr<const telemetry::AccessFormat> access_log_format =
      telemetry::AccessFormat::default_text();
  std::string path_normalization = "BASE";  // BASE, NONE, MERGE_SLASHES, DECODE_AND_MERGE_SLASHES

  // For the analysers.
  bool allocates_addresses = false;  // ServiceEntries get addresses from the proxy
  bool has_log_provider = false;     // defaultProviders.accessLogging

  // Formats are compared by what they say: each load makes a new one.
  bool operator==(const MeshConfig& other) const {
    return root_namespace == other.root_namespace && trust_domain == other.trust_domain &&
           registry_only == other.registry_only && access_log_file == other.access_log_file &&
           *access_log_format == *other.access_log_format &&
           path_normalization == other.path_normalization &&
           allocates_addresses == other.allocates_addresses &&
           has_log_provider == other.has_log_provider;
  }
};

}  // namespace sm::config
