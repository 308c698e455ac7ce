// SPDX-License-Identifier: Apache-2.0
// SM_ASSERT: an invariant of this program, checked in every build. A broken one means our own bug,
// so the process ends with the place and the condition; bad input and failing networks are never
// asserted, they are Results.
#pragma once

namespace sm {
[[noreturn]] void assert_failed(const char* condition, const char* file, int line);
}

#define SM_ASSERT(condition) \
  (static_cast<bool>(condition) ? void(0) : ::sm::assert_failed(#condition, __FILE__, __LINE__))
