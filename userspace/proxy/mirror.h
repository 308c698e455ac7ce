// SPDX-License-Identifier: Apache-2.0
// Mirrors: copies of requests that are sent elsewhere and whose answers are thrown away
// (istio-behaviour.md 2.6). The primary never waits for a copy: one that cannot keep up with the
// body, fails, or lasts longer than kMirrorTimeout is dropped. Owned by the worker's MirrorSet,
// because a copy usually outlives the request that it was made of. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>

#include "io/timer.h"
#include "plan/run_plan.h"
#include "proxy/attempt.h"
#include "proxy/session.h"
#include "telemetry/access_record.h"

namespace sm::proxy {

using MirrorId = std::uint64_t;

class Mirror;

class MirrorSet {
 public:
  explicit MirrorSet(Core& core);
  ~MirrorSet();
  MirrorSet(const MirrorSet&) = delete;
  MirrorSet& operator=(const MirrorSet&) = delete;

  // Copies `head` and sends it to an endpoint of `cluster`. 0: there is none, nothing was started.
  MirrorId start(std::shared_ptr<const plan::RunPlan> plan, const plan::Cluster& cluster,
                 const ConnectionFacts& facts, const http::RequestHead& head);
  // A copy that has ended already ignores these.
  void body(MirrorId id, std::span<const std::uint8_t> data);
  void end_body(MirrorId id);
  void flush(MirrorId id);
  void cancel(MirrorId id);
  void cancel_of(const PodState& pod);
  std::size_t size() const { return x_mirrors.size(); }

  void over(MirrorId id);  // for the mirrors

 private:
  Mirror* find(MirrorId id);
  Core& x_core;
  MirrorId x_last = 0;
  std::unordered_map<MirrorId, std::unique_ptr<Mirror>> x_mirrors;
};

class Mirror final : public io::Mortal, private AttemptEvents, private io::TimerEvents {
 public:
  Mirror(Core& core, MirrorSet& set, MirrorId id, std::shared_ptr<const plan::RunPlan> plan,
         ConnectionFacts facts, const http::RequestHead& head, Target target,
         upstream::EndpointLease lease);
  void start();
  Attempt& attempt() { return x_attempt; }
  const ConnectionFacts& facts() const { return x_facts; }

 private:
  void on_attempt_head(http::ResponseHead&& head) override { x_status = head.status; }
  void on_attempt_body(std::span<const std::uint8_t>) override {}
  void on_attempt_end() override { end(); }
  void on_attempt_failed(const upstream::Failure& failure) override;
  void on_attempt_pause() override {}
  void on_attempt_drained() override {}
  void on_timer(int tag) override;
  void end();

  Core& x_core;
  MirrorSet& x_set;
  MirrorId x_id;
  std::shared_ptr<const plan::RunPlan> x_plan;
  ConnectionFacts x_facts;
  http::RequestHead x_head;
  upstream::EndpointLease x_lease;
  Attempt x_attempt;
  io::Timer x_limit;
  int x_status = 0;
  std::chrono::milliseconds x_began;
  std::chrono::system_clock::time_point x_began_at;
};

}  // namespace sm::proxy
