// SPDX-License-Identifier: Apache-2.0
// PodGate: the pods of this node as the kernel has them. The seam between the reconciler and
// capture/, so that the order of things can be tested without a kernel. Control thread only.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "capture/enrolment.h"

namespace sm::daemon {

class PodGate {
 public:
  virtual ~PodGate() = default;
  // As capture::Enrolment: may call on_pod_open and on_pod_close of the events it was made with.
  virtual void reconcile(const std::vector<capture::PodWish>& wishes) = 0;
  virtual bool retry() = 0;
  virtual void mark_ready(const std::string& key, std::uint64_t netns_cookie) = 0;
  virtual std::vector<capture::PodStatus> statuses() const = 0;
  // Put back what is missing in the kernel, of the node and of each pod. One sentence for each
  // thing found.
  virtual std::vector<std::string> watch_node() = 0;
  virtual std::vector<std::string> watch_pods() = 0;
  virtual void self_test() = 0;
  virtual void set_worker_serving(unsigned worker, bool serving) = 0;
  // As capture::Kernel and capture::Enrolment: a successor may have the kernel side.
  virtual void let_go() = 0;
  virtual Result<> take_back() = 0;
  virtual bool handed_over() const = 0;
};

// The real one: passes everything on.
class CaptureGate final : public PodGate {
 public:
  CaptureGate(capture::Kernel& kernel, capture::EnrolmentEvents& events)
      : x_kernel(kernel), x_enrolment(kernel, events) {}
  void reconcile(const std::vector<capture::PodWish>& wishes) override {
    x_enrolment.reconcile(wishes);
  }
  bool retry() override { return x_enrolment.retry(); }
  void mark_ready(const std::string& key, std::uint64_t netns_cookie) override {
    x_enrolment.mark_ready(key, netns_cookie);
  }
  std::vector<capture::PodStatus> statuses() const override { return x_enrolment.statuses(); }
  std::vector<std::string> watch_node() override { return x_kernel.watch(); }
  std::vector<std::string> watch_pods() override { return x_enrolment.watch(); }
  void self_test() override { x_enrolment.self_test(); }
  void let_go() override { x_kernel.let_go(); }
  Result<> take_back() override { return x_kernel.take_back(); }
  bool handed_over() const override { return x_enrolment.handed_over(); }
  void set_worker_serving(unsigned worker, bool serving) override {
    x_enrolment.set_worker_serving(worker, serving);
  }

 private:
  capture::Kernel& x_kernel;
  capture::Enrolment x_enrolment;
};

}  // namespace sm::daemon
