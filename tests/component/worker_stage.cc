// SPDX-License-Identifier: Apache-2.0
#include "component/worker_stage.h"

#include <poll.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <sstream>

#include "io/transport.h"

namespace sm::test {

namespace {

std::unique_ptr<plan::Workload> workload(const std::string& name, const IpAddress& ip) {
  auto made = std::make_unique<plan::Workload>();
  made->key = "shop/" + name;
  made->namespace_ = "shop";
  made->name = name;
  made->labels = {{"app", name}};
  made->ips = {ip};
  made->enrolled_here = true;
  return made;
}

std::unique_ptr<plan::Cluster> cluster(std::string name, plan::Cluster::Kind kind) {
  auto made = std::make_unique<plan::Cluster>();
  made->name = std::move(name);
  made->kind = kind;
  return made;
}

}  // namespace

std::shared_ptr<const plan::RunPlan> World::build() const {
  auto plan = std::make_shared<plan::RunPlan>();
  plan->generation = generation;
  plan->node_name = "node";
  auto view = std::make_unique<plan::OutboundView>();
  view->namespace_ = "shop";
  const auto add_cluster = [&plan](std::unique_ptr<plan::Cluster> made,
                                   const SocketAddress& endpoint) {
    if (endpoint.port != 0) made->endpoints.push_back({endpoint, plan->workload_at(endpoint.ip)});
    made->id = static_cast<std::uint32_t>(plan->clusters.size());
    plan->clusters.push_back(std::move(made));
    return plan->clusters.back().get();
  };
  for (const auto& [name, ip] : std::map<std::string, IpAddress>{
           {"a", kClientIp}, {"b", kOtherIp}, {"server", kServerIp}, {"shadow", kShadowIp}}) {
    plan->workloads.push_back(workload(name, ip));
    plan->by_ip[ip] = plan->workloads.back().get();
    plan::LocalPod pod;
    pod.workload = plan->workloads.back().get();
    pod.outbound = view.get();
    plan->pods["shop/" + name] = pod;
  }
  plan::LocalPod& server = plan->pods["shop/server"];
  server.denied_because = denied_because;
  server.lists = server_lists;
  server.inbound[web.port] = {web.port, web_at_server, "inbound|" + std::to_string(web.port) + "||",
                              "web.shop"};

  using Kind = plan::Cluster::Kind;
  plan->passthrough = add_cluster(cluster("PassthroughCluster", Kind::kOriginalDestination), {});
  plan->black_hole = add_cluster(cluster("BlackHoleCluster", Kind::kBlackHole), {});
  const auto* web_cluster = add_cluster(cluster("outbound|80||web.shop", Kind::kEndpoints), web);
  const auto* bytes_cluster =
      add_cluster(cluster("outbound|9090||bytes.shop", Kind::kEndpoints), bytes);

  plan::Route route;
  route.name = "default";
  plan::WeightedCluster destination;
  destination.cluster_name =
      route_names_unknown_subset ? "outbound|80|v9|web.shop" : web_cluster->name;
  destination.cluster = route_names_unknown_subset ? nullptr : web_cluster;
  route.destinations.push_back(std::move(destination));
  if (!request_header.empty()) route.request_headers.set("x-route", request_header);
  if (mirror) {
    const auto* shadow =
        add_cluster(cluster("outbound|80||shadow.shop", Kind::kEndpoints), *mirror);
    route.mirrors.push_back({shadow->name, shadow, 1'000'000});
  }
  auto host = std::make_shared<plan::VirtualHost>();
  host->name = "web.shop:80";
  host->domains = {"web"};
  host->routes.push_back(std::move(route));
  plan::OutboundPort& http = view->ports[80];
  http.http = true;
  http.routes.add("web", host);
  view->ports[9090].by_address[kTcpService.ip] = {plan::Protocol::kTcp, bytes_cluster};
  plan->views.push_back(std::move(view));
  return plan;
}

WorkerStage::WorkerStage(const io::PodLimits& limits) {
  char path[] = "/tmp/smt-access-XXXXXX";
  ::close(::mkstemp(path));
  x_log_path = path;
  x_sink.open(x_log_path);
  x_mesh.on_probe = [this](const SocketAddress& from, const SocketAddress& to) {
    probe_arrived(from, to);
  };
  std::promise<void> started;
  x_thread = std::thread([this, &started, limits] {
    io::Loop loop;
    {
      proxy::Worker worker(loop, {x_mesh, x_mesh, *this, x_sink, x_counters,
                                  [](std::shared_ptr<const plan::RunPlan>) {}, 1, limits});
      x_loop = &loop;
      x_worker = &worker;
      loop.post([&started] { started.set_value(); });
      loop.run();
    }
  });
  started.get_future().wait();
  add_pod("shop/a", kClientIp, 11);
  add_pod("shop/b", kOtherIp, 12);
  add_pod("shop/server", kServerIp, 13);
  add_pod("shop/shadow", kShadowIp, 14);
}

WorkerStage::~WorkerStage() {
  x_loop->post([this] { x_loop->stop(); });
  x_thread.join();
  std::remove(x_log_path.c_str());
}

void WorkerStage::on_worker(const std::function<void(proxy::Worker&)>& work) {
  std::promise<void> done;
  x_loop->post([this, &work, &done] {
    work(*x_worker);
    done.set_value();
  });
  done.get_future().wait();
}

void WorkerStage::add_pod(const std::string& key, const IpAddress& ip, std::uint64_t cookie) {
  auto net = std::make_shared<io::PodNet>();
  net->key = key;
  net->netns_cookie = cookie;
  net->ips = {ip};
  std::vector<io::PodListener> listeners;
  listeners.push_back(
      {io::ListenerKind::kOutbound, 0, 0, listen_on(*IpAddress::parse("127.0.0.1"))});
  x_outbound[key] = io::local_address(listeners.back().fd.get());
  listeners.push_back({io::ListenerKind::kInbound, 0, 0, listen_on(ip)});
  x_inbound[key] = io::local_address(listeners.back().fd.get());
  x_cookies[key] = cookie;
  on_worker([&](proxy::Worker& worker) { worker.add_pod(std::move(net), std::move(listeners)); });
}

void WorkerStage::use(const World& world) {
  on_worker([plan = world.build()](proxy::Worker& worker) { worker.set_plan(plan); });
}

Peer WorkerStage::connect(const SocketAddress& destination, const std::string& pod) {
  Peer peer = Peer::bound(*IpAddress::parse("127.0.0.1"));
  x_mesh.wish(peer.port(), destination);
  peer.connect(x_outbound.at(pod));
  return peer;
}

Peer WorkerStage::arrive(const std::string& pod) {
  Peer peer = Peer::bound(*IpAddress::parse("127.0.0.1"));
  peer.connect(x_inbound.at(pod));
  return peer;
}

void WorkerStage::drain() {
  on_worker([](proxy::Worker& worker) { worker.drain([] {}); });
}

void WorkerStage::remove_pod(const std::string& key) {
  on_worker([&](proxy::Worker& worker) { worker.remove_pod(key, x_cookies.at(key)); });
}

std::size_t WorkerStage::sessions() {
  std::size_t count = 0;
  on_worker([&count](proxy::Worker& worker) { count = worker.sessions(); });
  return count;
}

WorkerStage::Use WorkerStage::use_of(const std::string& pod) {
  Use use;
  on_worker([&](proxy::Worker& worker) {
    const io::PodUse* of = worker.use_of(pod);
    if (of != nullptr) use = {of->descriptors(), of->buffer_bytes(), of->scarce()};
  });
  return use;
}

bool WorkerStage::comes_true(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    sessions();  // a round through the worker's loop
  }
  return true;
}

void WorkerStage::probe_arrived(const SocketAddress& from, const SocketAddress& to) {
  x_loop->post([this, from, to] { x_worker->probe_arrived(from, to); });
}

std::string WorkerStage::access_log(std::string_view wanted) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  std::string text;
  do {
    // A round through the worker's loop, at whose end lines are handed over.
    sessions();
    std::ifstream file(x_log_path);
    std::ostringstream content;
    content << file.rdbuf();
    text = content.str();
  } while (text.find(wanted) == std::string::npos && std::chrono::steady_clock::now() < deadline);
  return text;
}

}  // namespace sm::test
