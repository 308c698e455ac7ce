// SPDX-License-Identifier: Apache-2.0
// Routes of one VirtualService that no request can reach, because an earlier one takes everything
// that they match: warnings and infos with the codes of Istio's analyser. Pure.
#pragma once

#include "config/reporter.h"
#include "config/view.h"

namespace sm::config {

void warn_of_overlaps(const View& spec, Reporter& report);

}  // namespace sm::config
