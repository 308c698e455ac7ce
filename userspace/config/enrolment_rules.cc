// SPDX-License-Identifier: Apache-2.0
#include "config/enrolment_rules.h"

#include <optional>

namespace sm::config {
namespace {

std::string value_of(const Labels& labels, const std::string& name) {
  const auto found = labels.find(name);
  return found == labels.end() ? std::string() : found->second;
}

// sidecar.istio.io/inject: the label wins over the older annotation. Words as Istio's injector
// reads them.
std::optional<bool> asked_for(const Pod& pod) {
  const std::string name = "sidecar.istio.io/inject";
  std::string word = value_of(pod.meta.labels, name);
  if (word.empty()) word = value_of(pod.meta.annotations, name);
  if (word == "true" || word == "y" || word == "yes" || word == "on") return true;
  if (word == "false" || word == "n" || word == "no" || word == "off") return false;
  return std::nullopt;
}

enum class NamespaceSays : unsigned char { kNothing, kEnabled, kDisabled, kAbsent };

NamespaceSays ask_namespace(const Snapshot& snapshot, std::string_view name) {
  for (const auto& space : snapshot.namespaces) {
    if (space->meta.ref.name != name) continue;
    const std::string label = value_of(space->meta.labels, "istio-injection");
    if (label == "enabled") return NamespaceSays::kEnabled;
    return label == "disabled" ? NamespaceSays::kDisabled : NamespaceSays::kNothing;
  }
  return NamespaceSays::kAbsent;
}

// Why the pod stays outside, or "".
std::string refusal(const Snapshot& snapshot, const Enrolment& enrolment) {
  const Pod& pod = *enrolment.pod;
  const std::string& space = pod.meta.ref.namespace_;
  if (pod.deleting) return "the pod is being deleted";
  if (pod.phase == "Succeeded" || pod.phase == "Failed")
    return "the pod has ended (phase " + pod.phase + ")";
  if (pod.host_network) return "the pod uses the host's network";
  if (!enrolment.gateway) {
    const std::optional<bool> asked = asked_for(pod);
    if (asked == false) return "sidecar.istio.io/inject is false on the pod";
    switch (ask_namespace(snapshot, space)) {
      case NamespaceSays::kDisabled:
        return "namespace " + space + " has istio-injection: disabled";
      case NamespaceSays::kNothing:
        if (asked != true)
          return "namespace " + space + " lacks the label istio-injection: enabled";
        break;
      case NamespaceSays::kEnabled:
      case NamespaceSays::kAbsent:
        break;
    }
  }
  if (enrolment.netns.empty())
    return "the annotation sockmesh.io/netns is missing, which says where the pod's network "
           "namespace is";
  return {};
}

}  // namespace

bool namespace_injects(const Snapshot& snapshot, std::string_view namespace_name) {
  const NamespaceSays says = ask_namespace(snapshot, namespace_name);
  return says == NamespaceSays::kEnabled || says == NamespaceSays::kAbsent;
}

Enrolment enrolment_of(const Snapshot& snapshot, std::shared_ptr<const Pod> pod) {
  Enrolment out;
  out.pod = std::move(pod);
  const Labels& annotations = out.pod->meta.annotations;
  out.gone = out.pod->deleting || out.pod->phase == "Succeeded" || out.pod->phase == "Failed";
  out.gateway = value_of(annotations, "sockmesh.io/gateway") == "true";
  out.netns = value_of(annotations, "sockmesh.io/netns");
  out.cgroup = value_of(annotations, "sockmesh.io/cgroup");
  out.reason = refusal(snapshot, out);
  out.enrolled = out.reason.empty();
  // A gateway has no application whose connections could be left out.
  if (out.enrolled && !out.gateway) out.lists = out.pod->lists;
  return out;
}

std::vector<Enrolment> enrolments(const Snapshot& snapshot, std::string_view node_name) {
  std::vector<Enrolment> out;
  for (const auto& pod : snapshot.pods) {
    if (pod->node_name == node_name) out.push_back(enrolment_of(snapshot, pod));
  }
  return out;
}

}  // namespace sm::config
