// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include "telemetry/access_fields.h"

namespace sm::telemetry {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): unit suffixes

// 2021-09-30T10:15:30.123Z
const std::chrono::system_clock::time_point kStart{std::chrono::milliseconds(1632996930123)};

std::string line(const AccessRecord& record) {
  std::string out;
  AccessFormat::default_text()->append(record, out);
  return out;
}

}  // namespace

TEST_CASE("telemetry: a full record is Istio's default line") {
  AccessRecord record;
  record.start_time = kStart;
  record.method = "GET";
  record.path = "/catalogue?size=3";
  record.response_code = 200;
  record.details = "via_upstream";
  record.bytes_received = 7;
  record.bytes_sent = 81;
  record.duration = 12ms;
  record.upstream_service_time = 11ms;
  record.forwarded_for = "10.1.2.3";
  record.user_agent = "curl/7.88";
  record.request_id = "8c7e-9";
  record.authority = "catalogue";
  record.upstream_host = SocketAddress::parse("10.60.1.11:80");
  record.upstream_cluster = "outbound|80|v1|catalogue.sock-shop.svc.cluster.local";
  record.upstream_local = SocketAddress::parse("10.60.1.5:40000");
  record.downstream_local = SocketAddress::parse("10.96.0.7:80");
  record.downstream_remote = SocketAddress::parse("[fd60:1::b]:50000");
  record.requested_server_name = "sni.example";
  record.route_name = "default";
  CHECK(line(record) ==
        "[2021-09-30T10:15:30.123Z] \"GET /catalogue?size=3 HTTP/1.1\" 200 - via_upstream - \"-\" "
        "7 81 12 11 \"10.1.2.3\" "
        "\"curl/7.88\" \"8c7e-9\" \"catalogue\" \"10.60.1.11:80\" "
        "outbound|80|v1|catalogue.sock-shop.svc.cluster.local "
        "10.60.1.5:40000 10.96.0.7:80 [fd60:1::b]:50000 sni.example default");
}

TEST_CASE("telemetry: what is missing is a dash, as in the line of a full breaker") {
  AccessRecord record;
  record.start_time = kStart;
  record.method = "GET";
  record.path = "/catalogue";
  record.response_code = 503;
  record.flags.set(Flag::kUpstreamOverflow);
  record.details = "upstream_reset_before_response_started{overflow}";
  record.bytes_sent = 81;
  CHECK(line(record) ==
        "[2021-09-30T10:15:30.123Z] \"GET /catalogue HTTP/1.1\" 503 UO "
        "upstream_reset_before_response_started{overflow} - \"-\" 0 81 0 - "
        "\"-\" \"-\" \"-\" \"-\" \"-\" - - - - - -");
}

TEST_CASE("telemetry: a TCP connection has dashes for the HTTP parts") {
  AccessRecord record;
  record.start_time = kStart;
  record.http = false;
  record.bytes_received = 10;
  record.bytes_sent = 20;
  record.duration = 5ms;
  record.upstream_host = SocketAddress::parse("10.60.1.12:3306");
  record.upstream_cluster = "outbound|3306||catalogue-db.sock-shop.svc.cluster.local";
  CHECK(line(record) ==
        "[2021-09-30T10:15:30.123Z] \"- - -\" 0 - - - \"-\" 10 20 5 - \"-\" \"-\" \"-\" \"-\" "
        "\"10.60.1.12:3306\" "
        "outbound|3306||catalogue-db.sock-shop.svc.cluster.local - - - - -");
}

TEST_CASE("telemetry: times have three digits of milliseconds, in UTC") {
  AccessRecord record;
  record.start_time = std::chrono::system_clock::time_point(std::chrono::milliseconds(5));
  CHECK(line(record).starts_with("[1970-01-01T00:00:00.005Z] "));
  record.start_time = std::chrono::system_clock::time_point(1709251199999ms);
  CHECK(line(record).starts_with("[2024-02-29T23:59:59.999Z] "));
}

TEST_CASE("telemetry: no value can forge a line") {
  AccessRecord record;
  record.user_agent = "a\nb\r";
  CHECK(line(record).find('\n') == std::string::npos);
  CHECK(line(record).find("\"a b \"") != std::string::npos);
}

}  // namespace sm::telemetry
