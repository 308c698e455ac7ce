// SPDX-License-Identifier: Apache-2.0
#include "ctl/run.h"

#include "ctl/listing_names.h"
#include "ctl/seconds.h"
#include "ctl/verb.h"
#include "fake_console.h"

namespace sm::ctl {

TEST_CASE("ctl: every verb has help that names it and its options, on standard output") {
  const Ran all({"--help"});
  CHECK(all.code == 0);
  CHECK(all.err.empty());
  for (const Verb& verb : verbs()) {
    INFO(std::string(verb.name));
    CHECK(all.out_has("  " + std::string(verb.name)));
    const Ran one({std::string(verb.name), "--help"});
    CHECK(one.code == 0);
    CHECK(one.out_has("usage: sockmeshctl " + std::string(verb.name)));
    CHECK(one.out_has("--socket PATH"));
    for (const Option& option : verb.options) CHECK(one.out_has(std::string(option.name)));
  }
}

TEST_CASE("ctl: nothing, an unknown verb, an unknown option are usage errors with a suggestion") {
  const Ran nothing({});
  CHECK(nothing.code == 2);
  CHECK(nothing.out.empty());
  CHECK(nothing.err_has("usage: sockmeshctl"));
  const Ran verb({"no-such-verb"});
  CHECK(verb.code == 2);
  CHECK(verb.out.empty());
  CHECK(verb.err_has("\"no-such-verb\" is no verb"));
  const Ran typo({"anaylze", "."});
  CHECK(typo.code == 2);
  CHECK(typo.err_has("did you mean \"analyze\"?"));
  CHECK(Ran({"status", "--frobnicate"}).code == 2);
}

TEST_CASE("ctl: without a daemon the exit code is 3 and the remedy is said") {
  const Scratch scratch;
  const std::string socket = scratch.path("nobody.sock");
  for (const auto& verb : std::vector<std::vector<std::string>>{{"status"},
                                                                {"pods"},
                                                                {"bpf"},
                                                                {"sync"},
                                                                {"drain"},
                                                                {"log-level", "info"},
                                                                {"pc", "routes"}}) {
    std::vector<std::string> arguments = {"--socket", socket};
    arguments.insert(arguments.end(), verb.begin(), verb.end());
    const Ran ran(arguments);
    INFO(verb[0]);
    CHECK(ran.code == 3);
    CHECK(ran.out.empty());
    CHECK(ran.err_has(socket));
    CHECK(ran.err_has("remedy: start sockmeshd"));
  }
}

TEST_CASE("ctl: with -o json standard output holds one value also when it fails") {
  const Ran ran({"--socket", "/nonexistent/s", "status", "-o", "json"});
  CHECK(ran.code == 3);
  CHECK(ran.json()["error"]["text"].get<std::string>().find("/nonexistent/s") != std::string::npos);
  CHECK_FALSE(ran.err.empty());
}

TEST_CASE("ctl: the version is printed by the verb and by the option") {
  const Ran verb({"version"});
  CHECK(verb.code == 0);
  CHECK(verb.out.rfind("sockmeshctl ", 0) == 0);
  CHECK(Ran({"--version"}).out == verb.out);
  CHECK(Ran({"version", "-o", "json"}).json().contains("version"));
  CHECK(Ran({"version", "-o", "yaml"}).out_has("apiVersion: sockmesh.io/v1\n"));
}

TEST_CASE("ctl: what a verb cannot make sense of is a usage error before the daemon is asked") {
  for (const auto& arguments : std::vector<std::vector<std::string>>{
           {"sync", "--wait", "soon"},
           {"sync", "--wait", "-1"},
           {"sync", "--wait", "99999"},
           {"log-level", "loud"},
           {"log-level", "kernel:info"},
           {"pc", "secretz"},
           {"completion", "fish"},
           {"apply", "-f", "x"},
           {"apply", "--dir", "/tmp"},
           {"apply", "-f", "x", "--dir", "/tmp", "--service-cidr", "fd00::/64"}}) {
    INFO(arguments[0] << " " << arguments[1]);
    const Ran ran(arguments);
    CHECK(ran.code == 2);
    CHECK(ran.err_has("remedy: "));
  }
  CHECK(Ran({"log-level", "captur:debug"}).err_has("did you mean \"capture\"?"));
  CHECK(Ran({"pc", "rotues"}).err_has("did you mean \"routes\"?"));
}

TEST_CASE("ctl: seconds may have a fraction, and have a limit") {
  CHECK(parse_seconds("10") == std::chrono::milliseconds(10'000));
  CHECK(parse_seconds("0.25") == std::chrono::milliseconds(250));
  CHECK(parse_seconds("0") == std::chrono::milliseconds(0));
  CHECK(parse_seconds("3600") == std::chrono::milliseconds(3'600'000));
  for (const char* bad : {"", ".", "1e3", "-1", "3601", "1.2.3", "nan", "ten"}) {
    INFO(bad);
    CHECK_FALSE(parse_seconds(bad).has_value());
  }
}

TEST_CASE("ctl: tables and pods of proxy-config may be named as istioctl's users do") {
  CHECK(listing_of("routes") == "routes");
  CHECK(listing_of("route") == "routes");
  CHECK(listing_of("r") == "routes");
  CHECK(listing_of("ep") == "endpoints");
  CHECK(listing_of("cluster") == "clusters");
  CHECK(listing_of("l") == "listeners");
  CHECK(listing_of("secrets").empty());
  CHECK(pod_of("", "").empty());
  CHECK(pod_of("shop/cart-1", "other") == "shop/cart-1");
  CHECK(pod_of("cart-1.shop", "") == "shop/cart-1");
  CHECK(pod_of("cart-1", "shop") == "shop/cart-1");
  CHECK(pod_of("cart-1", "") == "default/cart-1");
}

}  // namespace sm::ctl
