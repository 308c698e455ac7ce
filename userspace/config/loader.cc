// SPDX-License-Identifier: Apache-2.0
#include "config/loader.h"

#include <fmt/format.h>

#include <map>
#include <set>
#include <utility>

#include "config/file_cache.h"
#include "config/last_good.h"

namespace sm::config {
namespace {

constexpr int kScanAttempts = 3;  // files may be swapped between listing and reading

// One document of the load, or the last good version of an object whose file cannot be read.
struct Candidate {
  const FileDocument* document = nullptr;
  std::string kept;  // identity, when there is no document
};

struct Listing {
  std::vector<std::shared_ptr<const FileContent>>
      contents;  // keeps the candidates' documents alive
  std::vector<Candidate> candidates;
  Findings findings;
  bool swapped = false;  // a file went away while reading
};

Finding file_finding(std::string_view finding_code, const std::string& file, Mark mark,
                     std::string message, std::string remedy) {
  Finding finding;
  finding.code = std::string(finding_code);
  finding.severity = Severity::kError;
  finding.object.file = file;
  finding.object.line = mark.line;
  finding.mark = mark;
  finding.message = std::move(message);
  finding.remedy = std::move(remedy);
  return finding;
}

Finding not_yaml(const std::string& file, const YamlError& error) {
  const Mark mark = error.mark.line > 0 ? error.mark : Mark{1, 1};
  return file_finding(
      code::kNotYaml, file, mark,
      fmt::format("the file is no {}: {}", is_json_name(file) ? "JSON" : "YAML", error.text),
      "correct the file; until then the last good versions of its documents stay in force");
}

Listing list_sources(const std::vector<std::string>& directories, FileCache& files,
                     const LastGood& last_good) {
  Listing out;
  const auto keep = [&](const std::string& path) {
    for (std::string& identity : last_good.identities_of(path))
      out.candidates.push_back({nullptr, std::move(identity)});
  };
  const SourceScan scan = scan_sources(directories);
  for (const Unreadable& unreadable : scan.unreadable) {
    out.findings.push_back(file_finding(code::kUnreadable, unreadable.path, {1, 1},
                                        "cannot be read: " + unreadable.why,
                                        "what was read from here before stays in force"));
    keep(unreadable.path);
  }
  for (const SourceFile& file : scan.files) {
    Result<std::shared_ptr<const FileContent>> content = files.get(file);
    if (!content) {
      out.swapped = out.swapped || content.error().code == ErrorCode::kNotFound;
      out.findings.push_back(file_finding(code::kUnreadable, file.path, {1, 1},
                                          content.error().text, content.error().remedy));
      keep(file.path);
      continue;
    }
    if ((*content)->error) {
      out.findings.push_back(not_yaml(file.path, *(*content)->error));
      keep(file.path);
      continue;
    }
    bool whole = true;
    for (const FileDocument& document : (*content)->documents) {
      whole = whole && !(document.decoded.refused() && document.decoded.identity.empty());
      out.candidates.push_back({&document, {}});
    }
    // A file that is cut off, or emptied by a writer that is about to fill it, may still be YAML.
    if (file.stamp.size == 0 && !last_good.identities_of(file.path).empty()) {
      out.findings.push_back(file_finding(code::kUnreadable, file.path, {1, 1}, "the file is empty",
                                          "what was read from it before stays in force; remove the "
                                          "file to remove its objects"));
      out.findings.back().severity = Severity::kWarning;
      whole = false;
    }
    if (!whole) keep(file.path);
    out.contents.push_back(std::move(*content));
  }
  return out;
}

struct PutIntoSnapshot {
  Snapshot& snapshot;
  void operator()(std::monostate) const {}
  void operator()(const std::shared_ptr<const Namespace>& x) const {
    snapshot.namespaces.push_back(x);
  }
  void operator()(const std::shared_ptr<const Service>& x) const { snapshot.services.push_back(x); }
  void operator()(const std::shared_ptr<const Pod>& x) const { snapshot.pods.push_back(x); }
  void operator()(const std::vector<std::shared_ptr<const Endpoints>>& x) const {
    snapshot.endpoints.insert(snapshot.endpoints.end(), x.begin(), x.end());
  }
  void operator()(const std::shared_ptr<const VirtualService>& x) const {
    snapshot.virtual_services.push_back(x);
  }
  void operator()(const std::shared_ptr<const DestinationRule>& x) const {
    snapshot.destination_rules.push_back(x);
  }
  void operator()(const std::shared_ptr<const Gateway>& x) const { snapshot.gateways.push_back(x); }
  void operator()(const std::shared_ptr<const SecurityPolicy>& x) const {
    snapshot.security_policies.push_back(x);
  }
  void operator()(const std::shared_ptr<const MeshConfig>& x) const { snapshot.mesh = *x; }
  // The rest is for the analysers alone.
  template <class Analysed>
  void operator()(const std::shared_ptr<const Analysed>&) const {}
};

struct PutIntoWritten {
  Written& written;
  void operator()(const std::shared_ptr<const VirtualService>& x) const {
    written.virtual_services.push_back(x);
  }
  void operator()(const std::shared_ptr<const DestinationRule>& x) const {
    written.destination_rules.push_back(x);
  }
  void operator()(const std::shared_ptr<const Gateway>& x) const { written.gateways.push_back(x); }
  void operator()(const std::shared_ptr<const SecurityPolicy>& x) const {
    written.security_policies.push_back(x);
  }
  void operator()(const std::shared_ptr<const ServiceEntry>& x) const {
    written.service_entries.push_back(x);
  }
  void operator()(const std::shared_ptr<const Sidecar>& x) const { written.sidecars.push_back(x); }
  void operator()(const std::shared_ptr<const Telemetry>& x) const {
    written.telemetries.push_back(x);
  }
  void operator()(const std::shared_ptr<const EnvoyFilter>& x) const {
    written.envoy_filters.push_back(x);
  }
  void operator()(const std::shared_ptr<const Secret>& x) const { written.secrets.push_back(x); }
  void operator()(const std::shared_ptr<const KubeNode>& x) const { written.nodes.push_back(x); }
  void operator()(const std::shared_ptr<const KubeGateway>& x) const {
    written.kube_gateways.push_back(x);
  }
  // The snapshot has these itself.
  template <class Other>
  void operator()(const Other&) const {}
};

void put(Snapshot& snapshot, const Object& object) {
  std::visit(PutIntoSnapshot{snapshot}, object);
}

bool has_warning(const Findings& findings) {
  for (const Finding& finding : findings) {
    if (finding.severity == Severity::kWarning) return true;
  }
  return false;
}

// Puts one document into the snapshot: itself, or its last good version.
void admit(const FileDocument& file_document, LastGood* last_good, Snapshot& snapshot) {
  const Decoded& decoded = file_document.decoded;
  Document document{decoded.ref, DocumentState::kAccepted, false};
  snapshot.findings.insert(snapshot.findings.end(), decoded.findings.begin(),
                           decoded.findings.end());
  std::visit(PutIntoWritten{snapshot.written}, decoded.written);
  if (decoded.refused()) {
    document.state = DocumentState::kQuarantined;
    const LastGood::Entry* good =
        last_good == nullptr ? nullptr : last_good->find(decoded.identity);
    if (good != nullptr) {
      document.last_good_in_force = true;
      put(snapshot, good->object);
    } else if (decoded.broken_policy) {
      snapshot.broken_security_policies.push_back(decoded.broken_policy);
    }
  } else if (decoded.ignored) {
    document.state = DocumentState::kIgnored;
  } else {
    if (has_warning(decoded.findings)) document.state = DocumentState::kWarned;
    put(snapshot, decoded.object);
    const bool means_something = !std::holds_alternative<std::monostate>(decoded.object);
    if (last_good != nullptr && means_something) {
      last_good->put(decoded.identity, decoded.ref, decoded.object, file_document.text);
    }
  }
  snapshot.documents.push_back(std::move(document));
}

void say_overridden(const ObjectRef& loser, const ObjectRef& winner, Snapshot& snapshot) {
  Finding finding;
  finding.code = std::string(code::kDuplicate);
  finding.severity = Severity::kWarning;
  finding.object = loser;
  finding.mark = Mark{loser.line, 1};
  finding.message =
      fmt::format("{}:{} and {}:{} describe one object; the last in path order is in force",
                  loser.file, loser.line, winner.file, winner.line);
  finding.remedy = "remove one of them";
  snapshot.findings.push_back(std::move(finding));
  snapshot.documents.push_back(Document{loser, DocumentState::kIgnored, false});
}

Snapshot build(const Listing& listing, LastGood& last_good) {
  Snapshot snapshot;
  snapshot.findings = listing.findings;
  std::map<std::string, const FileDocument*> winners;
  std::set<std::string> present;
  for (const Candidate& candidate : listing.candidates) {
    if (candidate.document == nullptr) {
      present.insert(candidate.kept);
      continue;
    }
    const Decoded& decoded = candidate.document->decoded;
    if (decoded.identity.empty() || decoded.ignored) continue;
    winners[decoded.identity] = candidate.document;
    present.insert(decoded.identity);
  }
  // First, so that a document that moved to another name does not find what it left behind.
  last_good.keep_only(present);
  for (const Candidate& candidate : listing.candidates) {
    if (candidate.document == nullptr) {
      const LastGood::Entry* good = last_good.find(candidate.kept);
      // An object that a readable file describes as well is that file's.
      if (good == nullptr || winners.contains(candidate.kept)) continue;
      put(snapshot, good->object);
      snapshot.documents.push_back(Document{good->ref, DocumentState::kQuarantined, true});
      continue;
    }
    const Decoded& decoded = candidate.document->decoded;
    const auto winner = winners.find(decoded.identity);
    if (winner != winners.end() && winner->second != candidate.document && !decoded.ignored) {
      say_overridden(decoded.ref, winner->second->decoded.ref, snapshot);
    } else {
      admit(*candidate.document, &last_good, snapshot);
    }
  }
  return snapshot;
}

}  // namespace

Loader::Loader(std::string state_dir)
    : x_state_dir(std::move(state_dir)),
      x_files(std::make_unique<FileCache>()),
      x_last_good(std::make_unique<LastGood>(x_state_dir)) {
  x_last_good->restore();
}

Loader::~Loader() = default;

std::shared_ptr<const Snapshot> Loader::load(const std::vector<std::string>& directories) {
  Listing listing = list_sources(directories, *x_files, *x_last_good);
  for (int attempt = 1; listing.swapped && attempt < kScanAttempts; ++attempt) {
    listing = list_sources(directories, *x_files, *x_last_good);
  }
  x_files->sweep();
  Snapshot snapshot = build(listing, *x_last_good);
  if (!x_last_good->problem().empty()) {
    Finding finding = file_finding(code::kUnreadable, x_state_dir, {1, 1},
                                   "last good versions cannot be kept: " + x_last_good->problem(),
                                   "they will not survive a restart; make stateDir writable");
    finding.severity = Severity::kWarning;
    snapshot.findings.push_back(std::move(finding));
  }
  return std::make_shared<const Snapshot>(std::move(snapshot));
}

std::shared_ptr<const Snapshot> load_text(const std::string& file, std::string_view text) {
  Snapshot snapshot;
  const FileContent content = parse_source(file, text);
  if (content.error) {
    snapshot.findings.push_back(not_yaml(file, *content.error));
    snapshot.documents.push_back(
        Document{snapshot.findings.back().object, DocumentState::kQuarantined, false});
  }
  for (const FileDocument& document : content.documents) admit(document, nullptr, snapshot);
  return std::make_shared<const Snapshot>(std::move(snapshot));
}

}  // namespace sm::config
