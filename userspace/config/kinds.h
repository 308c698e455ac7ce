// SPDX-License-Identifier: Apache-2.0
// Every kind that sockmesh knows by name, and what becomes of it. Constants.
#pragma once

#include <string_view>

#include "config/read.h"

namespace sm::config {

enum class Fate : unsigned char {
  kRead,     // has a typed reader
  kUseless,  // accepted and ignored: its pods, or other programs, speak for it; analysers may look
  kLater,    // Istio's, with a meaning that this version does not give it: a warning
  kUnknown,  // not in the table: ignored, with an info
};

struct Kind {
  std::string_view group;     // "" is the core group; "*" any
  std::string_view name;      // "*" any
  std::string_view versions;  // separated by blanks; "" any
  Fate fate = Fate::kUnknown;
  bool namespaced = true;
  bool security = false;
  Object (*read)(const Node& document, Reporter& report) = nullptr;
};

// Never null; kinds that are not in the table get the entry for unknown ones. Versions are not
// looked at.
const Kind& find_kind(std::string_view group, std::string_view name);
// "networking.istio.io/v1" -> {"networking.istio.io", "v1"}; "v1" -> {"", "v1"}.
std::pair<std::string_view, std::string_view> split_api_version(std::string_view api_version);
bool is_istio(std::string_view group);

}  // namespace sm::config
