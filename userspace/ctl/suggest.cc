// SPDX-License-Identifier: Apache-2.0
#include "ctl/suggest.h"

#include <algorithm>

namespace sm::ctl {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  // Rows of the usual table: two back (for swaps), the last, the one being filled.
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    before.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates) {
  std::size_t best = word.size() <= 3 ? 1 : 2;
  std::string_view found;
  for (const std::string_view candidate : candidates) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance <= best && (found.empty() || distance < best)) {
      best = distance;
      found = candidate;
    }
  }
  if (!found.empty() || word.size() < 2) return found;
  for (const std::string_view candidate : candidates) {
    if (candidate.substr(0, word.size()) == word) return candidate;
  }
  return {};
}

}  // namespace sm::ctl
