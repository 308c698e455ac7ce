// SPDX-License-Identifier: Apache-2.0
// Explainer: who answers the questions of `explain`: the planner on directories, or the daemon.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "config/snapshot.h"
#include "ctl/admin_client.h"
#include "plan/run_plan.h"

namespace sm::ctl {

class Explainer {
 public:
  virtual ~Explainer() = default;
  // `questions`: an array of batch lines. The result is an array of as many answers in their order;
  // an answer that cannot be given is {"error": "..."}.
  virtual Answer explain(const Json& questions) = 0;
};

// No daemon, no root, no network. Every pod of the directories may be asked from, whatever its
// node.
class OfflineExplainer final : public Explainer {
 public:
  explicit OfflineExplainer(const std::vector<std::string>& directories);
  Answer explain(const Json& questions) override;

 private:
  Json explain_one(const Json& question) const;

  std::shared_ptr<const config::Snapshot> x_snapshot;  // what the plan was made of
  std::shared_ptr<const plan::RunPlan> x_plan;
  std::map<std::string, std::string> x_outside;  // pods that are not in the mesh, and why
};

class OnlineExplainer final : public Explainer {
 public:
  explicit OnlineExplainer(std::string socket) : x_socket(std::move(socket)) {}
  Answer explain(const Json& questions) override;

 private:
  std::string x_socket;
};

}  // namespace sm::ctl
