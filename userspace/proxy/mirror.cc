// SPDX-License-Identifier: Apache-2.0
#include "proxy/mirror.h"

#include "base/clock.h"
#include "base/limits.h"
#include "proxy/core.h"
#include "telemetry/access_log.h"

namespace sm::proxy {

MirrorSet::MirrorSet(Core& core) : x_core(core) {}

MirrorSet::~MirrorSet() = default;

MirrorId MirrorSet::start(std::shared_ptr<const plan::RunPlan> plan, const plan::Cluster& cluster,
                          const ConnectionFacts& facts, const http::RequestHead& head) {
  if (x_mirrors.size() >= kMirrorsMax || cluster.kind != plan::Cluster::Kind::kEndpoints) return 0;
  auto choice = facts.pod->balancer.pick(cluster, plan->generation);
  if (choice.endpoint == nullptr) return 0;
  Target target = resolve_outbound(x_core, *plan, facts, *choice.endpoint);
  if (target.server != nullptr && !target.server->denied_because.empty()) return 0;
  target.dial.timeout = cluster.connect_timeout;
  const MirrorId id = ++x_last;
  auto made = std::make_unique<Mirror>(x_core, *this, id, std::move(plan), facts, head,
                                       std::move(target), std::move(choice.lease));
  Mirror& mirror = *made;
  x_mirrors.emplace(id, std::move(made));
  mirror.start();
  return id;
}

Mirror* MirrorSet::find(MirrorId id) {
  const auto found = x_mirrors.find(id);
  return found == x_mirrors.end() ? nullptr : found->second.get();
}

void MirrorSet::body(MirrorId id, std::span<const std::uint8_t> data) {
  Mirror* mirror = find(id);
  if (mirror == nullptr) return;
  mirror->attempt().send_body(data);
  if (mirror->attempt().backlog() > kRelayHighBytes) cancel(id);
}

void MirrorSet::end_body(MirrorId id) {
  if (Mirror* mirror = find(id)) mirror->attempt().end_body();
}

void MirrorSet::flush(MirrorId id) {
  if (Mirror* mirror = find(id)) mirror->attempt().flush();
}

void MirrorSet::cancel(MirrorId id) { over(id); }

void MirrorSet::cancel_of(const PodState& pod) {
  std::vector<MirrorId> gone;
  for (const auto& [id, mirror] : x_mirrors) {
    if (mirror->facts().pod == &pod) gone.push_back(id);
  }
  for (const MirrorId id : gone) over(id);
}

void MirrorSet::over(MirrorId id) {
  const auto found = x_mirrors.find(id);
  if (found == x_mirrors.end()) return;
  x_core.loop().bury(std::move(found->second));
  x_mirrors.erase(found);
}

Mirror::Mirror(Core& core, MirrorSet& set, MirrorId id, std::shared_ptr<const plan::RunPlan> plan,
               ConnectionFacts facts, const http::RequestHead& head, Target target,
               upstream::EndpointLease lease)
    : x_core(core),
      x_set(set),
      x_id(id),
      x_plan(std::move(plan)),
      x_facts(facts),
      x_head(head),
      x_lease(std::move(lease)),
      x_attempt(core, facts.pod->net, std::move(target), x_head,
                static_cast<AttemptEvents&>(*this)),
      x_limit(core.loop().timers(), *this, 0),
      x_began(core.loop().now()),
      x_began_at(wall_clock_now()) {
  // Nobody waits for the answer, so nobody is asked to wait with the body.
  x_head.expect_continue = false;
  x_head.headers.remove("expect");
}

void Mirror::start() {
  x_limit.arm(kMirrorTimeout);
  x_attempt.start();
}

void Mirror::on_timer(int /*tag*/) { x_set.over(x_id); }

void Mirror::on_attempt_failed(const upstream::Failure& /*failure*/) { end(); }

// The copy shows in the server's records like any request; the client's side says nothing about it.
void Mirror::end() {
  const Target& target = x_attempt.target();
  if (x_core.access_log().enabled() && target.server != nullptr && x_attempt.reached_server()) {
    telemetry::AccessRecord record;
    record.start_time = x_began_at;
    record.method = x_head.method;
    record.path = x_head.path;
    record.response_code = x_status;
    if (x_status == 0) record.flags.set(telemetry::Flag::kUpstreamConnectionFailure);
    record.details = x_status != 0 ? "via_upstream" : "";
    record.duration = x_core.loop().now() - x_began;
    record.forwarded_for = x_head.headers.get("x-forwarded-for").value_or("");
    record.user_agent = x_head.headers.get("user-agent").value_or("");
    record.request_id = x_head.headers.get("x-request-id").value_or("");
    record.authority = x_head.authority;
    record.upstream_host = target.dial.to;
    record.upstream_cluster = target.inbound.cluster_name;
    record.upstream_local = x_attempt.local_address();
    record.downstream_local = target.dial.to;
    record.downstream_remote = x_facts.remote;
    record.route_name = "default";
    x_core.access_log().record(record);
  }
  x_set.over(x_id);
}

}  // namespace sm::proxy
