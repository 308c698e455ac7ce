// SPDX-License-Identifier: Apache-2.0
#include <doctest/doctest.h>

#include <map>

#include "base/text.h"
#include "plan/route.h"

namespace sm::plan {

namespace {

std::shared_ptr<const VirtualHost> named(std::string name) {
  auto out = std::make_shared<VirtualHost>();
  out->name = std::move(name);
  return out;
}

std::string found(const RouteTable& table, std::string_view authority) {
  const VirtualHost* host = table.find(authority);
  return host == nullptr ? "" : host->name;
}

// Envoy's rules written down as plainly as they can be: exact, longest suffix, star.
std::string reference(const std::map<std::string, std::string>& domains,
                      const std::string& authority) {
  std::string host = to_lower(authority);
  const std::size_t colon = host.rfind(':');
  if (colon != std::string::npos) host.resize(colon);
  if (const auto exact = domains.find(host); exact != domains.end()) return exact->second;
  for (std::size_t cut = 1; cut < host.size(); ++cut) {
    const auto suffix = domains.find("*" + host.substr(cut));
    if (host[cut] == '.' && suffix != domains.end()) return suffix->second;
  }
  const auto any = domains.find("*");
  return any == domains.end() ? "" : any->second;
}

}  // namespace

TEST_CASE("route table: exact before the longest suffix before the star") {
  RouteTable table;
  CHECK(table.add("*", named("any")));
  CHECK(table.add("*.example.com", named("com")));
  CHECK(table.add("*.a.example.com", named("a")));
  CHECK(table.add("x.a.example.com", named("exact")));
  CHECK(table.add("[fd00::1]", named("six")));
  const std::vector<std::pair<std::string, std::string>> rows = {{"x.a.example.com", "exact"},
                                                                 {"y.a.example.com", "a"},
                                                                 {"z.y.a.example.com", "a"},
                                                                 {"b.example.com", "com"},
                                                                 {"example.com", "any"},
                                                                 {".example.com", "any"},
                                                                 {"other", "any"},
                                                                 {"", "any"},
                                                                 {"x.a.example.com:8080", "exact"},
                                                                 {"X.A.Example.COM:80", "exact"},
                                                                 {"b.EXAMPLE.com", "com"},
                                                                 {"[fd00::1]:80", "six"},
                                                                 {"[fd00::1]", "six"},
                                                                 {"x.a.example.com:", "any"},
                                                                 {"x.a.example.com:http", "any"}};
  for (const auto& row : rows) {
    CAPTURE(row.first);
    CHECK(found(table, row.first) == row.second);
  }
}

TEST_CASE(
    "route table: the first definition of a domain stays, and without a star there is no answer") {
  RouteTable table;
  CHECK(table.add("a", named("first")));
  CHECK_FALSE(table.add("a", named("second")));
  CHECK(table.add("*.b", named("suffix")));
  CHECK_FALSE(table.add("*.b", named("second")));
  CHECK(found(table, "a") == "first");
  CHECK(table.find("c") == nullptr);
  CHECK(table.find(std::string(100'000, '.')) == nullptr);
  CHECK(table.hosts().size() == 2);
  CHECK(table.add("*", named("any")));
  CHECK_FALSE(table.add("*", named("second")));
  CHECK(found(table, std::string(5000, 'A')) == "any");
}

TEST_CASE("route table: hosts are listed once each, in the order of their first domain") {
  RouteTable table;
  const auto one = named("one");
  const auto two = named("two");
  table.add("a", one);
  table.add("b", two);
  table.add("c", one);
  REQUIRE(table.hosts().size() == 2);
  CHECK(table.hosts()[0]->name == "one");
  CHECK(table.hosts()[1]->name == "two");
}

TEST_CASE("route table: agrees with the naive model on random hosts") {
  Rng rng(42);
  const std::vector<std::string> labels = {"a", "b", "cc", "dd", "svc", "x"};
  const auto random_name = [&](std::uint64_t most) {
    std::string out = labels[rng.below(labels.size())];
    for (std::uint64_t i = rng.below(most); i > 0; --i)
      out += "." + labels[rng.below(labels.size())];
    return out;
  };
  for (int round = 0; round < 60; ++round) {
    RouteTable table;
    std::map<std::string, std::string> domains;
    for (int i = 0; i < 25; ++i) {
      std::string domain = random_name(4);
      if (rng.below(3) == 0) domain.insert(0, "*.");
      if (rng.below(20) == 0) domain = "*";
      const std::string name = "host" + std::to_string(i);
      const bool fresh = domains.emplace(domain, name).second;
      CHECK(table.add(domain, named(name)) == fresh);
    }
    for (int i = 0; i < 200; ++i) {
      std::string authority = random_name(6);
      if (rng.below(3) == 0) authority += ":80";
      if (rng.below(4) == 0) authority[0] = static_cast<char>(authority[0] - 'a' + 'A');
      CAPTURE(authority);
      CHECK(found(table, authority) == reference(domains, authority));
    }
  }
}

TEST_CASE("route: destinations are drawn by weight, a weight of zero never, an only one always") {
  Route route;
  for (const std::uint32_t weight : {80U, 0U, 20U}) {
    WeightedCluster to;
    to.weight = weight;
    to.cluster_name = std::to_string(weight);
    route.destinations.push_back(to);
    route.total_weight += weight;
  }
  Rng rng(7);
  std::map<std::string, int> drawn;
  for (int i = 0; i < 10'000; ++i) ++drawn[pick_destination(route, rng).cluster_name];
  CHECK(drawn["0"] == 0);
  CHECK(drawn["80"] > 7700);
  CHECK(drawn["80"] < 8300);
  CHECK(drawn["80"] + drawn["20"] == 10'000);

  Route single;
  single.destinations.emplace_back();
  CHECK(&pick_destination(single, rng) == &single.destinations.front());
}

}  // namespace sm::plan
