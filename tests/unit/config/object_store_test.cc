// SPDX-License-Identifier: Apache-2.0
#include "config/object_store.h"

#include <doctest/doctest.h>

#include <set>

#include "config/loader.h"
#include "scratch.h"

namespace sm::config {
namespace {

ObjectStore store(const Scratch& dir, std::optional<Cidr> range = std::nullopt,
                  const std::string& space = "default", std::int64_t now = 1'000'000'000) {
  return ObjectStore(StoreOptions{dir.path(), space, range}, now, Rng(1));
}

constexpr const char* kRule =
    "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: a}\nspec: {host: "
    "b}\n";

std::string service(const std::string& name, const std::string& more = "") {
  return "apiVersion: v1\nkind: Service\nmetadata: {name: " + name +
         "}\nspec: {ports: [{port: 80}]" + more + "}\n";
}

TEST_CASE("config: apply makes one file an object, delete leaves none") {
  const Scratch dir;
  ObjectStore one = store(dir, std::nullopt, "ns");
  auto first =
      one.apply("f.yaml", std::string(kRule) +
                              "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: ns}\n");
  REQUIRE(first.ok());
  CHECK(first->at(0).action == StoreAction::kCreated);
  CHECK(dir.count() == 2);
  CHECK_FALSE(dir.read("DestinationRule_ns_a.yaml").empty());
  CHECK_FALSE(dir.read("Namespace__ns.yaml").empty());
  const std::string before = dir.read("DestinationRule_ns_a.yaml");
  auto again = one.apply("f.yaml", kRule);
  REQUIRE(again.ok());
  CHECK(again->at(0).action == StoreAction::kUnchanged);
  CHECK(dir.read("DestinationRule_ns_a.yaml") == before);
  auto gone = one.remove("f.yaml", kRule);
  REQUIRE(gone.ok());
  CHECK(gone->at(0).action == StoreAction::kDeleted);
  CHECK(dir.count() == 1);
  CHECK(one.remove("f.yaml", kRule)->at(0).action == StoreAction::kNotFound);
}

TEST_CASE("config: what was applied loads as the object that it was") {
  const Scratch dir;
  REQUIRE(store(dir).apply("f.yaml", kRule).ok());
  Loader loader("");
  const auto snapshot = loader.load({dir.path()});
  REQUIRE(snapshot->destination_rules.size() == 1);
  const Metadata& meta = snapshot->destination_rules[0]->meta;
  CHECK(meta.creation_timestamp == "2001-09-09T01:46:40Z");
  CHECK(meta.ref.namespace_ == "default");
  REQUIRE(meta.uid.size() == 36);
  CHECK(meta.uid[14] == '4');
  CHECK(snapshot->findings.empty());
}

TEST_CASE("config: uid and creationTimestamp outlive a change, the rest is replaced") {
  const Scratch dir;
  REQUIRE(store(dir).apply("f.yaml", kRule).ok());
  Loader loader("");
  const auto before = loader.load({dir.path()});
  ObjectStore later(StoreOptions{dir.path(), "default", std::nullopt}, 1'700'000'000, Rng(2));
  auto changed = later.apply("f.yaml",
                             "apiVersion: networking.istio.io/v1beta1\nkind: "
                             "DestinationRule\nmetadata: {name: a}\nspec: {host: c}\n");
  REQUIRE(changed.ok());
  CHECK(changed->at(0).action == StoreAction::kConfigured);
  const auto after = loader.load({dir.path()});
  CHECK(after->destination_rules.at(0)->meta.uid == before->destination_rules.at(0)->meta.uid);
  CHECK(after->destination_rules.at(0)->meta.creation_timestamp ==
        before->destination_rules.at(0)->meta.creation_timestamp);
  CHECK(after->destination_rules.at(0)->host == "c");
}

TEST_CASE("config: Services get stable addresses of the range, without collision") {
  const Scratch dir;
  const auto range = Cidr::parse("10.96.0.0/28");
  std::string text;
  for (int i = 0; i < 14; ++i) text += "---\n" + service("s" + std::to_string(i));
  REQUIRE(store(dir, range).apply("f.yaml", text).ok());
  Loader loader("");
  const auto snapshot = loader.load({dir.path()});
  std::set<std::string> addresses;
  for (const auto& one : snapshot->services) {
    REQUIRE(one->cluster_ips.size() == 1);
    CHECK(range->contains(one->cluster_ips[0]));
    addresses.insert(one->cluster_ips[0].to_string());
  }
  CHECK(addresses.size() == 14);
  CHECK_FALSE(addresses.contains("10.96.0.0"));
  CHECK_FALSE(addresses.contains("10.96.0.15"));
  // The range is full; nothing is written.
  auto full = store(dir, range).apply("f.yaml", service("one-more"));
  REQUIRE_FALSE(full.ok());
  CHECK(full.error().text.find("no address is left") != std::string::npos);
  CHECK(dir.count() == 14);
  // Applied again, with or without the range, an address stays.
  const std::string before = dir.read("Service_default_s3.yaml");
  REQUIRE(store(dir).apply("f.yaml", service("s3")).ok());
  CHECK(dir.read("Service_default_s3.yaml") == before);
}

TEST_CASE("config: headless, external and addressed Services keep what they say") {
  const Scratch dir;
  const auto range = Cidr::parse("10.96.0.0/30");
  const std::string text = service("h", ", clusterIP: None") + "---\n" +
                           service("e", ", type: ExternalName, externalName: x.y") + "---\n" +
                           service("f", ", clusterIP: 10.96.0.1") + "---\n" + service("g");
  REQUIRE(store(dir, range).apply("f.yaml", text).ok());
  CHECK(dir.read("Service_default_h.yaml").find("clusterIP: None") != std::string::npos);
  CHECK(dir.read("Service_default_e.yaml").find("clusterIP") == std::string::npos);
  // 10.96.0.1 is spoken for within the same text.
  CHECK(dir.read("Service_default_g.yaml").find("clusterIP: 10.96.0.2") != std::string::npos);
}

TEST_CASE("config: nothing is written when one document cannot be") {
  const Scratch dir;
  for (const char* bad : {"kind: [", "apiVersion: v1\nkind: Pod\n",
                          "apiVersion: v1\nkind: Pod\nmetadata: {}\n", "a: 1\na: 2\n"}) {
    CAPTURE(bad);
    auto result = store(dir).apply("f.yaml", std::string(kRule) + "---\n" + bad);
    REQUIRE_FALSE(result.ok());
    CHECK(result.error().text.starts_with("f.yaml:"));
    CHECK(dir.count() == 0);
  }
}

TEST_CASE("config: lists, JSON, strange names and equal names of other groups") {
  const Scratch dir;
  REQUIRE(store(dir)
              .apply("f.json", R"({"apiVersion":"v1","kind":"List","items":[
    {"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"../up"}},
    {"apiVersion":"networking.istio.io/v1","kind":"Gateway","metadata":{"name":"g"}},
    {"apiVersion":"gateway.networking.k8s.io/v1","kind":"Gateway","metadata":{"name":"g"}}]})")
              .ok());
  CHECK(dir.count() == 3);
  CHECK_FALSE(dir.read("ConfigMap_default_..%2Fup.yaml").empty());
  CHECK_FALSE(dir.read("Gateway_default_g.yaml").empty());
}

TEST_CASE("config: the order of keys survives an apply") {
  const Scratch dir;
  REQUIRE(
      store(dir)
          .apply(
              "f.yaml",
              "kind: ConfigMap\napiVersion: v1\nmetadata: {name: c}\ndata: {z: \"1\", a: \"2\"}\n")
          .ok());
  const std::string text = dir.read("ConfigMap_default_c.yaml");
  CHECK(text.find("kind") < text.find("apiVersion"));
  CHECK(text.find("\n  z:") < text.find("\n  a:"));
}

TEST_CASE("config: apply needs its directory") {
  const Scratch dir;
  ObjectStore nowhere(StoreOptions{dir.path("none"), "default", std::nullopt}, 0, Rng(1));
  CHECK(nowhere.apply("f.yaml", kRule).error().code == ErrorCode::kNotFound);
}

}  // namespace
}  // namespace sm::config
