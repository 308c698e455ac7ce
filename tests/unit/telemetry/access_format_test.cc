// SPDX-License-Identifier: Apache-2.0
#include "telemetry/access_format.h"

#include <doctest/doctest.h>

#include <map>
#include <string>

#include "base/json.h"

namespace sm::telemetry {
namespace {

class Headers final : public HeaderLookup {
 public:
  std::map<std::string, std::string, std::less<>> request, response;
  std::string_view request_header(std::string_view name) const override {
    const auto found = request.find(name);
    return found == request.end() ? std::string_view() : found->second;
  }
  std::string_view response_header(std::string_view name) const override {
    const auto found = response.find(name);
    return found == response.end() ? std::string_view() : found->second;
  }
};

struct Sample {
  Headers headers;
  AccessRecord record;
  Sample() {
    headers.request = {{"x-a", "one"}, {"x-b", "two\nlines"}};
    headers.response = {{"content-type", "text/html"}};
    // 2021-09-30T10:15:30.123Z
    record.start_time =
        std::chrono::system_clock::time_point(std::chrono::milliseconds(1632996930123));
    record.method = "GET";
    record.path = "/p?q";
    record.response_code = 503;
    record.flags.set(Flag::kNoHealthyUpstream);
    record.bytes_sent = 19;
    record.authority = "shop";
    record.downstream_remote = SocketAddress::parse("[fd60::b]:50000");
    record.headers = &headers;
  }
};

std::string text(std::string_view format) {
  const Sample sample;
  auto made = AccessFormat::text(format);
  REQUIRE_MESSAGE(made, format);
  std::string out;
  (*made)->append(sample.record, out);
  return out;
}

Json json(std::string_view format) {
  const Sample sample;
  auto made = AccessFormat::json(format);
  REQUIRE_MESSAGE(made, format);
  std::string out;
  (*made)->append(sample.record, out);
  auto parsed = parse_json(out);
  REQUIRE_MESSAGE(parsed, out);
  return *parsed;
}

}  // namespace

TEST_CASE("access format: operators, headers, a second choice, a longest length, a dash") {
  CHECK(text("%REQ(:METHOD)% %REQ(:PATH)% %RESPONSE_CODE% %RESPONSE_FLAGS%") == "GET /p?q 503 UH");
  CHECK(text("%REQ(X-A)%|%REQ(X-NONE?X-A)%|%REQ(X-NONE)%|%REQ(x-b):5%") == "one|one|-|two l");
  CHECK(text("%RESP(Content-Type)% %RESP(X-NONE)%") == "text/html -");
  CHECK(text("%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT% %DOWNSTREAM_REMOTE_PORT%") ==
        "fd60::b 50000");
  CHECK(text("100%% of %BYTES_SENT%\n") == "100% of 19");
  CHECK(text("%UPSTREAM_HOST%") == "-");
}

TEST_CASE("access format: the time as told, with parts of the second") {
  CHECK(text("%START_TIME%") == "2021-09-30T10:15:30.123Z");
  CHECK(text("%START_TIME(%Y/%m/%d %H:%M:%S.%6f)%") == "2021/09/30 10:15:30.123000");
  CHECK(text("%START_TIME(%s%3f)%") == "1632996930123");
}

TEST_CASE("access format: what is not understood is refused and named") {
  for (const char* wrong : {"%NO_SUCH%", "%REQ()%", "%REQ(X):0%", "%REQ(X):z%", "open %REQ(X)",
                            "%PROTOCOL(x)%", "%RESPONSE_CODE"}) {
    CHECK_MESSAGE(!AccessFormat::text(wrong), wrong);
  }
  CHECK(AccessFormat::text("a %NO_SUCH% b").error().text.find("%NO_SUCH%") != std::string::npos);
  CHECK_FALSE(AccessFormat::json("[]"));
  CHECK_FALSE(AccessFormat::json("{\"a\": \"%NO_SUCH%\"}"));
  CHECK_FALSE(AccessFormat::json("{"));
}

TEST_CASE("access format: JSON keeps numbers, says null, nests, and quotes what it is given") {
  const Json made =
      json(R"({"code":"%RESPONSE_CODE%","host":"%UPSTREAM_HOST%","b":"%REQ(X-B)%",)"
           R"("text":"\"%REQ(X-A)%\" %UPSTREAM_HOST%","more":{"sent":"%BYTES_SENT%","x":1}})");
  CHECK(made["code"] == 503);
  CHECK(made["host"].is_null());
  CHECK(made["b"] == "two lines");
  CHECK(made["text"] == "\"one\" -");
  CHECK(made["more"]["sent"] == 19);
  CHECK(made["more"]["x"] == 1);
}

TEST_CASE("access format: Istio's default JSON has its keys") {
  const Sample sample;
  std::string out;
  AccessFormat::default_json()->append(sample.record, out);
  auto parsed = parse_json(out);
  REQUIRE(parsed);
  CHECK(parsed->size() == 24);
  CHECK((*parsed)["method"] == "GET");
  CHECK((*parsed)["path"] == "/p?q");
  CHECK((*parsed)["response_flags"] == "UH");
  CHECK((*parsed)["upstream_cluster"].is_null());
  CHECK((*parsed)["duration"] == 0);
}

TEST_CASE("access format: it names the answer's headers that it needs, and equals its like") {
  auto made = AccessFormat::text("%RESP(A?B)% %REQ(C)%");
  REQUIRE(made);
  CHECK((*made)->response_headers() == std::vector<std::string>{"a", "b"});
  CHECK(**made == **AccessFormat::text("%RESP(A?B)% %REQ(C)%"));
  CHECK_FALSE(**made == *AccessFormat::default_text());
}

}  // namespace sm::telemetry
