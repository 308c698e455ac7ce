// SPDX-License-Identifier: Apache-2.0
// How the tables of `proxy-config` and the pods in them may be named. Pure.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace sm::ctl {

inline constexpr std::array<std::string_view, 4> kListings = {"listeners", "routes", "clusters",
                                                              "endpoints"};

// The table that `word` names: also in the singular and by istioctl's letters (l, r, c, ep). Empty:
// none.
std::string listing_of(const std::string& word);

// "namespace/name" of a pod written so, as istioctl's "name.namespace", or as "name" with -n (or in
// "default"). Empty stays empty.
std::string pod_of(const std::string& word, const std::string& namespace_name);

}  // namespace sm::ctl
