// SPDX-License-Identifier: Apache-2.0
#include "ctl/verdicts.h"

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>

#include "analysis/analyze.h"
#include "config/documents.h"
#include "config/loader.h"
#include "ctl/exit_code.h"
#include "ctl/finding_text.h"
#include "ctl/handlers.h"
#include "ctl/invocation.h"
#include "ctl/offline_plan.h"
#include "ctl/online.h"
#include "ctl/output.h"
#include "plan/build.h"

namespace sm::ctl {
namespace {

using config::Document;
using config::Finding;

bool is_about(const Finding& finding, const config::ObjectRef& ref) {
  return finding.object.file == ref.file && finding.object.line == ref.line &&
         finding.object.key() == ref.key();
}

Json entry_of(const config::ObjectRef& ref, const config::Findings& findings) {
  Json list = Json::array();
  for (const Finding& finding : findings) list.push_back(finding.to_json());
  return Json{{"kind", ref.kind},           {"namespace", ref.namespace_},
              {"name", ref.name},           {"file", ref.file},
              {"line", ref.line},           {"valid", !config::is_invalid(findings)},
              {"findings", std::move(list)}};
}

void judge(const Input& input, Json& documents) {
  const auto snapshot = config::load_text(input.name, input.text);
  std::vector<bool> said(snapshot->findings.size(), false);
  for (const Document& document : snapshot->documents) {
    config::Findings own;
    for (std::size_t i = 0; i < said.size(); ++i) {
      if (said[i] || !is_about(snapshot->findings[i], document.ref)) continue;
      said[i] = true;
      own.push_back(snapshot->findings[i]);
    }
    documents.push_back(entry_of(document.ref, own));
  }
  for (std::size_t i = 0; i < said.size(); ++i) {
    if (said[i]) continue;
    const Finding& finding = snapshot->findings[i];
    config::ObjectRef ref = finding.object;
    if (ref.file.empty()) ref.file = input.name;
    if (ref.line == 0) ref.line = finding.mark.line;
    documents.push_back(entry_of(ref, {finding}));
  }
}

config::Findings plan_findings(const config::Snapshot& snapshot) {
  const config::Snapshot whole = with_somebody_asking(snapshot);
  return analysis::merge(plan::build({whole, kEveryNode, 0, {}}).findings,
                         analysis::analyze(snapshot, {true}));
}

std::string validate_text(const Json& verdict) {
  std::string text;
  for (const Json& document : list_at(verdict, "documents")) {
    text += place_of(document) + ": " + document.value("kind", "") + " " + name_of(document) +
            (document.value("valid", false) ? ": valid\n" : ": INVALID\n");
    for (const Json& finding : list_at(document, "findings")) text += finding_text(finding);
  }
  return text.empty() ? "no document\n" : text;
}

std::string analyze_text(const Json& verdict, const std::vector<std::string>& directories) {
  const Json& findings = list_at(verdict, "findings");
  if (findings.empty()) {
    std::string text = "\u2714 No validation issues found when analyzing ";
    for (std::size_t i = 0; i < directories.size(); ++i) {
      text += (i == 0 ? "" : ", ") + directories[i];
    }
    return text + ".\n";
  }
  std::string text;
  for (const Json& finding : findings) text += finding_text(finding);
  return text;
}

}  // namespace

Json validate_inputs(const std::vector<Input>& inputs) {
  Json documents = Json::array();
  for (const Input& input : inputs) judge(input, documents);
  return Json{{"documents", std::move(documents)}};
}

bool all_valid(const Json& verdict) {
  const Json& documents = list_at(verdict, "documents");
  return std::all_of(documents.begin(), documents.end(),
                     [](const Json& document) { return document.value("valid", false); });
}

Json analyze_snapshot(const config::Snapshot& snapshot) {
  const config::Findings planned = plan_findings(snapshot);
  Json findings = Json::array();
  for (const Finding& finding : snapshot.findings) findings.push_back(finding.to_json());
  for (const Finding& finding : planned) findings.push_back(finding.to_json());
  Json documents = Json::array();
  for (const Document& document : config::documents_of(snapshot, planned)) {
    documents.push_back(config::to_json(document));
  }
  return Json{{"documents", std::move(documents)}, {"findings", std::move(findings)}};
}

bool has_errors(const Json& verdict) {
  const Json& findings = list_at(verdict, "findings");
  return std::any_of(findings.begin(), findings.end(),
                     [](const Json& finding) { return finding.value("severity", "") == "error"; });
}

int run_validate(const Invocation& call, Console& console) {
  const auto inputs = read_inputs(call.operands, console);
  if (!inputs) return fail(console, call.format, inputs.error(), kExitFailed);
  const Json verdict = validate_inputs(*inputs);
  if (!print_value(console, call.format, verdict)) console.out(validate_text(verdict));
  return all_valid(verdict) ? kExitDone : kExitFailed;
}

int run_analyze(const Invocation& call, Console& console) {
  for (const std::string& directory : call.operands) {
    std::error_code failed;
    if (std::filesystem::exists(directory, failed)) continue;
    return fail(console, call.format,
                {ErrorCode::kNotFound, directory + " does not exist",
                 "name directories (or files) that hold resources"},
                kExitFailed);
  }
  config::Loader loader("");
  const auto snapshot = loader.load(call.operands);
  const Json verdict = analyze_snapshot(*snapshot);
  if (!print_value(console, call.format, verdict)) {
    console.out(analyze_text(verdict, call.operands));
  }
  return has_errors(verdict) ? kExitErrorsFound : kExitDone;
}

}  // namespace sm::ctl
