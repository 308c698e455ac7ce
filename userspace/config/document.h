// SPDX-License-Identifier: Apache-2.0
// One document decoded: a typed object, or the reasons why it is none. Values; any thread.
#pragma once

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "config/analysed.h"
#include "config/finding.h"
#include "config/istio.h"
#include "config/kube.h"
#include "config/yaml.h"

namespace sm::config {

using Object =
    std::variant<std::monostate, std::shared_ptr<const Namespace>, std::shared_ptr<const Service>,
                 std::shared_ptr<const Pod>, std::vector<std::shared_ptr<const Endpoints>>,
                 std::shared_ptr<const VirtualService>, std::shared_ptr<const DestinationRule>,
                 std::shared_ptr<const Gateway>, std::shared_ptr<const SecurityPolicy>,
                 std::shared_ptr<const MeshConfig>, std::shared_ptr<const ServiceEntry>,
                 std::shared_ptr<const Sidecar>, std::shared_ptr<const Telemetry>,
                 std::shared_ptr<const EnvoyFilter>, std::shared_ptr<const Secret>,
                 std::shared_ptr<const KubeNode>, std::shared_ptr<const KubeGateway>>;

struct Decoded {
  ObjectRef ref;
  // What the document says. Left empty by kinds without meaning here, and by documents with an
  // error.
  Object object;
  // The same, errors or not: what the analysers look at.
  Object written;
  // A security document with an error: whom it selects, as far as that can be read.
  std::shared_ptr<const SecurityPolicy> broken_policy;
  Findings findings;
  bool ignored = false;  // a kind that sockmesh has no use for
  // API group, kind, namespace, name: what one object is, whatever version it is written with.
  // Empty without a name.
  std::string identity;

  bool refused() const { return has_error(findings); }
};

// One tree that may be a List becomes its items; everything else stays one.
std::vector<YamlDocument> unfold_lists(YamlDocument document);

// Never fails: what is wrong is in the findings. `file` goes into every ObjectRef.
Decoded decode_document(const YamlDocument& document, const std::string& file);

}  // namespace sm::config
