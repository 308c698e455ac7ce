// SPDX-License-Identifier: Apache-2.0
#include "capture/pod_netns.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "base/limits.h"
#include "capture/loopback.h"
#include "io/netns.h"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

namespace sm::capture {
namespace {

struct FreeAddresses {
  void operator()(ifaddrs* list) const { ::freeifaddrs(list); }
};

// The caller is inside the netns.
Result<std::vector<IpAddress>> addresses_here() {
  ifaddrs* raw = nullptr;
  if (::getifaddrs(&raw) != 0) return system_error("list the addresses of a netns", errno);
  const std::unique_ptr<ifaddrs, FreeAddresses> list(raw);
  std::vector<IpAddress> found;
  for (const ifaddrs* one = list.get(); one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr) continue;
    if (one->ifa_addr->sa_family != AF_INET && one->ifa_addr->sa_family != AF_INET6) continue;
    found.push_back(SocketAddress::from_sockaddr(one->ifa_addr).ip);
  }
  return found;
}

Result<> set_lo_up() {
  const UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket.valid()) return system_error("socket in a netns", errno);
  ifreq request{};
  request.ifr_name[0] = 'l';
  request.ifr_name[1] = 'o';
  if (::ioctl(socket.get(), SIOCGIFFLAGS, &request) != 0)
    return system_error("ask for the state of lo", errno);
  if ((request.ifr_flags & IFF_UP) != 0) return {};
  request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP);
  if (::ioctl(socket.get(), SIOCSIFFLAGS, &request) != 0) return system_error("set lo up", errno);
  return {};
}

std::string join(const std::vector<IpAddress>& ips) {
  std::string text;
  for (const IpAddress& ip : ips) text += (text.empty() ? "" : ", ") + ip.to_string();
  return text.empty() ? "none" : text;
}

}  // namespace

Result<PodNetns> open_pod_netns(const std::string& path, int home) {
  PodNetns netns;
  struct stat about {};
  if (::stat(path.c_str(), &about) != 0 && (errno == ENOENT || errno == ESRCH)) {
    return Error{ErrorCode::kNotFound, "the netns " + path + " does not exist",
                 "it is taken as soon as it does"};
  }
  SM_TRY_ASSIGN(netns.fd, io::open_netns(path.c_str()));
  if (::fstat(netns.fd.get(), &about) != 0) return system_error("stat " + path, errno);
  netns.device = about.st_dev;
  netns.inode = about.st_ino;
  UniqueFd socket;
  {
    SM_TRY_ASSIGN(const io::NetnsScope inside, io::NetnsScope::enter(netns.fd.get(), home));
    socket.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  }
  if (!socket.valid()) return system_error("socket in " + path, errno);
  socklen_t length = sizeof netns.cookie;
  if (::getsockopt(socket.get(), SOL_SOCKET, SO_NETNS_COOKIE, &netns.cookie, &length) != 0) {
    return Error{ErrorCode::kUnsupported, "this kernel does not tell a netns's cookie",
                 "run kernel 5.15 or later"};
  }
  return netns;
}

bool is_host_netns(const PodNetns& netns, int home) {
  struct stat about {};
  if (::fstat(home, &about) == 0 && about.st_dev == netns.device && about.st_ino == netns.inode)
    return true;
  return ::stat("/proc/1/ns/net", &about) == 0 && about.st_dev == netns.device &&
         about.st_ino == netns.inode;
}

Result<> check_pod_netns(const PodNetns& netns, int home, const std::vector<IpAddress>& ips) {
  SM_TRY_ASSIGN(const io::NetnsScope inside, io::NetnsScope::enter(netns.fd.get(), home));
  SM_TRY_ASSIGN(const std::vector<IpAddress> here, addresses_here());
  const bool owned = std::any_of(ips.begin(), ips.end(), [&here](const IpAddress& ip) {
    return std::find(here.begin(), here.end(), ip) != here.end();
  });
  if (!owned) {
    return Error{
        ErrorCode::kInvalid,
        "the netns has none of the pod's addresses (" + join(ips) + "); it has " + join(here),
        "correct status.podIPs or the annotation sockmesh.io/netns, or wait for the network to be "
        "set up"};
  }
  return set_lo_up();
}

Result<UniqueFd> listen_in(const PodNetns& netns, int home, int family) {
  UniqueFd socket;
  {
    SM_TRY_ASSIGN(const io::NetnsScope inside, io::NetnsScope::enter(netns.fd.get(), home));
    socket.reset(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  }
  if (!socket.valid()) return system_error("socket in a pod's netns", errno);
  // Accepted sockets hold the port that was dialled, and go on holding it in TIME_WAIT: an
  // application that starts then and sets SO_REUSEADDR, as servers do, must get its port.
  const int yes = 1;
  if (::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0 ||
      (family == AF_INET6 &&
       ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes) != 0)) {
    return system_error("prepare a listener in a pod's netns", errno);
  }
  sockaddr_storage storage{};
  const socklen_t length = SocketAddress{loopback_address(family), 0}.to_sockaddr(storage);
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&storage), length) != 0) {
    if (family == AF_INET6 && errno == EADDRNOTAVAIL) {
      return Error{ErrorCode::kUnavailable,
                   "the pod has an IPv6 address, but IPv6 is switched off on lo in its netns",
                   "sysctl net.ipv6.conf.lo.disable_ipv6=0 there, or take the address out of "
                   "status.podIPs"};
    }
    return system_error("bind a listener in a pod's netns", errno);
  }
  if (::listen(socket.get(), kPodListenBacklog) != 0)
    return system_error("listen in a pod's netns", errno);
  return socket;
}

}  // namespace sm::capture
