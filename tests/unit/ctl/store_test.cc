// SPDX-License-Identifier: Apache-2.0
#include "fake_console.h"

namespace sm::ctl {
namespace {

constexpr const char* kService =
    "apiVersion: v1\nkind: Service\nmetadata: {name: cart}\nspec: {ports: [{port: 80}]}\n";
constexpr const char* kConfigMap =
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: other}\ndata: {a: b}\n";

std::size_t files_in(const std::string& directory) {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    count += entry.is_regular_file() ? 1U : 0U;
  }
  return count;
}

}  // namespace

TEST_CASE("ctl: apply makes the directory and one file per object, and says what it did") {
  const Scratch scratch;
  const std::string target = scratch.path("new/res");
  const std::string source = scratch.write("in.yaml", std::string(kService) + "---\n" + kConfigMap);
  const Ran first(
      {"apply", "-f", source, "--dir", target, "-n", "shop", "--service-cidr", "10.96.0.0/16"});
  CHECK(first.code == 0);
  CHECK(first.out == "Service shop/cart created\nConfigMap other/settings created\n");
  CHECK(files_in(target) == 2);
  const Ran again(
      {"apply", "-f", source, "--dir", target, "-n", "shop", "--service-cidr", "10.96.0.0/16"});
  CHECK(again.code == 0);
  CHECK(again.out == "Service shop/cart unchanged\nConfigMap other/settings unchanged\n");
  CHECK(files_in(target) == 2);
}

TEST_CASE("ctl: apply takes files, directories, standard input, and what a shell makes of *.yaml") {
  const Scratch scratch;
  const std::string target = scratch.path("res");
  scratch.write("in/a.yaml", kService);
  scratch.write("in/deep/b.yml", kConfigMap);
  scratch.write("in/notes.txt", "no resource");
  scratch.write("in/.hidden/c.yaml", "not: read\n");
  CHECK(Ran({"apply", "-f", scratch.path("in"), "--dir", target}).out ==
        "Service default/cart created\nConfigMap other/settings created\n");
  CHECK(Ran({"apply", "-f", "-", "--dir", scratch.path("two")}, kService).out ==
        "Service default/cart created\n");
  CHECK(Ran({"apply", "-f", scratch.path("in/a.yaml"), scratch.path("in/deep/b.yml"), "--dir",
             scratch.path("three")})
            .code == 0);
  CHECK(files_in(scratch.path("three")) == 2);
}

TEST_CASE("ctl: apply in JSON names each object with what became of it") {
  const Scratch scratch;
  const Ran ran({"apply", "-f", "-", "--dir", scratch.path("res"), "-o", "json"}, kService);
  const Json objects = ran.json()["objects"];
  REQUIRE(objects.size() == 1);
  CHECK(objects[0]["kind"] == "Service");
  CHECK(objects[0]["namespace"] == "default");
  CHECK(objects[0]["action"] == "created");
  CHECK(std::filesystem::exists(objects[0]["file"].get<std::string>()));
}

TEST_CASE(
    "ctl: a file that cannot be applied is exit 1 with its place, and the others are applied") {
  const Scratch scratch;
  const std::string bad = scratch.write("bad.yaml", "kind: [\n");
  const std::string good = scratch.write("good.yaml", kService);
  const Ran ran({"apply", "-f", bad, "-f", good, "--dir", scratch.path("res"), "-o", "json"});
  CHECK(ran.code == 1);
  CHECK(ran.err_has("bad.yaml:"));
  CHECK(ran.json()["errors"].size() == 1);
  CHECK(ran.json()["objects"].size() == 1);
  CHECK(files_in(scratch.path("res")) == 1);
}

TEST_CASE("ctl: a file that is not there is exit 1 and nothing is applied") {
  const Scratch scratch;
  const std::string good = scratch.write("good.yaml", kService);
  const Ran ran(
      {"apply", "-f", good, "-f", scratch.path("missing.yaml"), "--dir", scratch.path("res")});
  CHECK(ran.code == 1);
  CHECK(ran.err_has("missing.yaml cannot be read"));
  CHECK_FALSE(std::filesystem::exists(scratch.path("res")));
}

TEST_CASE(
    "ctl: delete removes the objects, and objects that are not there are exit 1 unless that is "
    "fine") {
  const Scratch scratch;
  const std::string target = scratch.path("res");
  const std::string source = scratch.write("in.yaml", kService);
  REQUIRE(Ran({"apply", "-f", source, "--dir", target}).code == 0);
  const Ran first({"delete", "-f", source, "--dir", target});
  CHECK(first.code == 0);
  CHECK(first.out == "Service default/cart deleted\n");
  CHECK(files_in(target) == 0);
  const Ran again({"delete", "-f", source, "--dir", target});
  CHECK(again.code == 1);
  CHECK(again.out == "Service default/cart not found\n");
  CHECK(Ran({"delete", "-f", source, "--dir", target, "--ignore-not-found"}).code == 0);
  const Ran nowhere({"delete", "-f", source, "--dir", scratch.path("nowhere")});
  CHECK(nowhere.code == 1);
  CHECK(nowhere.err_has("nowhere is no directory"));
}

}  // namespace sm::ctl
