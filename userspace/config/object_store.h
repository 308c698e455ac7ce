// SPDX-License-Identifier: Apache-2.0
// ObjectStore: a directory as the store of an API server, one file an object
// (`kind_namespace_name.yaml`): what `sockmeshctl apply` and `delete` do. No thread of its own; one
// caller at a time.
//
// Promises: a file appears whole (written beside and renamed) or not at all. uid, creationTimestamp
// and a given clusterIP stay the same over a new apply. Nothing is written unless every document of
// the text can be.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"
#include "base/result.h"
#include "base/rng.h"
#include "config/mark.h"

namespace sm::config {

struct StoreOptions {
  std::string directory;  // must exist
  std::string default_namespace = "default";
  std::optional<Cidr> service_cidr;  // IPv4; Services without a clusterIP get one of it
};

enum class StoreAction : unsigned char { kCreated, kConfigured, kUnchanged, kDeleted, kNotFound };
std::string_view to_string(StoreAction action);

struct Stored {
  ObjectRef ref;
  StoreAction action = StoreAction::kCreated;
  std::string path;  // the file written or removed; empty for kNotFound
};

class ObjectStore {
 public:
  // `now_seconds`: the wall clock for creationTimestamp, seconds since 1970. `rng` makes uids.
  ObjectStore(StoreOptions options, std::int64_t now_seconds, Rng rng);

  // Each document of `text` (YAML of several documents, or JSON; Lists unfolded) becomes its
  // object's file. The error names `file:line:column`: no YAML, no kind or name, or no address left
  // in the Service range.
  Result<std::vector<Stored>> apply(const std::string& file, std::string_view text);
  // Removes the objects that `text` names, whatever else it says about them.
  Result<std::vector<Stored>> remove(const std::string& file, std::string_view text);

 private:
  StoreOptions x_options;
  std::int64_t x_now_seconds;
  Rng x_rng;
};

}  // namespace sm::config
