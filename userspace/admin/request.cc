// SPDX-License-Identifier: Apache-2.0
#include "admin/request.h"

#include <array>
#include <chrono>
#include <utility>

#include "base/limits.h"

namespace sm::admin {
namespace {

constexpr std::array<std::string_view, 4> kTables = {"listeners", "routes", "clusters",
                                                     "endpoints"};

Error bad_request(std::string text) {
  return {ErrorCode::kInvalid, std::move(text), "use a sockmeshctl of the daemon's version"};
}

// The text at `key`; absent: `otherwise`.
Result<std::string> text_at(const Json& request, const char* key, const char* otherwise) {
  const auto found = request.find(key);
  if (found == request.end()) return std::string(otherwise);
  if (!found->is_string()) return bad_request(std::string("\"") + key + "\" is not a string");
  return found->get<std::string>();
}

Result<Json> proxy_config(Views& views, const Json& request) {
  SM_TRY_ASSIGN(const std::string which, text_at(request, "which", ""));
  SM_TRY_ASSIGN(const std::string pod, text_at(request, "pod", ""));
  for (const std::string_view table : kTables) {
    if (table == which) return views.proxy_config(which, pod);
  }
  return bad_request("\"which\" is \"" + which +
                     "\", not one of listeners, routes, clusters, endpoints");
}

Result<Json> log_level(Views& views, const Json& request) {
  SM_TRY_ASSIGN(const std::string component, text_at(request, "component", ""));
  SM_TRY_ASSIGN(const std::string level, text_at(request, "level", ""));
  return views.set_log_level(component, level);
}

Result<Json> explain(Views& views, const Json& request) {
  const auto requests = request.find("requests");
  if (requests == request.end() || !requests->is_array()) {
    return bad_request("\"requests\" is not an array");
  }
  return views.explain(*requests);
}

void sync(Views& views, const Json& request, Views::Reply reply) {
  const auto wait = request.find("waitMs");
  if (wait == request.end() || !wait->is_number_unsigned() ||
      wait->get<std::uint64_t>() > static_cast<std::uint64_t>(kAdminSyncWaitMax.count())) {
    return reply(bad_request("\"waitMs\" is not a number between 0 and " +
                             std::to_string(kAdminSyncWaitMax.count())));
  }
  views.sync(std::chrono::milliseconds(wait->get<std::int64_t>()), std::move(reply));
}

// Every verb that has its answer at once.
Result<Json> answer_now(Views& views, const std::string& verb, const Json& request) {
  if (verb == "status") return views.status();
  if (verb == "pods") return views.pods();
  if (verb == "bpf") return views.bpf();
  if (verb == "proxy-config") return proxy_config(views, request);
  if (verb == "log-level") return log_level(views, request);
  if (verb == "drain") return views.drain();
  if (verb == "handover") return views.hand_over();
  if (verb == "explain") return explain(views, request);
  return bad_request("this daemon does not know the verb \"" + verb + "\"");
}

}  // namespace

void dispatch(Views& views, std::string_view line, Views::Reply reply) {
  auto request = parse_json(line);
  if (!request) return reply(bad_request("the request is " + request.error().text));
  if (!request->is_object()) return reply(bad_request("the request is not a JSON object"));
  auto verb = text_at(*request, "verb", "");
  if (!verb) return reply(std::move(verb).error());
  if (*verb == "sync") return sync(views, *request, std::move(reply));
  reply(answer_now(views, *verb, *request));
}

std::string answer_line(const Result<Json>& outcome) {
  Json answer = Json::object();
  if (outcome) {
    answer["result"] = *outcome;
  } else {
    const Error& error = outcome.error();
    answer["error"] =
        Json{{"code", to_string(error.code)}, {"text", error.text}, {"remedy", error.remedy}};
  }
  return dump_json(answer) + "\n";
}

std::string_view to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalid:
      return "invalid";
    case ErrorCode::kNotFound:
      return "notFound";
    case ErrorCode::kDenied:
      return "denied";
    case ErrorCode::kUnavailable:
      return "unavailable";
    case ErrorCode::kLimit:
      return "limit";
    case ErrorCode::kTimeout:
      return "timeout";
    case ErrorCode::kUnsupported:
      return "unsupported";
    case ErrorCode::kSystem:
      return "system";
  }
  return "system";
}

}  // namespace sm::admin
