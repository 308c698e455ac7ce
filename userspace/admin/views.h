// SPDX-License-Identifier: Apache-2.0
// Views: what the operator's window can ask of the running daemon. The interface is the admin
// server's; daemon/ implements it. Control thread only. Answers are the JSON of interfaces.md
// section 3; the CLI makes tables of it.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "base/json.h"
#include "base/result.h"

namespace sm::admin {

class Views {
 public:
  using Reply = std::function<void(Result<Json>)>;
  virtual ~Views() = default;

  // {"node","version","generation","documents":[{"kind","namespace","name","file","line","state"}],"findings":[F],
  //  "pods":[as
  //  pods()],"programs":[{"name","attached","where"}],"workers":[{"index","sessions","requests"}],
  //  "betweenNodes":"plaintext","counters":{...}}
  virtual Json status() = 0;
  // [{"namespace","name","state","node","ips","netnsCookie","workers","gateway","sessions","message"}],
  // local pods, with the pods of this node that are not enrolled and why
  virtual Json pods() = 0;
  // {"programs":[...],"maps":[{"name","entries","capacity"}],"counters":{name: n}}
  virtual Json bpf() = 0;
  // which: "routes" | "clusters" | "endpoints" | "listeners"; pod: "ns/name" or "" for all
  virtual Result<Json> proxy_config(const std::string& which, const std::string& pod) = 0;
  // Reads the directories now; replies when everything is in force or quarantined in every worker
  // and every pod is Ready:
  // {"generation","quarantined","podsNotReady":[]}, or kTimeout with what is missing.
  virtual void sync(std::chrono::milliseconds wait, Reply reply) = 0;
  // component empty: all.
  virtual Result<Json> set_log_level(const std::string& component, const std::string& level) = 0;
  // Starts draining (as SIGTERM does, without ending the process).
  virtual Result<Json> drain() = 0;
  // Lets go of what only one daemon may hold, for a successor on the same node file, and serves on
  // until that has every pod: {"handingOver":true}.
  virtual Result<Json> hand_over() = 0;
  // requests: array of the lines of explain's batch; answers in the same order.
  virtual Result<Json> explain(const Json& requests) = 0;
};

}  // namespace sm::admin
