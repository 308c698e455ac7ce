// SPDX-License-Identifier: Apache-2.0
// A recogniser for CEL's grammar: github.com/google/cel-spec, doc/langdef.md.
#include "config/cel_syntax.h"

#include <fmt/format.h>

#include <algorithm>

namespace sm::config {
namespace {

constexpr int kDepthMax = 64;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_';
}

class Recogniser {
 public:
  explicit Recogniser(std::string_view text) : x_text(text) {}

  std::string run() {
    if (expression() && at_end()) return {};
    return fmt::format("unexpected at byte {}", std::min(x_at, x_text.size()) + 1);
  }

 private:
  bool expression() {
    if (++x_depth > kDepthMax) return false;
    bool good = operands();
    if (good && take("?")) good = expression() && take(":") && expression();
    --x_depth;
    return good;
  }

  // Operators of every rank: which binds closer makes no difference to what is well-formed.
  bool operands() {
    if (!unary()) return false;
    while (binary()) {
      if (!unary()) return false;
    }
    return true;
  }

  bool binary() {
    for (const std::string_view sign :
         {"||", "&&", "==", "!=", "<=", ">=", "<", ">", "+", "-", "*", "/", "%"}) {
      if (take(sign)) return true;
    }
    return take_word("in");
  }

  bool unary() {
    while (take("!") || take("-")) {
    }
    if (!primary()) return false;
    for (;;) {
      if (take(".")) {
        if (word().empty()) return false;
        if (take("(") && !list(")")) return false;
      } else if (take("[")) {
        if (!expression() || !take("]")) return false;
      } else if (take("{")) {
        if (!entries()) return false;
      } else {
        return true;
      }
    }
  }

  bool primary() {
    if (take("(")) return expression() && take(")");
    if (take("[")) return list("]");
    if (take("{")) return entries();
    take(".");
    skip();
    if (x_at >= x_text.size()) return false;
    if (is_digit(x_text[x_at])) return number();
    std::size_t prefix = x_at;
    while (prefix < x_text.size() && prefix < x_at + 2 && is_prefix(x_text[prefix])) ++prefix;
    if (prefix < x_text.size() && (x_text[prefix] == '"' || x_text[prefix] == '\''))
      return quoted(prefix);
    if (word().empty()) return false;
    return !take("(") || list(")");
  }

  static bool is_prefix(char c) { return c == 'r' || c == 'R' || c == 'b' || c == 'B'; }

  bool quoted(std::size_t at) {
    const bool raw = x_text.substr(x_at, at - x_at).find_first_of("rR") != std::string_view::npos;
    const char quote = x_text[at];
    const std::string three(3, quote);
    const bool triple = x_text.substr(at, 3) == three;
    const std::string_view end = triple ? std::string_view(three) : x_text.substr(at, 1);
    for (at += end.size(); at < x_text.size(); ++at) {
      if (x_text.substr(at, end.size()) == end) {
        x_at = at + end.size();
        return true;
      }
      if (x_text[at] == '\n' && !triple) break;
      if (x_text[at] == '\\' && !raw) ++at;
    }
    x_at = x_text.size();
    return false;
  }

  // 1, 1u, 0x1f, 1.5e-3.
  bool number() {
    while (x_at < x_text.size()) {
      const char c = x_text[x_at];
      const bool sign =
          (c == '+' || c == '-') && (x_text[x_at - 1] == 'e' || x_text[x_at - 1] == 'E');
      const bool point = c == '.' && x_at + 1 < x_text.size() && is_digit(x_text[x_at + 1]);
      if (!is_word(c) && !sign && !point) break;
      ++x_at;
    }
    return true;
  }

  bool list(std::string_view end) {
    while (!take(end)) {
      if (!expression()) return false;
      if (!take(",")) return take(end);
    }
    return true;
  }

  bool entries() {
    while (!take("}")) {
      if (!expression() || !take(":") || !expression()) return false;
      if (!take(",")) return take("}");
    }
    return true;
  }

  std::string_view word() {
    skip();
    const std::size_t start = x_at;
    if (start < x_text.size() && is_digit(x_text[start])) return {};
    while (x_at < x_text.size() && is_word(x_text[x_at])) ++x_at;
    return x_text.substr(start, x_at - start);
  }

  bool take_word(std::string_view wanted) {
    const std::size_t start = x_at;
    if (word() == wanted) return true;
    x_at = start;
    return false;
  }

  bool take(std::string_view sign) {
    skip();
    if (x_text.substr(x_at, sign.size()) != sign) return false;
    x_at += sign.size();
    return true;
  }

  // Blanks and comments.
  void skip() {
    while (x_at < x_text.size()) {
      if (x_text.substr(x_at, 2) == "//") {
        x_at = std::min(x_text.find('\n', x_at), x_text.size());
      } else if (x_text[x_at] == ' ' || (x_text[x_at] >= '\t' && x_text[x_at] <= '\r')) {
        ++x_at;
      } else {
        return;
      }
    }
  }

  bool at_end() {
    skip();
    return x_at >= x_text.size();
  }

  std::string_view x_text;
  std::size_t x_at = 0;
  int x_depth = 0;
};

}  // namespace

std::string cel_problem(std::string_view text) { return Recogniser(text).run(); }

}  // namespace sm::config
