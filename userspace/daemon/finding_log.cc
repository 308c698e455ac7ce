// SPDX-License-Identifier: Apache-2.0
#include "daemon/finding_log.h"

#include <utility>

#include "base/log.h"

namespace sm::daemon {

namespace {
constexpr log::Logger kLog{log::Component::kConfig};
}  // namespace

FindingLog::News FindingLog::take(const config::Findings& findings) {
  News news;
  std::set<std::string> now;
  for (const config::Finding& finding : findings) {
    auto [place, fresh] = now.insert(finding.describe());
    if (fresh && x_known.count(*place) == 0) news.appeared.push_back(&finding);
  }
  for (const std::string& text : x_known) {
    if (now.count(text) == 0) ++news.gone;
  }
  x_known = std::move(now);
  return news;
}

void log_news(const FindingLog::News& news) {
  for (const config::Finding* finding : news.appeared) {
    if (finding->severity == config::Severity::kInfo) {
      kLog.debug("{}", finding->describe());
    } else {
      kLog.warn("{}", finding->describe());
    }
  }
  if (news.gone > 0) kLog.info("{} earlier findings are settled", news.gone);
}

}  // namespace sm::daemon
