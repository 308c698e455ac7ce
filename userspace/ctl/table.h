// SPDX-License-Identifier: Apache-2.0
// Table: rows of text under headings, in columns that line up, as istioctl prints them. A value,
// any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace sm::ctl {

// One column of a table made from JSON rows.
struct Column {
  std::string_view heading;
  std::string_view key;
};

class Table {
 public:
  explicit Table(std::vector<std::string> headings) : x_headings(std::move(headings)) {}
  // Each element of `rows` (an array of objects) becomes a row; a key that is absent shows as "-".
  static Table of(const Json& rows, const std::vector<Column>& columns);

  // Cells beyond the headings are dropped, missing ones are empty.
  void add(std::vector<std::string> cells);
  bool empty() const { return x_rows.empty(); }
  // Every line ends with a newline and has no blanks before it.
  std::string text() const;

 private:
  std::vector<std::string> x_headings;
  std::vector<std::vector<std::string>> x_rows;
};

// A JSON value as one cell: text as it is, lists joined by commas, null and empty as "-", objects
// as "key=value" pairs.
std::string cell(const Json& value);
// cell() of row[key]; "-" when absent.
std::string cell_at(const Json& row, std::string_view key);

// The number of characters of UTF-8 `text` (what it takes on a terminal, for the scripts that we
// print).
std::size_t width_of(std::string_view text);

}  // namespace sm::ctl
