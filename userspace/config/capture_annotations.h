// SPDX-License-Identifier: Apache-2.0
// Istio's traffic.sidecar.istio.io annotations of a pod, which leave some of its connections out of
// the mesh. Pure; part of reading a Pod document.
#pragma once

#include "base/capture_lists.h"
#include "config/reporter.h"
#include "config/view.h"

namespace sm::config {

// What the annotations of `metadata` leave out. Istio's injector refuses a pod with a value that it
// cannot read; here such a value is a warning with its place, and everything of the pod is
// captured: a typing error never opens a way past the mesh.
CaptureLists read_capture_lists(const View& metadata, Reporter& report);

}  // namespace sm::config
