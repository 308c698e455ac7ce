// SPDX-License-Identifier: Apache-2.0
// The rows of `doctor` about the kernel, its settings and this process. Reads only.
#pragma once

#include <vector>

#include "capture/doctor.h"

namespace sm::capture {

Check good(std::string name, std::string text);
Check poor(std::string name, std::string text, std::string remedy);  // kWarn
Check bad(std::string name, std::string text, std::string remedy);

std::vector<Check> check_kernel(const HostQuestion& question);
std::vector<Check> check_settings(const HostQuestion& question);
bool may_mount(const HostView& host);

}  // namespace sm::capture
