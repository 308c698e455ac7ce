// SPDX-License-Identifier: Apache-2.0
// The words that schema tables are written in. For schema_*.cc only.
#pragma once

#include "config/schema.h"

namespace sm::config::fields {

constexpr Field text(std::string_view name) { return {name, Type::kString}; }
constexpr Field flag(std::string_view name) { return {name, Type::kBool}; }
constexpr Field integer(std::string_view name) { return {name, Type::kInt}; }
constexpr Field natural(std::string_view name) { return {name, Type::kUint}; }
constexpr Field number(std::string_view name) { return {name, Type::kNumber}; }
constexpr Field duration(std::string_view name) { return {name, Type::kDuration}; }
constexpr Field any_duration(std::string_view name) { return {name, Type::kAnyDuration}; }
constexpr Field int_or_text(std::string_view name) { return {name, Type::kIntOrString}; }
constexpr Field any(std::string_view name) { return {name, Type::kAny}; }
constexpr Field message(std::string_view name, const Message& message) {
  return {name, Type::kMessage, Card::kOne, &message};
}
constexpr Field one_of(std::string_view name, std::span<const std::string_view> words) {
  return {name, Type::kEnum, Card::kOne, nullptr, words};
}

constexpr Field list(Field field) {
  field.card = Card::kList;
  return field;
}
constexpr Field map(Field field) {
  field.card = Card::kMap;
  return field;
}
constexpr Field required(Field field) {
  field.required = true;
  return field;
}
constexpr Field at_least(std::uint32_t least, Field field) {
  field.least = least;
  return field;
}
constexpr Field at_most(std::uint32_t most, Field field) {
  field.most = most;
  return field;
}
constexpr Field with(Field field, Support support, std::string_view note) {
  field.support = support;
  field.note = note;
  return field;
}
constexpr Field no_effect(Field field) { return with(field, Support::kNoEffect, {}); }
constexpr Field tuning(Field field, std::string_view note) {
  return with(field, Support::kTuning, note);
}
constexpr Field refused(Field field, std::string_view note) {
  return with(field, Support::kRefused, note);
}
constexpr Field deprecated(Field field, std::string_view note) {
  return with(field, Support::kDeprecated, note);
}

}  // namespace sm::config::fields
