// SPDX-License-Identifier: Apache-2.0
#include "capture/install.h"

#include <bpf/bpf.h>
#include <fmt/format.h>
#include <sockmesh/abi.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "base/log.h"
#include "base/rng.h"
#include "base/text.h"
#include "capture/bpffs.h"
#include "capture/link.h"
#include "capture/migrate.h"

namespace sm::capture {
namespace {

constexpr log::Logger kLog{log::Component::kCapture};

bool exists(const std::string& path) {
  struct stat about {};
  return ::stat(path.c_str(), &about) == 0;
}

std::string pins_of(const std::string& bpffs, std::uint64_t abi) {
  return fmt::format("{}/v{}", bpffs, abi);
}

// An installation that a crash left half-made was never in force under its final name.
void remove_half_made(const std::string& bpffs) {
  std::vector<std::string> done;
  for (const std::string& name : names_in(bpffs)) {
    if (name.rfind(kFreshPrefix, 0) != 0) continue;
    const Result<> removed = remove_pins(bpffs + "/" + name, true, done);
    if (!removed) kLog.warn("{}", removed.error().describe());
  }
}

// The versions whose pins are there, without ours.
std::vector<std::uint64_t> other_versions(const std::string& bpffs) {
  std::vector<std::uint64_t> found;
  for (const std::string& name : names_in(bpffs)) {
    if (name.front() != 'v') continue;
    const auto abi = parse_decimal(std::string_view(name).substr(1));
    if (abi && *abi != SM_ABI) found.push_back(*abi);
  }
  return found;
}

Result<> refuse_unknown_versions(const std::string& bpffs,
                                 const std::vector<std::uint64_t>& others) {
  for (const std::uint64_t abi : others) {
    if (can_migrate_from(abi)) continue;
    return Error{ErrorCode::kDenied,
                 "the programs of another version are in force, pinned in " + pins_of(bpffs, abi) +
                     ", and this one cannot take over from it",
                 "remove them with that version's `sockmeshctl uninstall`, then start again"};
  }
  return {};
}

// A new set of pins with these maps, under its final name in one rename.
Result<> pin_set(const Maps& maps, const std::string& bpffs, const std::string& pins) {
  const std::string fresh = fmt::format("{}/{}{}", bpffs, kFreshPrefix, ::getpid());
  const auto make = [&]() -> Result<> {
    SM_TRY(make_directory(fresh));
    for (const char* part : {"/maps", "/links", "/pods"}) SM_TRY(make_directory(fresh + part));
    SM_TRY(maps.pin(fresh + "/maps"));
    if (::rename(fresh.c_str(), pins.c_str()) != 0) return system_error("rename to " + pins, errno);
    return {};
  };
  Result<> made = make();
  if (!made) remove_half_made(bpffs);
  return made;
}

// An older version's links get this version's names, one by one: each stays attached, with the old
// program until attach() or the pod's steering updates it.
Result<> adopt_links(const std::string& from, const std::string& to) {
  for (const std::string& name : names_in(from)) {
    const std::string target = to + "/" + name;
    // Moved by a run that died before the program was removed here, or made anew since.
    if (exists(target)) continue;
    if (::rename((from + "/" + name).c_str(), target.c_str()) != 0)
      return system_error("move " + from + "/" + name, errno);
  }
  return {};
}

// A pin that was to take the place of another, or the first of its name, when a run died: see
// pin_link(). Its link is in force. Where there is no other, it gets its name, so that it can be
// updated; in a pod's netns it would look like somebody else's program.
void finish_half_pinned(const std::string& directory) {
  for (const std::string& name : names_in(directory)) {
    if (!name.ends_with(kHalfPinnedSuffix)) continue;
    const std::string half = directory + "/" + name;
    const std::string whole = half.substr(0, half.size() - kHalfPinnedSuffix.size());
    if (exists(whole)) {
      ::unlink(half.c_str());
    } else if (::rename(half.c_str(), whole.c_str()) != 0) {
      kLog.warn("{}", system_error("rename " + half, errno).describe());
    }
  }
}

Result<Maps> maps_for(const std::string& pins, const std::string& old) {
  SM_TRY_ASSIGN(const ObjectPtr object, open_object(ObjectId::kConnect));
  if (exists(pins)) return Maps::open(pins + "/maps", object.get());
  return old.empty() ? create_maps(object.get()) : migrate_maps(old + "/maps", object.get());
}

std::uint32_t abi_unknown(UnknownPods wanted) {
  switch (wanted) {
    case UnknownPods::kDeny:
      return SM_UNKNOWN_DENY;
    case UnknownPods::kHold:
      return SM_UNKNOWN_HOLD;
    case UnknownPods::kAllow:
      return SM_UNKNOWN_ALLOW;
  }
  return SM_UNKNOWN_DENY;
}

Result<> write_rules(const Maps& maps, const NodeRules& rules) {
  // The seed of a running node stays: it only spreads, but pods that are connecting now should not
  // notice a restart.
  sm_node node = maps.node().value_or(sm_node{});
  if (node.seed == 0) node.seed = static_cast<std::uint32_t>(Rng(0).below(UINT32_MAX)) + 1U;
  node.unknown = abi_unknown(rules.unknown);
  node.open_when_down = rules.open_when_down ? 1 : 0;
  return maps.set_node(node);
}

// Rules before the programs that look at them: a first start may let unknown pods pass. Only
// `hold` is written afterwards: rewritten connects need the program that holds them.
Result<GlobalLinks> attach_with_rules(const LoadedPrograms& loaded, const std::string& directory,
                                      const InstallPlaces& places, const NodeRules& rules) {
  const bool hold = rules.unknown == UnknownPods::kHold;
  if (!hold) SM_TRY(write_rules(loaded.maps, rules));
  SM_TRY_ASSIGN(GlobalLinks links, GlobalLinks::attach(loaded, directory, places.pods, places.own));
  if (hold) SM_TRY(write_rules(loaded.maps, rules));
  return links;
}

}  // namespace

Result<Installation> install(const InstallPlaces& places, const NodeRules& rules) {
  const std::string& bpffs = places.bpffs;
  remove_half_made(bpffs);
  const std::vector<std::uint64_t> others = other_versions(bpffs);
  SM_TRY(refuse_unknown_versions(bpffs, others));
  const std::string pins = pins_of(bpffs, SM_ABI);
  const bool recovered = exists(pins) || !others.empty();
  SM_TRY_ASSIGN(Maps maps, maps_for(pins, others.empty() ? "" : pins_of(bpffs, others.back())));
  // Everything is loaded before the first link is touched.
  SM_TRY_ASSIGN(LoadedPrograms loaded, load_programs(std::move(maps), rules.unknown));
  if (!exists(pins)) SM_TRY(pin_set(loaded.maps, bpffs, pins));
  std::vector<std::string> done;
  for (const std::uint64_t abi : others) {
    const std::string old = pins_of(bpffs, abi);
    SM_TRY(adopt_links(old + "/links", pins + "/links"));
    SM_TRY(adopt_links(old + "/pods", pins + "/pods"));
  }
  for (const char* part : {"/links", "/pods"}) finish_half_pinned(pins + part);
  Result<GlobalLinks> links = attach_with_rules(loaded, pins + "/links", places, rules);
  if (!links) {
    // The first installation leaves nothing; an older one stays as it is, closed.
    if (!recovered) SM_TRY(remove_pins(pins, true, done));
    return links.error();
  }
  for (const std::uint64_t abi : others) {
    SM_TRY(remove_pins(pins_of(bpffs, abi), true, done));
    kLog.info("took over from version {} of the programs", abi);
  }
  return Installation{std::move(loaded.maps), std::move(*links), pins, recovered};
}

}  // namespace sm::capture
