// SPDX-License-Identifier: Apache-2.0
// PodGate: the pods of this node as the kernel has them. The seam between the reconciler and
// capture/, so that the order of things can be tested without a kernel. Control thread only.
#pragma once

#include <cstdint>
#include <string>
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
};

// The real one: passes everything on.
class CaptureGate final : public PodGate {
 public:
  CaptureGate(capture::Kernel& kernel, capture::EnrolmentEvents& events)
      : x_enrolment(kernel, events) {}
  void reconcile(const std::vector<capture::PodWish>& wishes) override {
    x_enrolment.reconcile(wishes);
  }
  bool retry() override { return x_enrolment.retry(); }
  void mark_ready(const std::string& key, std::uint64_t netns_cookie) override {
    x_enrolment.mark_ready(key, netns_cookie);
  }
  std::vector<capture::PodStatus> statuses() const override { return x_enrolment.statuses(); }

 private:
  capture::Enrolment x_enrolment;
};

}  // namespace sm::daemon
