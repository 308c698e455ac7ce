// SPDX-License-Identifier: Apache-2.0
#include "capture/objects.h"

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <string>
#include <string_view>

#include "base/log.h"
#include "base/text.h"

#include <sockmesh/abi.h>

// Generated C with C casts and unused sections.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wold-style-cast"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wunused-function"
#include "arrive.skel.h"
#include "connect.skel.h"
#include "hold.skel.h"
#include "sockname.skel.h"
#include "sockops.skel.h"
#pragma GCC diagnostic pop

namespace sm::capture {
namespace {

constexpr log::Logger kLog{log::Component::kCapture};

int print_to_log(libbpf_print_level, const char* format, va_list arguments) {
  if (!log::enabled(log::Component::kCapture, log::Level::kDebug)) return 0;
  char line[2048];
  const int length = std::vsnprintf(line, sizeof line, format, arguments);
  if (length > 0) {
    kLog.debug("{}", trim(std::string_view(
                         line, std::min(static_cast<std::size_t>(length), sizeof line - 1))));
  }
  return length;
}

}  // namespace

const char* to_string(ObjectId id) {
  switch (id) {
    case ObjectId::kConnect:
      return "connect";
    case ObjectId::kSockops:
      return "sockops";
    case ObjectId::kSockname:
      return "sockname";
    case ObjectId::kArrive:
      return "arrive";
    case ObjectId::kHold:
      return "hold";
  }
  return "?";
}

Result<ObjectPtr> open_object(ObjectId id) {
  libbpf_set_print(print_to_log);
  const void* bytes = nullptr;
  std::size_t size = 0;
  switch (id) {
    case ObjectId::kConnect:
      bytes = connect_bpf__elf_bytes(&size);
      break;
    case ObjectId::kSockops:
      bytes = sockops_bpf__elf_bytes(&size);
      break;
    case ObjectId::kSockname:
      bytes = sockname_bpf__elf_bytes(&size);
      break;
    case ObjectId::kHold:
      bytes = hold_bpf__elf_bytes(&size);
      break;
    case ObjectId::kArrive:
      bytes = arrive_bpf__elf_bytes(&size);
      break;
  }
  ObjectPtr object(bpf_object__open_mem(bytes, size, nullptr));
  if (!object) return system_error(std::string("open the eBPF object ") + to_string(id), errno);
  return object;
}

}  // namespace sm::capture
