// SPDX-License-Identifier: Apache-2.0
#include "config/istio_names.h"

#include <doctest/doctest.h>

namespace sm::config {
namespace {

TEST_CASE("config: hosts as Istio takes them") {
  for (const char* text : {"*", "*.a.com", "a", "a.b.svc.cluster.local", "a.b.", "*-x.com", "*a",
                           "A.Com", "1.a", "123"}) {
    CAPTURE(text);
    CHECK(is_wildcard_domain(text));
  }
  for (const char* text :
       {"", "a.*", "**", "a..b", "a b", "http://a", "a:80", "a_b.c", "a.1", "-a", "10.0.0.1"}) {
    CAPTURE(text);
    CHECK_FALSE(is_wildcard_domain(text));
  }
  CHECK(is_fqdn("a.b"));
  CHECK_FALSE(is_fqdn("*.b"));
  CHECK_FALSE(is_fqdn(std::string(256, 'a')));
  CHECK(is_partial_wildcard("*a.com"));
  CHECK_FALSE(is_partial_wildcard("*.a.com"));
  CHECK_FALSE(is_partial_wildcard("*"));
  CHECK(is_generated_sni("outbound_.80_._.a.b.svc.cluster.local"));
  CHECK_FALSE(is_generated_sni("outbound_.80_.a"));
}

TEST_CASE("config: hosts cover and overlap each other") {
  CHECK(host_covers("*.foo.com", "bar.foo.com"));
  CHECK(host_covers("*.com", "*.foo.com"));
  CHECK(host_covers("*", "x"));
  CHECK_FALSE(host_covers("*.foo.com", "foo.com"));
  CHECK_FALSE(host_covers("*.foo.com", "*.com"));
  CHECK(hosts_overlap("*.foo.com", "*.com"));
  CHECK(hosts_overlap("x.foo.com", "*.com"));
  CHECK_FALSE(hosts_overlap("foo.com", "*.foo.com"));
}

TEST_CASE("config: labels, addresses, sockets, claims and protocols") {
  CHECK(is_istio_label_key("App.Kubernetes.io/name"));
  CHECK_FALSE(is_istio_label_key("a/b/c"));
  CHECK_FALSE(is_istio_label_key("/a"));
  CHECK(is_istio_label_value(""));
  CHECK_FALSE(is_istio_label_value("-a"));
  CHECK(is_ip_or_subnet("10.0.0.0/8"));
  CHECK(is_ip_or_subnet("fd00::1"));
  CHECK_FALSE(is_ip_or_subnet("10.0.0.0/33"));
  CHECK(is_unix_path("/a/b"));
  CHECK(is_unix_path("@a"));
  CHECK_FALSE(is_unix_path("a"));
  CHECK_FALSE(is_unix_path("/a/"));
  CHECK(is_jwt_claim("@request.auth.claims.sub"));
  CHECK(is_jwt_claim("@request.auth.claims[a][b]"));
  CHECK_FALSE(is_jwt_claim("@request.auth.claims"));
  CHECK(is_pseudo_header(":method"));
  CHECK_FALSE(is_pseudo_header(":host"));
  CHECK(protocol_of("grpc-WEB").http);
  CHECK(protocol_of("HTTPS").tls);
  CHECK(protocol_of("Mongo").tcp);
  CHECK(protocol_of("udp").known);
  CHECK_FALSE(protocol_of("smtp").known);
}

TEST_CASE("config: values of header operations follow Envoy's parser") {
  for (const char* text :
       {"plain", "100%%", "%REQ(x-a)%", "%START_TIME(%s)%", "%X([\"a\", \"b\"])%",
        "a %DOWNSTREAM_REMOTE_ADDRESS% b", "%X(a\\)b)%", "tab\there"}) {
    CAPTURE(text);
    CHECK(header_value_problem(text).empty());
  }
  for (const char* text : {"%", "abcd%oij", "%REQ(x", "100% sure", "%X([a])%", "%X([\"a\" b])%",
                           "%X(a) b%", "%X(a\\", "line\r\nbreak"}) {
    CAPTURE(text);
    CHECK_FALSE(header_value_problem(text).empty());
  }
}

}  // namespace
}  // namespace sm::config
