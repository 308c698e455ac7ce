// SPDX-License-Identifier: Apache-2.0
#include "ctl/explainer.h"

#include "config/enrolment_rules.h"
#include "config/loader.h"
#include "ctl/exit_code.h"
#include "ctl/offline_plan.h"
#include "plan/build.h"
#include "plan/explain.h"

namespace sm::ctl {
namespace {

constexpr std::chrono::milliseconds kExplainTimeout{60'000};

// The netns annotation is not asked for: it says where a pod runs, not what it may do, and
// directories under review often do not have it yet.
std::map<std::string, std::string> pods_outside(const config::Snapshot& snapshot) {
  std::map<std::string, std::string> outside;
  for (const auto& pod : snapshot.pods) {
    auto located = std::make_shared<config::Pod>(*pod);
    located->meta.annotations.try_emplace("sockmesh.io/netns", "/run/netns/offline");
    const config::Enrolment rule = config::enrolment_of(snapshot, located);
    if (rule.enrolled || rule.gone) continue;
    outside[pod->meta.ref.namespace_ + "/" + pod->meta.ref.name] = rule.reason;
  }
  return outside;
}

Json error_of(const std::string& text) { return Json{{"error", text}}; }

}  // namespace

OfflineExplainer::OfflineExplainer(const std::vector<std::string>& directories) {
  config::Loader loader("");
  x_snapshot = loader.load(directories);
  x_plan = plan::build({*x_snapshot, kEveryNode, 0, {}}).plan;
  x_outside = pods_outside(*x_snapshot);
}

Answer OfflineExplainer::explain(const Json& questions) {
  Json answers = Json::array();
  for (const Json& question : questions) answers.push_back(explain_one(question));
  return {kExitDone, std::move(answers), {}};
}

Json OfflineExplainer::explain_one(const Json& question) const {
  const auto request = plan::ExplainRequest::from_json(question);
  if (!request) return error_of(request.error().describe());
  const auto outside = x_outside.find(request->pod);
  if (outside != x_outside.end()) {
    return error_of("pod " + request->pod + " is not in the mesh: " + outside->second);
  }
  auto answer = plan::explain(*x_plan, *request);
  return answer ? std::move(*answer) : error_of(answer.error().describe());
}

Answer OnlineExplainer::explain(const Json& questions) {
  Answer answer =
      ask(x_socket, Json{{"verb", "explain"}, {"requests", questions}}, kExplainTimeout);
  if (answer.exit_code != kExitDone) return answer;
  if (answer.result.is_array() && answer.result.size() == questions.size()) return answer;
  return {kExitFailed,
          {},
          {ErrorCode::kInvalid, "the daemon answers other questions than were asked",
           "use a sockmeshctl of the daemon's version"}};
}

}  // namespace sm::ctl
