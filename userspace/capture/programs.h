// SPDX-License-Identifier: Apache-2.0
// Programs: the sk_lookup instance in each steered pod's netns: loaded, attached, pinned, and
// watched. Owned by Kernel, control thread only. A restart replaces the program of a link in place,
// so that there is no moment without one.
#pragma once

#include <bpf/libbpf.h>
#include <sockmesh/abi.h>

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "capture/capture.h"
#include "capture/maps.h"

namespace sm::capture {

class Programs {
 public:
  explicit Programs(std::string pins) : x_pins(std::move(pins)) {}

  // Puts `config` in force for the netns: loads an instance, and attaches and pins it or replaces
  // the one that is there. kDenied when a foreign sk_lookup program is attached in that netns,
  // because the last one that selects would win.
  Result<> steer(const Maps& maps, int netns, const sm_arrive_config& config);
  void unsteer(std::uint64_t cookie);
  // The cookies with a pinned link; `alive` is false when the netns is gone.
  struct Steered {
    std::uint64_t cookie = 0;
    bool alive = false;
  };
  std::vector<Steered> steered() const;
  std::vector<Attachment> attachments() const;
  // A pin that was removed is put back; a link that is gone needs steer() again.
  enum class Health : std::uint8_t { kInForce, kPinnedAgain, kGone };
  Health look_after(std::uint64_t cookie);

 private:
  std::string link_path(std::uint64_t cookie) const;
  std::string x_pins;
  std::map<std::uint64_t, UniqueFd> x_links;  // by cookie: removing a pin detaches nothing
};

}  // namespace sm::capture
