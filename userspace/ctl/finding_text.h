// SPDX-License-Identifier: Apache-2.0
// Findings (interfaces.md 3.1, shape F) as lines for people. Pure.
#pragma once

#include <string>

#include "base/json.h"

namespace sm::ctl {

// "file:line:column", as far as it is known; "-" when nothing is.
std::string place_of(const Json& finding_or_document);
// "namespace/name", or "name" for what has no namespace.
std::string name_of(const Json& finding_or_document);
bool same_object(const Json& one, const Json& other);

// As istioctl's analyze prints: "Error [IST0101] (VirtualService catalogue.sock-shop vs.yaml:3:5)
// text", then the field's path and the remedy indented.
std::string finding_text(const Json& finding);

}  // namespace sm::ctl
