// SPDX-License-Identifier: Apache-2.0
// What somebody may have meant who wrote something that does not exist.
#pragma once

#include <string_view>
#include <vector>

namespace sm::ctl {

// The number of insertions, deletions, replacements and swaps of neighbours that make `b` of `a`.
std::size_t edit_distance(std::string_view a, std::string_view b);

// The candidate nearest to `word`: one that it begins, or one at most two edits away (one for words
// of up to three letters). Empty when none is near.
std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates);

}  // namespace sm::ctl
