// SPDX-License-Identifier: Apache-2.0
// Moving the kernel's state from an older layout (SM_ABI) to this one. Control thread.
//
// A map whose layout is the same stays the same map: sockets keep their marks, connections their
// published ends, and the old programs and the new ones agree while links are updated one by one. A
// map whose layout changed is made anew and its rows are converted.
#pragma once

#include <bpf/libbpf.h>

#include <cstdint>
#include <string>

#include "base/result.h"
#include "capture/maps.h"

namespace sm::capture {

bool can_migrate_from(std::uint64_t abi);
// New, empty maps as `wanted`, opened and not loaded, declares them.
Result<Maps> create_maps(bpf_object* wanted);
// The maps pinned in `old`, the ones that changed converted.
Result<Maps> migrate_maps(const std::string& old, bpf_object* wanted);

}  // namespace sm::capture
