// SPDX-License-Identifier: Apache-2.0
#include "admin/admin_server.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <map>
#include <utility>

#include "admin/connection.h"
#include "admin/request.h"
#include "base/limits.h"
#include "base/log.h"
#include "io/timer.h"
#include "io/watch.h"

namespace sm::admin {
namespace {

constexpr log::Logger kLog{log::Component::kAdmin};
constexpr int kBacklog = 16;

Result<sockaddr_un> address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    return Error{ErrorCode::kInvalid,
                 "the admin socket's path \"" + path + "\" must have 1 to " +
                     std::to_string(sizeof address.sun_path - 1) + " bytes",
                 "choose a shorter runDir"};
  }
  path.copy(static_cast<char*>(address.sun_path), path.size());
  return address;
}

const sockaddr* generic(const sockaddr_un& address) {
  return reinterpret_cast<const sockaddr*>(&address);  // NOLINT: the socket API's own way
}

// Removes what a dead daemon left at `path`; an error when somebody listens there or it is no
// socket.
Result<> clear_stale(const std::string& path, const sockaddr_un& address) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) {
    if (errno == ENOENT) return {};
    return system_error("look at " + path, errno);
  }
  if (!S_ISSOCK(info.st_mode)) {
    return Error{ErrorCode::kInvalid, path + " is there and is not a socket",
                 "move it away or choose another runDir"};
  }
  const UniqueFd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!probe.valid()) return system_error("make a socket", errno);
  // EAGAIN: somebody listens there and is busy.
  if (::connect(probe.get(), generic(address), sizeof address) == 0 || errno == EAGAIN) {
    return Error{ErrorCode::kUnavailable, "another daemon answers on " + path,
                 "stop it first, or give this one another runDir"};
  }
  if (errno != ECONNREFUSED) return system_error("try " + path, errno);
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return system_error("remove " + path, errno);
  return {};
}

bool is_root(int fd) {
  ucred peer{};
  socklen_t length = sizeof peer;
  return ::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 && peer.uid == 0;
}

// Best effort: the line is short enough for any socket buffer.
void refuse(int fd, Error error) {
  const std::string line = answer_line(std::move(error));
  if (::send(fd, line.data(), line.size(), MSG_NOSIGNAL) < 0) kLog.debug("a refused client left");
}

}  // namespace

class AdminServer::Impl final : private io::WatchEvents,
                                private io::TimerEvents,
                                private ConnectionEvents {
 public:
  Impl(io::Loop& loop, UniqueFd fd, std::string path, Views& views)
      : x_loop(loop),
        x_views(views),
        x_path(std::move(path)),
        x_fd(std::move(fd)),
        x_watch(loop, x_fd.get(), *this),
        x_accept_again(loop.timers(), *this, 0) {
    struct stat info {};
    if (::lstat(x_path.c_str(), &info) == 0) x_inode = info.st_ino;
    x_watch.want(true, false);
  }
  ~Impl() {
    // Only our own file: a daemon that took over has put its own there.
    struct stat info {};
    if (::lstat(x_path.c_str(), &info) == 0 && info.st_ino == x_inode) ::unlink(x_path.c_str());
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

 private:
  void on_ready(bool, bool) override {
    for (int i = 0; i < kAcceptsPerEvent; ++i) {
      UniqueFd client(::accept4(x_fd.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
      if (!client.valid()) return on_accept_failure(errno);
      admit(std::move(client));
    }
  }

  void on_accept_failure(int error_number) {
    if (error_number == EAGAIN || error_number == EINTR || error_number == ECONNABORTED) return;
    // Out of descriptors: the client stays in the backlog, and asking again at once would spin.
    kLog.warn("{}", system_error("accept an admin client", error_number).describe());
    x_watch.want(false, false);
    x_accept_again.arm(kAdminAcceptPause);
  }

  void on_timer(int) override { x_watch.want(true, false); }

  void admit(UniqueFd client) {
    if (!is_root(client.get())) {
      return refuse(client.get(), {ErrorCode::kDenied, "the admin socket is for root only",
                                   "run sockmeshctl as root"});
    }
    if (x_connections.size() >= kAdminClientsMax) {
      return refuse(client.get(), {ErrorCode::kLimit,
                                   "the admin socket serves " + std::to_string(kAdminClientsMax) +
                                       " clients at a time",
                                   "end a sockmeshctl that waits, then try again"});
    }
    const std::uint64_t id = ++x_last_id;
    ConnectionEvents& events = *this;
    x_connections.emplace(
        id, std::make_unique<Connection>(x_loop, std::move(client), id, x_views, events));
  }

  void on_connection_end(std::uint64_t id) override {
    auto node = x_connections.extract(id);
    if (!node.empty()) x_loop.bury(std::move(node.mapped()));
  }

  io::Loop& x_loop;
  Views& x_views;
  std::string x_path;
  ino_t x_inode = 0;
  std::uint64_t x_last_id = 0;
  std::map<std::uint64_t, std::unique_ptr<Connection>> x_connections;
  UniqueFd x_fd;
  io::Watch x_watch;  // after x_fd: it goes first
  io::Timer x_accept_again;
};

AdminServer::AdminServer(std::unique_ptr<Impl> impl) : x_impl(std::move(impl)) {}
AdminServer::~AdminServer() = default;

Result<std::unique_ptr<AdminServer>> AdminServer::listen(io::Loop& loop, const std::string& path,
                                                         Views& views) {
  SM_TRY_ASSIGN(const sockaddr_un address, address_of(path));
  SM_TRY(clear_stale(path, address));
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return system_error("make the admin socket", errno);
  // On Linux the socket's mode becomes the file's mode at bind: nobody else ever finds it open.
  if (::fchmod(fd.get(), 0600) != 0) return system_error("protect the admin socket", errno);
  if (::bind(fd.get(), generic(address), sizeof address) != 0) {
    Error error = system_error("bind the admin socket " + path, errno);
    error.remedy = "make its directory, and let root write there";
    return error;
  }
  if (::chmod(path.c_str(), 0600) != 0) return system_error("protect " + path, errno);
  if (::listen(fd.get(), kBacklog) != 0) return system_error("listen on " + path, errno);
  return std::make_unique<AdminServer>(std::make_unique<Impl>(loop, std::move(fd), path, views));
}

}  // namespace sm::admin
