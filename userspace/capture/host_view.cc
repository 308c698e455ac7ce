// SPDX-License-Identifier: Apache-2.0
#include "capture/host_view.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <string_view>

#include "base/text.h"

namespace sm::capture {
namespace {

// The words of a line of /proc, which are separated by any number of blanks.
std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  while (!line.empty()) {
    const std::size_t start = line.find_first_not_of(" \t");
    if (start == std::string_view::npos) break;
    line.remove_prefix(start);
    const std::size_t end = std::min(line.find_first_of(" \t"), line.size());
    words.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
  return words;
}

// The number at the start of `text`, which it is cut from together with one following character.
std::uint64_t take_number(std::string_view& text) {
  std::size_t digits = 0;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') ++digits;
  const std::optional<std::uint64_t> number = parse_decimal(text.substr(0, digits));
  text.remove_prefix(std::min(digits + 1, text.size()));
  return number.value_or(0);
}

// The kernel writes blanks in a mount's directory as \040.
std::string unescaped(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    if (text.size() >= 4 && text[0] == '\\' && text[1] >= '0' && text[1] <= '3') {
      const int code = (text[1] - '0') * 64 + (text[2] - '0') * 8 + (text[3] - '0');
      out.push_back(static_cast<char>(code));
      text.remove_prefix(4);
    } else {
      out.push_back(text.front());
      text.remove_prefix(1);
    }
  }
  return out;
}

bool is_below(const std::string& path, const std::string& directory) {
  if (directory == "/") return true;
  return path == directory || path.starts_with(directory + "/");
}

std::uint64_t limit_of(std::string_view word) {
  return word == "unlimited" ? UINT64_MAX : parse_decimal(word).value_or(0);
}

}  // namespace

bool MountPoint::is_read_only() const {
  const auto parts = split(options, ',');
  return std::find(parts.begin(), parts.end(), "ro") != parts.end();
}

std::vector<std::string> lines_of(const std::string& path) {
  std::vector<std::string> lines;
  std::ifstream file(path);
  std::string line;
  while (std::getline(file, line)) lines.push_back(line);
  return lines;
}

std::optional<std::uint64_t> number_in(const std::string& path) {
  const std::vector<std::string> lines = lines_of(path);
  return lines.empty() ? std::nullopt : parse_decimal(trim(lines.front()));
}

KernelVersion kernel_version(const HostView& host) {
  KernelVersion version;
  const std::vector<std::string> lines = lines_of(host.proc + "/sys/kernel/osrelease");
  if (lines.empty()) return version;
  version.text = lines.front();
  std::string_view rest = version.text;
  version.major = take_number(rest);
  version.minor = take_number(rest);
  return version;
}

std::vector<MountPoint> mount_points(const HostView& host) {
  std::vector<MountPoint> mounts;
  for (const std::string& line : lines_of(host.proc + "/self/mounts")) {
    const std::vector<std::string_view> words = words_of(line);
    if (words.size() < 4) continue;
    mounts.push_back({unescaped(words[1]), std::string(words[2]), std::string(words[3])});
  }
  return mounts;
}

std::optional<MountPoint> mount_of(const HostView& host, const std::string& path) {
  std::optional<MountPoint> found;
  for (MountPoint& mount : mount_points(host)) {
    if (!is_below(path, mount.directory)) continue;
    if (!found || mount.directory.size() >= found->directory.size()) found = std::move(mount);
  }
  return found;
}

std::optional<std::uint64_t> effective_capabilities(const HostView& host) {
  constexpr std::string_view kName = "CapEff:";
  for (const std::string& line : lines_of(host.proc + "/self/status")) {
    if (!line.starts_with(kName)) continue;
    const std::string_view digits = trim(std::string_view(line).substr(kName.size()));
    std::uint64_t bits = 0;
    const char* last = digits.data() + digits.size();
    const auto [end, error] = std::from_chars(digits.data(), last, bits, 16);
    if (error == std::errc() && end == last) return bits;
  }
  return std::nullopt;
}

std::optional<Limit> descriptor_limit(const HostView& host) {
  constexpr std::string_view kName = "Max open files";
  for (const std::string& line : lines_of(host.proc + "/self/limits")) {
    if (!line.starts_with(kName)) continue;
    const auto words = words_of(std::string_view(line).substr(kName.size()));
    if (words.size() >= 2) return Limit{limit_of(words[0]), limit_of(words[1])};
  }
  return std::nullopt;
}

}  // namespace sm::capture
