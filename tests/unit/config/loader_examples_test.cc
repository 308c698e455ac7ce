// SPDX-License-Identifier: Apache-2.0
// The files that the project ships, and the reference manifests beside it when they are there.
#include <doctest/doctest.h>

#include <filesystem>

#include "config/enrolment_rules.h"
#include "config/node_config.h"
#include "judge.h"
#include "scratch.h"

namespace sm::config {
namespace {

namespace fs = std::filesystem;

TEST_CASE(
    "config: the shipped node files load, and every-field.yaml has every key at its default") {
  const auto minimal = load_node_config("configs/minimal.yaml");
  REQUIRE_MESSAGE(minimal.ok(), (minimal.ok() ? "" : minimal.error().text));
  const auto every = load_node_config("configs/every-field.yaml");
  REQUIRE_MESSAGE(every.ok(), (every.ok() ? "" : every.error().text));
  CHECK(every->run_dir == minimal->run_dir);
  CHECK(every->state_dir == minimal->state_dir);
  CHECK(every->bpffs == minimal->bpffs);
  CHECK(every->workers == minimal->workers);
  CHECK(every->workers_per_pod == minimal->workers_per_pod);
  CHECK(every->unknown_pods == minimal->unknown_pods);
  CHECK(every->drain_seconds == minimal->drain_seconds);
  CHECK(every->log_level == minimal->log_level);
  CHECK(every->random_seed == minimal->random_seed);
}

TEST_CASE("config: the shipped resources load without a finding") {
  Loader loader("");
  const auto snapshot = loader.load({"configs/resources"});
  CHECK_MESSAGE(snapshot->findings.empty(), all_findings(*snapshot));
  CHECK(snapshot->virtual_services.size() == 2);
  CHECK(snapshot->gateways.size() == 1);
  CHECK(snapshot->mesh.access_log_file == "/dev/stdout");
  const auto pods = enrolments(*snapshot, "node-a");
  REQUIRE(pods.size() == 3);
  for (const Enrolment& pod : pods) CHECK(pod.enrolled);
}

std::string manifests() {
  const std::string path = "../shared/manifests";
  if (fs::exists(path)) return path;
  MESSAGE("passed over: ../shared/manifests is not there");
  return {};
}

TEST_CASE("config: the reference manifests of chapters 1 and 2 load without an error") {
  const std::string path = manifests();
  if (path.empty()) return;
  for (const char* chapter : {"/1-deploy-app", "/2-traffic-management/blue-green",
                              "/2-traffic-management/canary", "/2-traffic-management/route-headers",
                              "/2-traffic-management/mirorring", "/6-observability"}) {
    CAPTURE(chapter);
    Loader loader("");
    const auto snapshot = loader.load({path + chapter});
    CHECK(snapshot->virtual_services.size() >= 1);
    for (const Finding& finding : snapshot->findings) {
      // Istio's webhook warns of mirror_percent, which is in force all the same.
      const bool expected =
          finding.code == code::kDuplicate || finding.code == code::kSchemaWarning;
      CHECK_MESSAGE(expected, finding.describe());
    }
  }
  Loader loader("");
  const auto mirror = loader.load({path + "/2-traffic-management/mirorring"});
  CHECK(mirror->virtual_services.at(0)->http.at(0).mirrors.at(0).percent == doctest::Approx(100.0));
}

TEST_CASE("config: every other reference manifest is read, and what it asks in vain is said") {
  const std::string path = manifests();
  if (path.empty()) return;
  std::size_t files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(path)) {
    const std::string name = entry.path().string();
    if (!name.ends_with(".yaml") && !name.ends_with(".yml")) continue;
    ++files;
    Loader loader("");
    const auto snapshot = loader.load({name});
    CHECK_FALSE(snapshot->documents.empty());
    // Nothing in them breaks Istio's rules; what is refused is refused because this version lacks
    // it.
    CHECK_MESSAGE(!is_invalid(snapshot->findings), all_findings(*snapshot));
  }
  CHECK(files > 50);
  const std::pair<const char*, const char*> refused[] = {
      {"/3-resiliency/fault-injection/delay-fault-injection-virtual-service.yaml", "fault"},
      {"/5-security/mtls/destination-rule-tls.yml", "tls.mode"},
  };
  for (const auto& row : refused) {
    const auto& file = row.first;
    const auto& field = row.second;
    Loader loader("");
    CHECK(find(*loader.load({path + file}), field) != nullptr);
  }
}

}  // namespace
}  // namespace sm::config
