// SPDX-License-Identifier: Apache-2.0
// The verbs that stand in for an API server: apply and delete.
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <ctime>

#include "base/rng.h"
#include "config/object_store.h"
#include "ctl/exit_code.h"
#include "ctl/handlers.h"
#include "ctl/inputs.h"
#include "ctl/invocation.h"
#include "ctl/output.h"

namespace sm::ctl {
namespace {

using config::ObjectStore;
using config::StoreAction;
using config::Stored;

Error usage(std::string text, std::string remedy) {
  return {ErrorCode::kInvalid, std::move(text), std::move(remedy)};
}

Result<config::StoreOptions> options_of(const Invocation& call) {
  config::StoreOptions options;
  options.directory = call.value("--dir");
  options.default_namespace = call.value("--namespace", "default");
  if (options.directory.empty()) {
    return usage("--dir is missing: the directory that the daemons read", "add --dir DIR");
  }
  if (call.has("--service-cidr")) {
    options.service_cidr = Cidr::parse(call.value("--service-cidr"));
    if (!options.service_cidr || !options.service_cidr->base.is_v4()) {
      return usage("--service-cidr " + call.value("--service-cidr") + " is no IPv4 prefix",
                   "write one such as 10.96.0.0/16");
    }
  }
  return options;
}

// What follows -f are files too, so that `-f *.yaml` does what it says.
std::vector<std::string> files_of(const Invocation& call) {
  std::vector<std::string> files = call.values("--filename");
  files.insert(files.end(), call.operands.begin(), call.operands.end());
  return files;
}

Json to_json(const Stored& stored) {
  return Json{{"kind", stored.ref.kind},
              {"namespace", stored.ref.namespace_},
              {"name", stored.ref.name},
              {"action", config::to_string(stored.action)},
              {"file", stored.path}};
}

std::string line_of(const Stored& stored) {
  std::string line = stored.ref.kind + " ";
  if (!stored.ref.namespace_.empty()) line += stored.ref.namespace_ + "/";
  return line + stored.ref.name + " " + std::string(config::to_string(stored.action)) + "\n";
}

// What became of all inputs together.
struct Outcome {
  Json objects = Json::array();
  std::string lines;
  std::vector<Error> errors;
  bool missing = false;
};

using Step = Result<std::vector<Stored>> (ObjectStore::*)(const std::string&, std::string_view);

Outcome run_step(ObjectStore& store, Step step, const std::vector<Input>& inputs) {
  Outcome outcome;
  for (const Input& input : inputs) {
    const auto done = (store.*step)(input.name, input.text);
    if (!done) {
      // The other files are independent of this one, as with kubectl.
      outcome.errors.push_back(done.error());
      continue;
    }
    for (const Stored& stored : *done) {
      outcome.objects.push_back(to_json(stored));
      outcome.lines += line_of(stored);
      outcome.missing = outcome.missing || stored.action == StoreAction::kNotFound;
    }
  }
  return outcome;
}

int run_store(const Invocation& call, Console& console, Step step, bool make_directory) {
  auto options = options_of(call);
  if (!options) return fail(console, Format::kTable, options.error(), kExitUsage);
  const std::vector<std::string> files = files_of(call);
  if (files.empty()) {
    return fail(console, Format::kTable,
                usage("-f is missing: the resources", "add -f FILE, -f DIR or -f -"), kExitUsage);
  }
  const auto inputs = read_inputs(files, console);
  if (!inputs) return fail(console, call.format, inputs.error(), kExitFailed);
  std::error_code failed;
  if (make_directory) std::filesystem::create_directories(options->directory, failed);
  if (!std::filesystem::is_directory(options->directory, failed)) {
    return fail(console, call.format,
                {ErrorCode::kNotFound, options->directory + " is no directory",
                 "name the directory that the daemons read (`resources:` in the node file)"},
                kExitFailed);
  }
  ObjectStore store(*options, static_cast<std::int64_t>(std::time(nullptr)), Rng(0));
  const Outcome outcome = run_step(store, step, *inputs);
  for (const Error& error : outcome.errors) fail(console, Format::kTable, error, kExitFailed);
  Json answer{{"objects", outcome.objects}, {"errors", Json::array()}};
  for (const Error& error : outcome.errors) {
    answer["errors"].push_back(Json{{"text", error.text}, {"remedy", error.remedy}});
  }
  if (!print_value(console, call.format, answer)) console.out(outcome.lines);
  const bool missing = outcome.missing && !call.has("--ignore-not-found");
  return outcome.errors.empty() && !missing ? kExitDone : kExitFailed;
}

}  // namespace

int run_apply(const Invocation& call, Console& console) {
  return run_store(call, console, &ObjectStore::apply, true);
}

int run_delete(const Invocation& call, Console& console) {
  return run_store(call, console, &ObjectStore::remove, false);
}

}  // namespace sm::ctl
