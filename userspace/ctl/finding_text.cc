// SPDX-License-Identifier: Apache-2.0
#include "ctl/finding_text.h"

#include "ctl/table.h"

namespace sm::ctl {
namespace {

// The text or number at `key`; empty when there is none.
std::string text_at(const Json& value, const char* key) {
  if (!value.is_object()) return {};
  const auto found = value.find(key);
  if (found == value.end() || found->is_null()) return {};
  return found->is_string() ? found->get<std::string>() : cell(*found);
}

}  // namespace

std::string place_of(const Json& value) {
  std::string place = text_at(value, "file");
  for (const char* key : {"line", "column"}) {
    const std::string number = text_at(value, key);
    if (number.empty() || number == "0") break;
    place += ":" + number;
  }
  return place.empty() ? "-" : place;
}

std::string name_of(const Json& value) {
  const std::string space = text_at(value, "namespace");
  return space.empty() ? text_at(value, "name") : space + "/" + text_at(value, "name");
}

bool same_object(const Json& one, const Json& other) {
  for (const char* key : {"kind", "namespace", "name"}) {
    if (cell_at(one, key) != cell_at(other, key)) return false;
  }
  return true;
}

std::string finding_text(const Json& finding) {
  std::string level = text_at(finding, "severity");
  if (!level.empty() && level[0] >= 'a' && level[0] <= 'z') {
    level[0] = static_cast<char>(level[0] - 'a' + 'A');
  }
  std::string subject = text_at(finding, "kind");
  const std::string name = text_at(finding, "name");
  const std::string space = text_at(finding, "namespace");
  if (!name.empty()) subject += " " + name + (space.empty() ? "" : "." + space);
  const std::string place = place_of(finding);
  if (place != "-") subject += (subject.empty() ? "" : " ") + place;
  std::string text = level + " [" + text_at(finding, "code") + "] (" + subject + ") " +
                     text_at(finding, "message") + "\n";
  const std::string path = text_at(finding, "path");
  const std::string remedy = text_at(finding, "remedy");
  if (!path.empty()) text += "    at: " + path + "\n";
  if (!remedy.empty()) text += "    remedy: " + remedy + "\n";
  return text;
}

}  // namespace sm::ctl
