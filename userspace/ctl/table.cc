// SPDX-License-Identifier: Apache-2.0
#include "ctl/table.h"

#include <algorithm>
#include <utility>

namespace sm::ctl {
namespace {

constexpr std::size_t kGap = 3;

void append_line(std::string& out, const std::vector<std::string>& cells,
                 const std::vector<std::size_t>& widths) {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    line += cells[i];
    line.append(widths[i] + kGap - width_of(cells[i]), ' ');
  }
  line.erase(line.find_last_not_of(' ') + 1);
  out += line + "\n";
}

// A cell is one line, whatever the value holds.
std::string one_line(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = ' ';
  }
  return text;
}

}  // namespace

std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

std::string cell(const Json& value) {
  if (value.is_null()) return "-";
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    return text.empty() ? "-" : one_line(text);
  }
  if (value.is_boolean()) return value.get<bool>() ? "yes" : "no";
  if (!value.is_structured()) return dump_json(value);
  std::string joined;
  for (const auto& item : value.items()) {
    if (!joined.empty()) joined += ",";
    if (value.is_object()) joined += item.key() + "=";
    joined += cell(item.value());
  }
  return joined.empty() ? "-" : joined;
}

std::string cell_at(const Json& row, std::string_view key) {
  if (!row.is_object()) return "-";
  const auto found = row.find(std::string(key));
  return found == row.end() ? "-" : cell(*found);
}

Table Table::of(const Json& rows, const std::vector<Column>& columns) {
  std::vector<std::string> headings;
  headings.reserve(columns.size());
  for (const Column& column : columns) headings.emplace_back(column.heading);
  Table table(std::move(headings));
  if (!rows.is_array()) return table;
  for (const Json& row : rows) {
    std::vector<std::string> cells;
    cells.reserve(columns.size());
    for (const Column& column : columns) cells.push_back(cell_at(row, column.key));
    table.add(std::move(cells));
  }
  return table;
}

void Table::add(std::vector<std::string> cells) {
  cells.resize(x_headings.size());
  x_rows.push_back(std::move(cells));
}

std::string Table::text() const {
  std::vector<std::size_t> widths;
  for (const std::string& heading : x_headings) widths.push_back(width_of(heading));
  for (const auto& row : x_rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  }
  std::string out;
  append_line(out, x_headings, widths);
  for (const auto& row : x_rows) append_line(out, row, widths);
  return out;
}

}  // namespace sm::ctl
