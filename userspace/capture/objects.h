// SPDX-License-Identifier: Apache-2.0
// The compiled eBPF objects that are embedded in this program, and how they are opened. The only
// place that includes the generated skeletons; everything else works with libbpf's generic objects.
#pragma once

#include <bpf/libbpf.h>

#include <memory>

#include "base/result.h"

namespace sm::capture {

enum class ObjectId : unsigned char { kConnect, kSockops, kSockname, kHold, kArrive };

struct CloseObject {
  void operator()(bpf_object* object) const { bpf_object__close(object); }
};
using ObjectPtr = std::unique_ptr<bpf_object, CloseObject>;

// Parsed, nothing loaded yet. libbpf's own messages go to the log (component capture, debug).
Result<ObjectPtr> open_object(ObjectId id);
const char* to_string(ObjectId id);

}  // namespace sm::capture
