// SPDX-License-Identifier: Apache-2.0
// The exit codes of sockmeshctl: a contract that scripts rely on.
#pragma once

namespace sm::ctl {

inline constexpr int kExitDone = 0;
inline constexpr int kExitFailed = 1;        // refused or failed
inline constexpr int kExitUsage = 2;         // not understood
inline constexpr int kExitUnreachable = 3;   // no daemon answers
inline constexpr int kExitErrorsFound = 79;  // `analyze` found errors, as istioctl's does

}  // namespace sm::ctl
