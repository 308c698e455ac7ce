// SPDX-License-Identifier: Apache-2.0
#include "ctl/online.h"

#include "ctl/exit_code.h"
#include "ctl/output.h"

namespace sm::ctl {

int ask_and_print(const Invocation& call, Console& console, const Json& request,
                  const std::function<std::string(const Json&)>& text,
                  std::chrono::milliseconds timeout) {
  const Answer answer = ask(call.socket(), request, timeout);
  if (answer.exit_code != kExitDone) {
    return fail(console, call.format, answer.error, answer.exit_code);
  }
  if (!print_value(console, call.format, answer.result)) console.out(text(answer.result));
  return kExitDone;
}

const Json& list_at(const Json& value, const char* key) {
  static const Json kNone = Json::array();
  if (!value.is_object()) return kNone;
  const auto found = value.find(key);
  return found != value.end() && found->is_array() ? *found : kNone;
}

const Json& object_at(const Json& value, const char* key) {
  static const Json kNone = Json::object();
  if (!value.is_object()) return kNone;
  const auto found = value.find(key);
  return found != value.end() && found->is_object() ? *found : kNone;
}

std::string counted(std::size_t number, const std::string& noun) {
  return std::to_string(number) + " " + noun + (number == 1 ? "" : "s");
}

}  // namespace sm::ctl
