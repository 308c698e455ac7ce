// SPDX-License-Identifier: Apache-2.0
#include "parking.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace sm::capture {

Result<> Parking::add(const std::string& path) {
  UniqueFd place(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(static_cast<char*>(address.sun_path), sizeof address.sun_path - 1);
  if (::connect(place.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return system_error("connect to " + path, errno);
  x_places.push_back(std::move(place));
  return {};
}

Result<> Parking::park(UniqueFd socket) {
  char byte = 'p';
  iovec text{&byte, 1};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &text;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr header{};
  header.cmsg_level = SOL_SOCKET;
  header.cmsg_type = SCM_RIGHTS;
  header.cmsg_len = CMSG_LEN(sizeof(int));
  const int fd = socket.get();
  std::memcpy(control.data(), &header, sizeof header);
  std::memcpy(control.data() + sizeof header, &fd, sizeof fd);
  const UniqueFd& place = x_places[x_next++ % x_places.size()];
  if (::sendmsg(place.get(), &message, MSG_NOSIGNAL) < 0)
    return system_error("park a connection", errno);
  return {};
}

}  // namespace sm::capture
