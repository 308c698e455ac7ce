// SPDX-License-Identifier: Apache-2.0
// What `status` and `pods` tell of capture, in words: whether something went past the mesh, what
// pods leave out on purpose, what their self-tests found, and what is older than they. Pure; each
// is empty when there is nothing to say.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"

namespace sm::ctl {

// The lists of one pod: "to 3306,192.0.2.0/24; at all but 8080"; "-" for nothing.
std::string left_out(const Json& lists);
// The self-test of one pod: "7 passed", "none yet", or how it fails; "-" for a pod without one.
std::string self_test(const Json& pod);

// Of the whole `status`: the loud line of `onProxyDown: open`, and one about what is captured.
std::string open_warning(const Json& status);
std::string capture_line(const Json& status);
// One sentence for each thing that is not as it should be.
std::vector<std::string> capture_attention(const Json& status);
std::string watch_lines(const Json& status);
std::string self_test_table(const Json& status);
std::string old_connections_table(const Json& status);

}  // namespace sm::ctl
