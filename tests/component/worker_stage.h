// SPDX-License-Identifier: Apache-2.0
// WorkerStage: one whole proxy::Worker on its own thread, with pods that are loopback addresses, a
// plan that the test builds by hand, and real sockets at both ends.
#pragma once

#include <functional>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include "plan/run_plan.h"
#include "proxy/worker.h"
#include "support/blocking_peer.h"
#include "support/loopback_mesh.h"
#include "telemetry/access_log.h"

namespace sm::test {

inline const IpAddress kClientIp = *IpAddress::parse("127.10.0.1");
inline const IpAddress kOtherIp = *IpAddress::parse("127.10.0.2");
inline const IpAddress kServerIp = *IpAddress::parse("127.10.0.3");
inline const IpAddress kShadowIp = *IpAddress::parse("127.10.0.4");
inline const SocketAddress kHttpService{*IpAddress::parse("10.96.0.1"), 80};
inline const SocketAddress kTcpService{*IpAddress::parse("10.96.0.2"), 9090};

// A small world: pods shop/a and shop/b (clients), shop/server and shop/shadow, a Service `web`
// (HTTP, port 80) and a Service `bytes` (TCP, port 9090). Members may be changed before build() is
// called again.
struct World {
  std::uint64_t generation = 1;
  SocketAddress web;    // the endpoint of `web`; port 0: none
  SocketAddress bytes;  // of `bytes`
  plan::Protocol web_at_server = plan::Protocol::kHttp;
  std::string denied_because;           // of shop/server
  CaptureLists server_lists{};          // likewise
  std::optional<SocketAddress> mirror;  // endpoint of the mirror cluster
  bool route_names_unknown_subset = false;
  std::string request_header;  // value of a header `x-route` that the route sets
  std::shared_ptr<const plan::RunPlan> build() const;
};

class WorkerStage : private proxy::ProbeNews {
 public:
  // `limits`: of one pod.
  explicit WorkerStage(const io::PodLimits& limits = {});
  ~WorkerStage() override;

  void use(const World& world);
  // A client of pod "shop/a" (or another) whose connection wanted `destination`.
  Peer connect(const SocketAddress& destination, const std::string& pod = "shop/a");
  // Arrives at the pod's address from outside.
  Peer arrive(const std::string& pod);
  const SocketAddress& outbound_of(const std::string& pod) const { return x_outbound.at(pod); }
  void drain();
  LoopbackMesh& mesh() { return x_mesh; }
  // What the access log holds so far, waiting until `wanted` is in it.
  std::string access_log(std::string_view wanted);
  std::uint64_t count(telemetry::Metric metric) const { return x_counters.read(metric); }
  void remove_pod(const std::string& key);
  std::size_t sessions();
  // What a pod has of the worker.
  struct Use {
    std::size_t descriptors = 0;
    std::size_t buffer_bytes = 0;
    bool scarce = false;
  };
  Use use_of(const std::string& pod);
  // `condition` came true in time.
  bool comes_true(const std::function<bool()>& condition);

 private:
  void probe_arrived(const SocketAddress& from, const SocketAddress& to) override;
  void on_worker(const std::function<void(proxy::Worker&)>& work);
  void add_pod(const std::string& key, const IpAddress& ip, std::uint64_t cookie);

  LoopbackMesh x_mesh;
  telemetry::LogSink x_sink;
  telemetry::Counters x_counters;
  std::string x_log_path;
  std::map<std::string, SocketAddress> x_outbound;
  std::map<std::string, SocketAddress> x_inbound;
  std::map<std::string, std::uint64_t> x_cookies;
  io::Loop* x_loop = nullptr;
  proxy::Worker* x_worker = nullptr;
  std::thread x_thread;
};

}  // namespace sm::test
