// SPDX-License-Identifier: Apache-2.0
#include "http/h1_fields.h"

#include <limits>

#include "base/text.h"
#include "http/field_list.h"

namespace sm::http {
namespace {

void count(std::uint8_t& number) {
  if (number < 2) ++number;
}

bool is(std::string_view name, std::string_view wanted) {
  return name.size() == wanted.size() && equals_ignoring_case(name, wanted);
}

void read_connection(std::string_view value, HeadFacts& facts) {
  for_each_element(value, [&](std::string_view option) {
    if (is(option, "close")) facts.close = true;
    if (is(option, "keep-alive")) facts.keep_alive = true;
    if (is(option, "upgrade")) facts.upgrade = true;
  });
}

void read_upgrade(std::string_view value, HeadFacts& facts) {
  for_each_element(value, [&](std::string_view protocol) {
    if (is(protocol, "websocket")) {
      facts.upgrade_websocket = true;
    } else if (!is(protocol, "h2c")) {
      facts.upgrade_other = true;
    }
  });
}

void read_length(std::string_view value, HeadFacts& facts) {
  count(facts.content_lengths);
  const auto length =
      parse_decimal(value, static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()));
  facts.length_valid = length.has_value();
  facts.content_length = length.value_or(0);
}

}  // namespace

HeadFacts read_facts(std::span<const RawField> fields) {
  HeadFacts facts;
  for (const RawField& field : fields) {
    switch (field.name.size()) {  // most names are out after one comparison of sizes
      case 4:
        if (is(field.name, "host")) {
          count(facts.hosts);
          facts.host = field.value;
        }
        break;
      case 6:
        if (is(field.name, "expect")) facts.expect_continue = is(field.value, "100-continue");
        break;
      case 7:
        if (is(field.name, "upgrade")) read_upgrade(field.value, facts);
        break;
      case 10:
        if (is(field.name, "connection")) read_connection(field.value, facts);
        break;
      case 14:
        if (is(field.name, "content-length")) read_length(field.value, facts);
        break;
      case 17:
        if (is(field.name, "transfer-encoding")) {
          count(facts.transfer_encodings);
          facts.chunked = is(field.value, "chunked");
        }
        break;
      default:
        break;
    }
  }
  return facts;
}

Headers to_headers(std::span<const RawField> fields) {
  std::size_t bytes = 0;
  for (const RawField& field : fields) bytes += field.name.size() + field.value.size();
  Headers headers;
  headers.reserve(fields.size(), bytes);
  for (const RawField& field : fields) headers.add_checked(field.name, field.value);
  return headers;
}

}  // namespace sm::http
