// SPDX-License-Identifier: Apache-2.0
// HostView: where `doctor` looks, and what it reads there. The two roots are members so that a test
// can show it a host that this one is not. Any thread; reads only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sm::capture {

struct HostView {
  std::string proc = "/proc";
  std::string sys = "/sys";
};

// "5.15.0-91-generic" as far as it can be compared; 0.0 when it cannot be read.
struct KernelVersion {
  std::uint64_t major = 0;
  std::uint64_t minor = 0;
  std::string text;

  bool is_at_least(std::uint64_t wanted_major, std::uint64_t wanted_minor) const {
    return major > wanted_major || (major == wanted_major && minor >= wanted_minor);
  }
};

struct MountPoint {
  std::string directory;
  std::string type;
  std::string options;  // "rw,nosuid,..."

  bool is_read_only() const;
};

struct Limit {
  std::uint64_t soft = 0;  // UINT64_MAX: unlimited
  std::uint64_t hard = 0;
};

// The lines of a file; none when it cannot be read.
std::vector<std::string> lines_of(const std::string& path);
// The number that a file consists of.
std::optional<std::uint64_t> number_in(const std::string& path);
KernelVersion kernel_version(const HostView& host);
// The mount points of this process, in the order in which they were mounted.
std::vector<MountPoint> mount_points(const HostView& host);
// What `path`, absolute, is on: the last mount of the longest directory above it.
std::optional<MountPoint> mount_of(const HostView& host, const std::string& path);
// Bits of CapEff; nullopt when they cannot be read.
std::optional<std::uint64_t> effective_capabilities(const HostView& host);
std::optional<Limit> descriptor_limit(const HostView& host);

}  // namespace sm::capture
