// SPDX-License-Identifier: Apache-2.0
// Headers: the fields of one message, in order, names in lower case. All text lives in one block
// owned by the list, so a message costs one or two allocations however many fields it has. Owned by
// one message, one thread.
//
// Views returned are valid until the next call that is not const.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sm::http {

class Headers {
 public:
  struct Field {
    std::string_view name;   // lower case
    std::string_view value;  // without leading and trailing white space
  };

  std::size_t size() const { return x_fields.size(); }
  bool empty() const { return x_fields.empty(); }
  Field at(std::size_t index) const;

  // The first value of `name` (given in lower case); nullopt when absent.
  std::optional<std::string_view> get(std::string_view name) const;
  bool has(std::string_view name) const { return get(name).has_value(); }
  std::size_t count(std::string_view name) const;
  std::vector<std::string_view> get_all(std::string_view name) const;

  // `name` may be in any case; it is kept in lower case. CR, LF and NUL in `value` become spaces
  // (RFC 9110 section 5.5): a value made from configuration can never start a field of its own.
  // Views into this list may be given.
  void add(std::string_view name, std::string_view value);
  // For a decoder, which has checked both: no character is looked at again except to lower the case
  // of `name`.
  void add_checked(std::string_view name, std::string_view value);
  // Room for that many more fields with that many bytes of names and values.
  void reserve(std::size_t fields, std::size_t bytes);
  // Replaces every field of that name by one at the place of the first, or adds it at the end.
  void set(std::string_view name, std::string_view value);
  // Returns how many were removed.
  std::size_t remove(std::string_view name);
  // Keeps the fields for which `keep(Field)` is true, in their order. `keep` must not change the
  // list.
  template <class Keep>
  void keep_if(Keep keep) {
    std::erase_if(x_fields, [&](const Span& span) { return !keep(view(span)); });
  }
  void clear();

 private:
  struct Span {
    std::uint32_t name_at;
    std::uint32_t value_at;
    std::uint32_t value_size;
    std::uint16_t name_size;
  };
  Field view(const Span& span) const;
  Span store(std::string_view name, std::string_view value);

  std::string x_text;
  std::vector<Span> x_fields;
};

}  // namespace sm::http
