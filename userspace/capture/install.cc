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
#include "base/text.h"
#include "capture/bpffs.h"
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
  SM_TRY(make_directory(fresh));
  for (const char* part : {"/maps", "/links", "/pods"}) SM_TRY(make_directory(fresh + part));
  SM_TRY(maps.pin(fresh + "/maps"));
  if (::rename(fresh.c_str(), pins.c_str()) != 0) return system_error("rename to " + pins, errno);
  return {};
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

Result<Maps> maps_for(const std::string& pins, const std::string& old) {
  SM_TRY_ASSIGN(const ObjectPtr object, open_object(ObjectId::kConnect));
  if (exists(pins)) return Maps::open(pins + "/maps", object.get());
  return old.empty() ? create_maps(object.get()) : migrate_maps(old + "/maps", object.get());
}

}  // namespace

Result<Installation> install(const InstallPlaces& places, UnknownPods unknown) {
  const std::string& bpffs = places.bpffs;
  remove_half_made(bpffs);
  const std::vector<std::uint64_t> others = other_versions(bpffs);
  SM_TRY(refuse_unknown_versions(bpffs, others));
  const std::string pins = pins_of(bpffs, SM_ABI);
  const bool recovered = exists(pins) || !others.empty();
  SM_TRY_ASSIGN(Maps maps, maps_for(pins, others.empty() ? "" : pins_of(bpffs, others.back())));
  // Everything is loaded before the first link is touched.
  SM_TRY_ASSIGN(LoadedPrograms loaded, load_programs(std::move(maps), unknown));
  if (!exists(pins)) SM_TRY(pin_set(loaded.maps, bpffs, pins));
  std::vector<std::string> done;
  for (const std::uint64_t abi : others) {
    const std::string old = pins_of(bpffs, abi);
    SM_TRY(adopt_links(old + "/links", pins + "/links"));
    SM_TRY(adopt_links(old + "/pods", pins + "/pods"));
  }
  Result<GlobalLinks> links = GlobalLinks::attach(loaded, pins + "/links", places.pods, places.own);
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
