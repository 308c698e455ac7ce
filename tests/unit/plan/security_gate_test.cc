// SPDX-License-Identifier: Apache-2.0
#include "plan/security_gate.h"

#include <doctest/doctest.h>

#include "support/plan_world.h"

namespace sm::plan {

namespace {

using Kind = config::SecurityPolicy::Kind;

class Gate {
 public:
  World world;

  Gate() {
    world.pod("shop", "web", {{"app", "web"}}, "10.0.0.1");
    world.pod("other", "far", {{"app", "web"}}, "10.0.0.2");
    world.pod("istio-system", "root", {{"app", "web"}}, "10.0.0.3");
  }

  config::SecurityPolicy& add(Kind kind, const std::string& ns, const std::string& action,
                              bool allows, config::Labels selector = {}, bool broken = false) {
    static constexpr const char* kKinds[] = {"AuthorizationPolicy", "PeerAuthentication",
                                             "RequestAuthentication"};
    auto out = std::make_shared<config::SecurityPolicy>();
    out->meta = world.meta(kKinds[static_cast<int>(kind)], ns, "p" + std::to_string(++x_count));
    out->kind = kind;
    out->action = action;
    out->allows_everything = allows;
    out->selector = std::move(selector);
    (broken ? world.snapshot.broken_security_policies : world.snapshot.security_policies)
        .push_back(out);
    return *out;
  }

  // Which of the three pods are closed, by the first letter of their namespace.
  std::string closed() const {
    const Built built = world.build();
    std::string out;
    for (const char* key : {"shop/web", "other/far", "istio-system/root"}) {
      if (!built.plan->pod(key)->denied_because.empty()) out += *key;
    }
    return out;
  }

  // Which of them admit meshed clients only.
  std::string strict() const {
    const Built built = world.build();
    std::string out;
    for (const char* key : {"shop/web", "other/far", "istio-system/root"}) {
      if (built.plan->pod(key)->strict) out += *key;
    }
    return out;
  }

 private:
  int x_count = 0;
};

}  // namespace

TEST_CASE("security gate: open without policies and with those that allow everything") {
  Gate gate;
  CHECK(gate.closed().empty());
  gate.add(Kind::kAuthorization, "shop", "ALLOW", true);
  gate.add(Kind::kPeerAuthentication, "shop", "PERMISSIVE", true);
  gate.add(Kind::kAuthorization, "shop", "DENY", true);
  CHECK(gate.closed().empty());
  CHECK(gate.world.build().findings.empty());
}

TEST_CASE("security gate: namespace, mesh and selector scopes") {
  Gate own;
  own.add(Kind::kAuthorization, "shop", "DENY", false);
  CHECK(own.closed() == "s");
  Gate mesh;
  mesh.add(Kind::kRequestAuthentication, "istio-system", "", false);
  CHECK(mesh.closed() == "soi");
  Gate selected;
  selected.add(Kind::kAuthorization, "shop", "ALLOW", false, {{"app", "cart"}});
  CHECK(selected.closed().empty());
  selected.add(Kind::kAuthorization, "shop", "ALLOW", false, {{"app", "web"}});
  CHECK(selected.closed() == "s");
  Gate everywhere;
  everywhere.add(Kind::kAuthorization, "istio-system", "DENY", false, {{"app", "web"}});
  CHECK(everywhere.closed() == "soi");
  // Of PeerAuthentication a selector in the root namespace is for nobody.
  Gate peer;
  peer.add(Kind::kPeerAuthentication, "istio-system", "STRICT", false, {{"app", "web"}});
  CHECK(peer.closed().empty());
}

TEST_CASE(
    "security gate: an ALLOW policy for everything opens beside other ALLOW policies, not beside "
    "DENY") {
  Gate gate;
  gate.add(Kind::kAuthorization, "shop", "ALLOW", false);
  gate.add(Kind::kAuthorization, "shop", "ALLOW", true, {{"app", "web"}});
  CHECK(gate.closed().empty());
  gate.add(Kind::kAuthorization, "shop", "DENY", false);
  CHECK(gate.closed() == "s");
}

TEST_CASE("security gate: the closest PeerAuthentication wins, an unset mode is inherited") {
  Gate gate;
  gate.add(Kind::kPeerAuthentication, "istio-system", "STRICT", false);
  CHECK(gate.closed() == "soi");
  gate.add(Kind::kPeerAuthentication, "shop", "DISABLE", true);
  CHECK(gate.closed() == "oi");
  gate.add(Kind::kPeerAuthentication, "other", "UNSET", true);
  CHECK(gate.closed() == "oi");
  gate.add(Kind::kPeerAuthentication, "shop", "STRICT", false, {{"app", "web"}});
  CHECK(gate.closed() == "soi");
}

TEST_CASE("security gate: strict is who the closest PeerAuthentication in force makes so") {
  Gate gate;
  CHECK(gate.strict().empty());
  // As it will be once the mode is enforced: it closes nobody and is strict all the same.
  gate.add(Kind::kPeerAuthentication, "istio-system", "STRICT", true);
  CHECK(gate.closed().empty());
  CHECK(gate.strict() == "soi");
  gate.add(Kind::kPeerAuthentication, "shop", "PERMISSIVE", true);
  CHECK(gate.strict() == "oi");
  gate.add(Kind::kPeerAuthentication, "other", "UNSET", true);
  CHECK(gate.strict() == "oi");
  gate.add(Kind::kPeerAuthentication, "other", "DISABLE", true, {{"app", "web"}});
  CHECK(gate.strict() == "i");
  gate.add(Kind::kPeerAuthentication, "shop", "STRICT", true, {{"app", "web"}});
  CHECK(gate.strict() == "si");
}

TEST_CASE("security gate: whoever is denied by a policy that is not enforced is strict") {
  Gate gate;
  gate.add(Kind::kAuthorization, "shop", "DENY", false);
  gate.add(Kind::kPeerAuthentication, "other", "", false, {}, true);
  CHECK(gate.strict() == "so");
}

TEST_CASE("security gate: a policy that was not understood closes, and says which and where") {
  Gate gate;
  gate.add(Kind::kAuthorization, "shop", "ALLOW", true);
  gate.add(Kind::kAuthorization, "shop", "ALLOW", false, {}, true);
  CHECK(gate.closed().empty() == false);
  Gate alone;
  alone.world.pod("shop", "web2", {}, "10.0.0.4");
  const config::SecurityPolicy& policy =
      alone.add(Kind::kAuthorization, "shop", "", false, {}, true);
  const Built built = alone.world.build();
  const std::string why = built.plan->pod("shop/web")->denied_because;
  CHECK(why.find("AuthorizationPolicy shop/p1 (demo.yaml:" + std::to_string(policy.meta.ref.line) +
                 ")") == 0);
  REQUIRE(built.findings.size() == 1);
  CHECK(built.findings[0].code == "SM0902");
  CHECK(built.findings[0].severity == config::Severity::kWarning);
  CHECK(built.findings[0].message.find("shop/web and 1 more") != std::string::npos);
  CHECK_FALSE(built.findings[0].remedy.empty());
}

}  // namespace sm::plan
