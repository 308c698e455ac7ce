// SPDX-License-Identifier: Apache-2.0
// The node file's `unknownPods`: a value that config/ reads and capture/ puts into the kernel.
#pragma once

#include <cstdint>

namespace sm {

// What becomes of connections in a netns below the subtree that no Pod object describes.
enum class UnknownPods : std::uint8_t {
  kDeny,   // connect() fails with EPERM; nobody gets in
  kHold,   // connections wait, and go on as soon as the pod is enrolled
  kAllow,  // as if there were no mesh
};

}  // namespace sm
