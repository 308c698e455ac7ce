// SPDX-License-Identifier: Apache-2.0
// One value of an access record, for AccessFormat. Any thread.
#pragma once

#include <string>

#include "telemetry/access_format.h"

namespace sm::telemetry {

// Appends the value as text; false, and nothing appended, when there is none. Line feeds become
// blanks, because they would forge a line.
bool append_field(const AccessFormat::Part& part, const AccessRecord& record, std::string& out);
bool is_number(AccessFormat::Field field);

}  // namespace sm::telemetry
