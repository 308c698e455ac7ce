// SPDX-License-Identifier: Apache-2.0
// GlobalLinks: the programs that hang on cgroups, loaded, attached and pinned; and the watch that
// compares what should be attached with what is. Owned by Kernel, control thread only.
//
// The descriptors of the links stay open here: whoever removes a pin detaches nothing while the
// daemon lives, and repair() pins it again.
#pragma once

#include <bpf/libbpf.h>

#include <array>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/result.h"
#include "capture/capture.h"
#include "capture/maps.h"
#include "capture/node_cgroup.h"
#include "capture/objects.h"

namespace sm::capture {

struct GlobalProgram {
  ObjectId object;
  const char* name;
  const char* hook;
  bpf_attach_type type;
  bool own;  // at the daemon's own cgroup instead of the pods' subtree
};

// The compiled programs in the kernel, not attached yet.
struct LoadedPrograms {
  std::vector<ObjectPtr> objects;
  Maps maps;
};

// Loads an opened object; the remedy says what is usually missing.
Result<> load_object(bpf_object* object, ObjectId id);
// Loads the objects of all global programs with these maps. `unknown` says whether hold.bpf.c is
// wanted: kUnsupported when the kernel cannot run it and connections are to be held.
Result<LoadedPrograms> load_programs(Maps maps, UnknownPods unknown);

class GlobalLinks {
 public:
  // Attaches or updates each program that `loaded` holds behind its pin in `directory`, and takes
  // away the pins of those that are not wanted any more.
  static Result<GlobalLinks> attach(const LoadedPrograms& loaded, std::string directory,
                                    const Cgroup& pods, const Cgroup& own);

  // Puts back what is not as it should be: a pin that was removed, a link whose cgroup went or was
  // made anew, a program that somebody replaced. One sentence for each thing found.
  std::vector<std::string> repair(const Cgroup& pods, const Cgroup& own);
  std::vector<Attachment> attachments(const Cgroup& pods, const Cgroup& own) const;

 private:
  struct InForce {
    const GlobalProgram* what = nullptr;
    std::uint32_t program_id = 0;
    UniqueFd program;
    UniqueFd link;
    // Of a daemon in another cgroup that hands over to this one: its last dials still need it.
    UniqueFd replaced;
  };
  Result<> put(InForce& one, const Cgroup& cgroup);
  std::string repair_one(InForce& one, const Cgroup& cgroup);
  std::string pin_of(const GlobalProgram& program) const;

  std::string x_directory;
  std::vector<InForce> x_links;
};

}  // namespace sm::capture
