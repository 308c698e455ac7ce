// SPDX-License-Identifier: Apache-2.0
// Protocol selection of a service port (istio-behaviour.md 1.4). Pure.
#pragma once

#include "config/kube.h"
#include "plan/cluster.h"

namespace sm::plan {

// appProtocol first, else what the port's name starts with, else auto (TCP on ports where the
// server is known to speak first). Requires: port.protocol is TCP.
Protocol select_protocol(const config::ServicePort& port);
// "http", "tcp", "auto"
std::string_view to_string(Protocol protocol);

}  // namespace sm::plan
