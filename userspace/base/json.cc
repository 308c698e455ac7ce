// SPDX-License-Identifier: Apache-2.0
#include "base/json.h"

#include "base/limits.h"

namespace sm {

Result<Json> parse_json(std::string_view text) {
  bool too_deep = false;
  const auto guard = [&too_deep](int depth, nlohmann::json::parse_event_t, Json&) {
    too_deep = too_deep || depth > static_cast<int>(kYamlDepthMax);
    return !too_deep;
  };
  try {
    Json value = Json::parse(text, guard);
    if (too_deep)
      return Error{ErrorCode::kLimit,
                   "JSON nested deeper than " + std::to_string(kYamlDepthMax) + " levels",
                   {}};
    return value;
  } catch (const Json::parse_error& error) {
    return Error{ErrorCode::kInvalid, "not JSON at byte " + std::to_string(error.byte), {}};
  } catch (const Json::out_of_range&) {
    // The grammar knows no largest number, a double does: 1e999.
    return Error{ErrorCode::kLimit, "a JSON number beyond what a double holds", {}};
  }
}

std::string dump_json(const Json& value, int indent) {
  return value.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace sm
