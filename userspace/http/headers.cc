// SPDX-License-Identifier: Apache-2.0
#include "http/headers.h"

#include <algorithm>
#include <limits>

#include "base/assert.h"
#include "base/text.h"

namespace sm::http {

Headers::Field Headers::view(const Span& span) const {
  const char* text = x_text.data();
  return {{text + span.name_at, span.name_size}, {text + span.value_at, span.value_size}};
}

Headers::Field Headers::at(std::size_t index) const {
  SM_ASSERT(index < x_fields.size());
  return view(x_fields[index]);
}

std::optional<std::string_view> Headers::get(std::string_view name) const {
  for (const Span& span : x_fields) {
    const Field field = view(span);
    if (field.name == name) return field.value;
  }
  return std::nullopt;
}

std::size_t Headers::count(std::string_view name) const {
  return static_cast<std::size_t>(std::count_if(
      x_fields.begin(), x_fields.end(), [&](const Span& span) { return view(span).name == name; }));
}

std::vector<std::string_view> Headers::get_all(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const Span& span : x_fields) {
    const Field field = view(span);
    if (field.name == name) values.push_back(field.value);
  }
  return values;
}

void Headers::reserve(std::size_t fields, std::size_t bytes) {
  x_fields.reserve(x_fields.size() + fields);
  x_text.reserve(x_text.size() + bytes);
}

Headers::Span Headers::store(std::string_view name, std::string_view value) {
  SM_ASSERT(name.size() <= std::numeric_limits<std::uint16_t>::max());
  const std::size_t at = x_text.size();
  const std::size_t need = at + name.size() + value.size();
  SM_ASSERT(need <= std::numeric_limits<std::uint32_t>::max());
  if (need > x_text.capacity()) {
    // The views may point into x_text, so the old block lives until both are copied.
    std::string grown;
    grown.reserve(std::max(need, 2 * x_text.capacity()));
    grown.append(x_text).append(name).append(value);
    x_text.swap(grown);
  } else {
    x_text.append(name).append(value);
  }
  for (std::size_t i = at; i < at + name.size(); ++i) x_text[i] = lower(x_text[i]);
  return {static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(at + name.size()),
          static_cast<std::uint32_t>(value.size()), static_cast<std::uint16_t>(name.size())};
}

void Headers::add_checked(std::string_view name, std::string_view value) {
  x_fields.push_back(store(name, value));
}

void Headers::add(std::string_view name, std::string_view value) {
  const Span span = store(name, value);
  const std::size_t end = std::size_t{span.value_at} + span.value_size;
  for (std::size_t i = span.value_at; i < end; ++i) {
    if (x_text[i] == '\r' || x_text[i] == '\n' || x_text[i] == '\0') x_text[i] = ' ';
  }
  x_fields.push_back(span);
}

void Headers::set(std::string_view name, std::string_view value) {
  add(name, value);
  const Span span = x_fields.back();
  const std::string_view kept = view(span).name;
  const auto last = x_fields.end() - 1;
  const auto first = std::find_if(x_fields.begin(), last,
                                  [&](const Span& other) { return view(other).name == kept; });
  if (first == last) return;
  *first = span;
  x_fields.erase(std::remove_if(first + 1, x_fields.end(),
                                [&](const Span& other) { return view(other).name == kept; }),
                 x_fields.end());
}

std::size_t Headers::remove(std::string_view name) {
  return std::erase_if(x_fields, [&](const Span& span) { return view(span).name == name; });
}

void Headers::clear() {
  x_fields.clear();
  x_text.clear();
}

}  // namespace sm::http
