// SPDX-License-Identifier: Apache-2.0
#include "capture/old_connections.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <sockmesh/abi.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string_view>

#include "base/fd.h"
#include "io/netns.h"

namespace sm::capture {
namespace {

constexpr std::uint32_t kStates = 1U << TCP_ESTABLISHED | 1U << TCP_SYN_SENT | 1U << TCP_CLOSE_WAIT;
constexpr std::size_t kReplySize = 32768;  // what the kernel fills at most per read of a dump

struct Request {
  nlmsghdr header{};
  inet_diag_req_v2 body{};
};

Result<UniqueFd> diag_socket(const OldConnectionSearch& search) {
  UniqueFd socket;
  {
    SM_TRY_ASSIGN(const io::NetnsScope inside, io::NetnsScope::enter(search.netns, search.home));
    socket.reset(::socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
  }
  if (!socket.valid()) return system_error("open sock_diag in a pod's netns", errno);
  return socket;
}

Request request_of(std::uint16_t type, std::uint16_t flags, int family) {
  Request request;
  request.header.nlmsg_len = sizeof request;
  request.header.nlmsg_type = type;
  request.header.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
  request.body.sdiag_family = static_cast<std::uint8_t>(family);
  request.body.sdiag_protocol = IPPROTO_TCP;
  return request;
}

SocketAddress end_of(int family, const __be32* words, __be16 port) {
  if (family == AF_INET) return {IpAddress::from_v4_be(words[0]), ntohs(port)};
  std::array<std::uint8_t, 16> bytes{};
  std::memcpy(bytes.data(), words, bytes.size());
  return {IpAddress::from_v6(bytes.data()), ntohs(port)};
}

// One netlink message: its payload without the header.
struct Message {
  std::uint16_t type = 0;
  std::string_view payload;

  template <class Body>
  std::optional<Body> body() const {
    if (payload.size() < sizeof(Body)) return std::nullopt;
    Body copy{};
    std::memcpy(&copy, payload.data(), sizeof copy);
    return copy;
  }
};

// Cuts the first message off `bytes`; nullopt at the end, or at something that is not one.
std::optional<Message> next_message(std::string_view& bytes) {
  nlmsghdr header{};
  if (bytes.size() < sizeof header) return std::nullopt;
  std::memcpy(&header, bytes.data(), sizeof header);
  if (header.nlmsg_len < sizeof header || header.nlmsg_len > bytes.size()) return std::nullopt;
  const Message message{header.nlmsg_type,
                        bytes.substr(sizeof header, header.nlmsg_len - sizeof header)};
  bytes.remove_prefix(std::min<std::size_t>(NLMSG_ALIGN(header.nlmsg_len), bytes.size()));
  return message;
}

// The id of the cgroup that the socket was made in; 0: the kernel does not say.
std::uint64_t cgroup_of(std::string_view attributes) {
  rtattr attribute{};
  while (attributes.size() >= sizeof attribute) {
    std::memcpy(&attribute, attributes.data(), sizeof attribute);
    if (attribute.rta_len < sizeof attribute || attribute.rta_len > attributes.size()) break;
    std::uint64_t id = 0;
    if (attribute.rta_type == INET_DIAG_CGROUP_ID &&
        attribute.rta_len == sizeof attribute + sizeof id) {
      std::memcpy(&id, attributes.data() + sizeof attribute, sizeof id);
      return id;
    }
    attributes.remove_prefix(
        std::min<std::size_t>(RTA_ALIGN(attribute.rta_len), attributes.size()));
  }
  return 0;
}

bool is_past_the_mesh(const OldConnection& one, const PodWish& wish) {
  const IpAddress& peer = one.remote.ip;
  if (peer.is_loopback() || peer.is_unspecified() || peer == one.local.ip) return false;
  if (std::find(wish.ips.begin(), wish.ips.end(), peer) != wish.ips.end()) return false;
  // Which end dialled is not recorded; a list that leaves it out as either is enough.
  return wish.lists.takes_outbound(one.remote) && wish.lists.takes_inbound(one.local.port);
}

bool is_held(const OldConnection& one, const PodWish&) {
  const bool v4 = one.remote.ip.is_v4() &&
                  (ntohl(one.remote.ip.v4_be()) & 0xffffff00U) == SM_CAPTURE_NET &&
                  one.remote.port == SM_CAPTURE_PORT;
  const bool v6 = !one.remote.ip.is_v4() && one.remote.ip.is_loopback() &&
                  one.remote.port - SM_CAPTURE_PORT < SM_CAPTURE6_PORTS;
  return v4 || v6;
}

// Whether a connection is one of those that are looked for.
using Question = bool (*)(const OldConnection& one, const PodWish& wish);

class Dump {
 public:
  Dump(const OldConnectionSearch& search, const PodWish& wish, Question question)
      : x_search(search), x_wish(wish), x_question(question) {}

  Result<> run(int socket, int family, std::uint32_t states) {
    const Request request = request_of(SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, family);
    Request wanted = request;
    wanted.body.idiag_states = states;
    if (::send(socket, &wanted, sizeof wanted, 0) < 0) return system_error("ask sock_diag", errno);
    for (bool more = true; more;) {
      const ssize_t got = ::recv(socket, x_reply.data(), x_reply.size(), 0);
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return system_error("read sock_diag", errno);
      SM_TRY_ASSIGN(more, take(std::string_view(x_reply.data(), static_cast<std::size_t>(got))));
    }
    return {};
  }

  std::vector<OldConnection> found;

 private:
  // false: that was the last message.
  Result<bool> take(std::string_view bytes) {
    while (const std::optional<Message> message = next_message(bytes)) {
      if (message->type == NLMSG_DONE) return false;
      if (message->type == NLMSG_ERROR) {
        const auto error = message->body<nlmsgerr>();
        return system_error("list connections", error ? -error->error : EPROTO);
      }
      keep(*message);
    }
    return true;
  }

  void keep(const Message& message) {
    const auto row = message.body<inet_diag_msg>();
    if (!row) return;
    OldConnection one;
    one.local = end_of(row->idiag_family, row->id.idiag_src, row->id.idiag_sport);
    one.remote = end_of(row->idiag_family, row->id.idiag_dst, row->id.idiag_dport);
    if (!x_question(one, x_wish)) return;
    const std::uint64_t cgroup = cgroup_of(message.payload.substr(sizeof *row));
    if (cgroup != 0 && x_search.subtree != nullptr && !is_id_below(*x_search.subtree, cgroup))
      return;
    found.push_back(one);
  }

  std::array<char, kReplySize> x_reply{};
  const OldConnectionSearch& x_search;
  const PodWish& x_wish;
  Question x_question;
};

Result<std::vector<OldConnection>> find(const OldConnectionSearch& search, const PodWish& wish,
                                        Question question, std::uint32_t states) {
  SM_TRY_ASSIGN(const UniqueFd socket, diag_socket(search));
  Dump dump(search, wish, question);
  for (const int family : {AF_INET, AF_INET6}) SM_TRY(dump.run(socket.get(), family, states));
  return std::move(dump.found);
}

void write_end(const SocketAddress& end, __be32* words, __be16& port) {
  port = htons(end.port);
  if (end.ip.is_v4()) {
    words[0] = end.ip.v4_be();
  } else {
    std::memcpy(words, end.ip.v6_bytes().data(), 16);
  }
}

// 0, or the errno that the kernel answers. IPv4 connections of an IPv6 socket are found as IPv4
// ones.
int destroy_one(int socket, const OldConnection& one) {
  Request request = request_of(SOCK_DESTROY, NLM_F_ACK, one.remote.ip.family());
  inet_diag_sockid& id = request.body.id;
  write_end(one.local, id.idiag_src, id.idiag_sport);
  write_end(one.remote, id.idiag_dst, id.idiag_dport);
  id.idiag_cookie[0] = id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
  request.body.idiag_states = kStates;
  if (::send(socket, &request, sizeof request, 0) < 0) return errno;
  std::array<char, 4096> reply{};
  const ssize_t got = ::recv(socket, reply.data(), reply.size(), 0);
  std::string_view bytes(reply.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
  const std::optional<Message> message = next_message(bytes);
  const auto error = message ? message->body<nlmsgerr>() : std::nullopt;
  return message && message->type == NLMSG_ERROR && error ? -error->error : EPROTO;
}

}  // namespace

Result<std::vector<OldConnection>> old_connections(const OldConnectionSearch& search,
                                                   const PodWish& wish) {
  return find(search, wish, is_past_the_mesh, kStates);
}

Result<std::vector<OldConnection>> held_connects(const OldConnectionSearch& search,
                                                 const PodWish& wish) {
  return find(search, wish, is_held, 1U << TCP_SYN_SENT);
}

Result<> destroy_connections(const OldConnectionSearch& search,
                             std::vector<OldConnection>& connections) {
  SM_TRY_ASSIGN(const UniqueFd socket, diag_socket(search));
  for (OldConnection& one : connections) {
    if (one.destroyed) continue;
    const int failed = destroy_one(socket.get(), one);
    if (failed == EOPNOTSUPP) {
      return Error{ErrorCode::kUnsupported, "this kernel cannot destroy connections",
                   "build it with CONFIG_INET_DIAG_DESTROY, or restart the pod"};
    }
    if (failed != 0 && failed != ENOENT)
      return system_error("destroy the connection to " + one.remote.to_string(), failed);
    one.destroyed = true;
  }
  return {};
}

}  // namespace sm::capture
