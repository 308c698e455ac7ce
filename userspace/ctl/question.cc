// SPDX-License-Identifier: Apache-2.0
#include "ctl/question.h"

#include <utility>

#include "base/text.h"
#include "ctl/listing_names.h"

namespace sm::ctl {
namespace {

Error usage(std::string text, std::string remedy) {
  return {ErrorCode::kInvalid, std::move(text), std::move(remedy)};
}

// "k: v" as curl takes it; the same name given twice is a header of two values.
Result<> add_header(Json& headers, const std::string& text) {
  const std::size_t colon = text.find(':');
  const std::string name(trim(std::string_view(text).substr(0, colon)));
  if (colon == std::string::npos || name.empty()) {
    return usage("-H '" + text + "' is no header", "write -H 'name: value'");
  }
  headers[name].push_back(std::string(trim(std::string_view(text).substr(colon + 1))));
  return {};
}

Result<> add_place(const Invocation& call, Json& question) {
  if (call.has("--from") == call.has("--gateway")) {
    return usage("explain needs the pod that asks, or the gateway that is asked",
                 "add --from NAMESPACE/POD, or --gateway NAMESPACE/POD --port N");
  }
  if (call.has("--from")) question["from"] = pod_of(call.value("--from"), "");
  if (call.has("--gateway")) {
    question["gateway"] = pod_of(call.value("--gateway"), "");
    if (!call.has("--port")) {
      return usage("--gateway needs the port that is asked", "add --port N");
    }
  }
  if (call.has("--port")) {
    const auto port = parse_decimal(call.value("--port"), 65535);
    if (!port || *port == 0) {
      return usage("--port " + call.value("--port") + " is no port", "write 1 to 65535");
    }
    question["port"] = *port;
  }
  if (call.has("--tls")) question["tls"] = call.value("--tls");
  return {};
}

}  // namespace

Result<Asked> asked_by(const Invocation& call) {
  Asked asked;
  asked.directories = call.values("--config");
  std::vector<std::string> words = call.operands;
  const auto take_directories = [&asked, &words](std::size_t keep) {
    // `--config DIR...` in a shell's sense: what stands before the request are more directories.
    const std::size_t count = words.size() > keep ? words.size() - keep : 0;
    const auto end = words.begin() + static_cast<std::ptrdiff_t>(count);
    asked.directories.insert(asked.directories.end(), words.begin(), end);
    words.erase(words.begin(), end);
  };
  const bool offline = !asked.directories.empty();
  if (call.has("--batch")) {
    if (offline) take_directories(0);
    if (!words.empty()) return usage("with --batch the requests stand in the file, not here", "");
    return asked;
  }
  const bool is_tcp = !words.empty() && words.back().rfind("tcp://", 0) == 0;
  const std::size_t wanted = is_tcp ? 1 : 2;
  if (offline) take_directories(wanted);
  if (words.size() != wanted) {
    return usage("explain needs one request: METHOD URL, or tcp://ADDRESS:PORT",
                 "for example: GET http://catalogue/health");
  }
  asked.question = Json::object();
  SM_TRY(add_place(call, asked.question));
  if (!is_tcp) asked.question["method"] = words[0];
  asked.question["url"] = words.back();
  for (const std::string& header : call.values("--header")) {
    SM_TRY(add_header(asked.question["headers"], header));
  }
  return asked;
}

std::vector<BatchLine> batch_lines(std::string_view text) {
  std::vector<BatchLine> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    BatchLine one;
    auto parsed = parse_json(line);
    if (!parsed) {
      one.error = "the line is " + parsed.error().text;
    } else if (!parsed->is_object()) {
      one.error = "the line is no JSON object";
    } else {
      const auto id = parsed->find("id");
      if (id != parsed->end() && id->is_string()) {
        one.id = id->get<std::string>();
        one.question = std::move(*parsed);
      } else {
        one.error = "the line has no \"id\" that is a string";
      }
    }
    lines.push_back(std::move(one));
  }
  return lines;
}

}  // namespace sm::ctl
