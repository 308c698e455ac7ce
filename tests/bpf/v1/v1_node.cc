// SPDX-License-Identifier: Apache-2.0
// Leaves a node as a daemon of version 1 left it when it died: v1.bpf.c's maps and links pinned
// below BPFFS/v1. The rows are the caller's to write.
//
//   v1_node v1.bpf.o BPFFS SUBTREE OWN_CGROUP NETNS COOKIE
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <string>

namespace {

int fail(const std::string& what) {
  std::perror(what.c_str());
  return 1;
}

int attach_and_pin(const bpf_program* program, const std::string& place, const std::string& pin) {
  const int where = ::open(place.c_str(), O_RDONLY | O_CLOEXEC);
  if (where < 0) return fail(place);
  const int link = bpf_link_create(bpf_program__fd(program), where,
                                   bpf_program__expected_attach_type(program), nullptr);
  ::close(where);
  if (link < 0) return fail("attach " + pin);
  const int pinned = bpf_obj_pin(link, pin.c_str());
  ::close(link);
  return pinned == 0 ? 0 : fail("pin " + pin);
}

int leave(bpf_object* object, char** arguments) {
  const std::string pins = std::string(arguments[2]) + "/v1";
  for (const std::string part : {"", "/maps", "/links", "/pods"})
    if (::mkdir((pins + part).c_str(), 0700) != 0) return fail("create " + pins + part);
  bpf_map* map = nullptr;
  bpf_object__for_each_map(map, object) {
    if (std::strncmp(bpf_map__name(map), "sm_", 3) != 0) continue;
    const std::string pin = pins + "/maps/" + bpf_map__name(map);
    if (bpf_obj_pin(bpf_map__fd(map), pin.c_str()) != 0) return fail("pin " + pin);
  }
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, object) {
    const std::string name = bpf_program__name(program);
    const bool lookup = name == "sm_arrive_lookup";
    const char* place = lookup                     ? arguments[5]
                        : name == "sm_sockops_own" ? arguments[4]
                                                   : arguments[3];
    const std::string pin =
        pins + (lookup ? "/pods/" + std::string(arguments[6]) : "/links/" + name);
    if (const int failed = attach_and_pin(program, place, pin); failed != 0) return failed;
  }
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 7) return 2;
  bpf_object* object = bpf_object__open_file(arguments[1], nullptr);
  if (object == nullptr || bpf_object__load(object) != 0) return fail("load the object");
  const int failed = leave(object, arguments);
  bpf_object__close(object);
  return failed;
}
