// SPDX-License-Identifier: Apache-2.0
// What all verbs that ask the daemon have in common.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "base/json.h"
#include "ctl/admin_client.h"
#include "ctl/console.h"
#include "ctl/invocation.h"

namespace sm::ctl {

// Asks the daemon of `call`, prints what it answers (as `text` makes it for people) or why it does
// not. Returns the exit code.
int ask_and_print(const Invocation& call, Console& console, const Json& request,
                  const std::function<std::string(const Json&)>& text,
                  std::chrono::milliseconds timeout = kAnswerTimeout);

// The member, when `value` is an object that has it; otherwise an empty array or object, so that a
// daemon of another version is shown as far as it goes.
const Json& list_at(const Json& value, const char* key);
const Json& object_at(const Json& value, const char* key);

// "1 pod", "2 pods"
std::string counted(std::size_t number, const std::string& noun);

}  // namespace sm::ctl
