// SPDX-License-Identifier: Apache-2.0
#include "ctl/table.h"

#include <doctest/doctest.h>

namespace sm::ctl {

TEST_CASE("ctl: columns line up and no line ends with blanks") {
  Table table({"NAME", "STATE"});
  table.add({"a-long-name", "Ready"});
  table.add({"b", ""});
  CHECK(table.text() == "NAME          STATE\na-long-name   Ready\nb\n");
}

TEST_CASE("ctl: columns line up for characters of several bytes") {
  Table table({"A", "B"});
  table.add({"\u00e9\u00e9", "x"});
  table.add({"yyy", "x"});
  CHECK(table.text() == "A     B\n\u00e9\u00e9    x\nyyy   x\n");
}

TEST_CASE("ctl: a table without rows still shows its headings") {
  CHECK(Table::of(Json::array(), {{"NAME", "name"}, {"PORT", "port"}}).text() == "NAME   PORT\n");
}

TEST_CASE("ctl: cells show every kind of JSON value in one line") {
  CHECK(cell(Json()) == "-");
  CHECK(cell(Json("")) == "-");
  CHECK(cell(Json("a\nb\x1b[31m")) == "a b [31m");
  CHECK(cell(Json(true)) == "yes");
  CHECK(cell(Json(8080)) == "8080");
  CHECK(cell(Json::array({"a", 1})) == "a,1");
  CHECK(cell(Json::array()) == "-");
  CHECK(cell(Json{{"k", "v"}, {"n", 1}}) == "k=v,n=1");
  CHECK(cell_at(Json{{"a", 1}}, "b") == "-");
  CHECK(cell_at(Json("no object"), "b") == "-");
}

TEST_CASE("ctl: rows of JSON become rows by key, in the order of the columns") {
  const Json rows = Json::array({Json{{"port", 80}, {"name", "x"}}, Json{{"name", "y"}}});
  CHECK(Table::of(rows, {{"NAME", "name"}, {"PORT", "port"}}).text() ==
        "NAME   PORT\nx      80\ny      -\n");
}

}  // namespace sm::ctl
