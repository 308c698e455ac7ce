// SPDX-License-Identifier: Apache-2.0
// How many descriptors this process may have open. Any thread.
#pragma once

#include <cstddef>

namespace sm::io {

// RLIMIT_NOFILE as it is now; without a limit, the largest number.
std::size_t descriptor_limit();
// ... and what raise_descriptor_limit() could make of it.
std::size_t descriptor_limit_hard();
// Raises it to the hard limit; what it is then.
std::size_t raise_descriptor_limit();

}  // namespace sm::io
