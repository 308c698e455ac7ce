// SPDX-License-Identifier: Apache-2.0
// Schemas as data: one constexpr table of fields per message of a kind. The table drives everything
// that depends on which fields there are: types, unknown fields, both spellings (lowerCamelCase and
// snake_case), what this version does not honour, and (through View) the typed readers. Constants;
// any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "config/reporter.h"
#include "config/yaml.h"

namespace sm::config {

enum class Type : unsigned char {
  kString,
  kBool,
  kInt,          // int32, may be negative
  kUint,         // 0 to 2^32-1
  kNumber,       // integer or fraction
  kDuration,     // Go's syntax, whole milliseconds, at least one: "1h30m", "250ms"
  kAnyDuration,  // Go's syntax, 0 and fractions of a millisecond included
  kIntOrString,  // a port by number or by name
  kEnum,         // one of `words`
  kMessage,      // a map described by `message`
  kAny,          // free form
};

enum class Card : unsigned char { kOne, kList, kMap };

// What this version does with a field that is set.
enum class Support : unsigned char {
  kApplied,
  kNoEffect,  // without effect on traffic here, by design: nothing to say
  kTuning,    // not applied; the rest of the document is: a warning
  kRefused,   // not applied, and traffic would go elsewhere without it: the document is quarantined
  kDeprecated,  // Istio ignores it: a warning that says so
};

struct Message;

struct Field {
  std::string_view name;  // lowerCamelCase
  Type type = Type::kString;
  Card card = Card::kOne;
  const Message* message = nullptr;              // kMessage
  std::span<const std::string_view> words = {};  // kEnum
  Support support = Support::kApplied;
  std::string_view note = {};  // for kTuning, kRefused, kDeprecated: what it means that it is not
                               // applied, or what to write
  bool required = false;
  // Entries of a list or map, bytes of a string; a `most` of 0 is no limit.
  std::uint32_t least = 0;
  std::uint32_t most = 0;
};

// Fields of which one at most may be given.
using Exclusive = std::span<const std::string_view>;

struct Message {
  std::string_view name;
  std::span<const Field> fields;
  bool open = false;  // other fields are other programs' business (Kubernetes objects)
  std::span<const Exclusive> exclusive = {};
};

// Whether `key` is `name` in either spelling: "mirrorPercent" and "mirror_percent".
bool spells(std::string_view key, std::string_view name);
const Field* find_field(const Message& message, std::string_view key);

// Everything that the table alone can say about `node`: unknown fields (an error when `strict`),
// wrong types, a field in both spellings, fields that are missing, too many, too few or exclude
// each other, and fields that this version does not honour. `path` is where the message stands
// ("spec.http[0]").
void check_message(const Node& node, const Message& message, const std::string& path, bool strict,
                   Reporter& report);

// The nearest of the message's field names, or "" when none is near.
std::string nearest_field(const Message& message, std::string_view key);

}  // namespace sm::config
