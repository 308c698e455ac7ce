// SPDX-License-Identifier: Apache-2.0
#include "ctl/admin_client.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <utility>

#include "base/fd.h"
#include "ctl/exit_code.h"

namespace sm::ctl {
namespace {

using Clock = std::chrono::steady_clock;

Answer unreachable(std::string text, std::string remedy) {
  return {kExitUnreachable, {}, {ErrorCode::kUnavailable, std::move(text), std::move(remedy)}};
}

Answer connect_failure(const std::string& socket, int error_number) {
  Error error = system_error("no daemon can be reached at " + socket, error_number);
  error.remedy = "start sockmeshd, or say where it is with --socket PATH or --run-dir DIR";
  if (error_number != EACCES && error_number != EPERM) {
    return {kExitUnreachable, {}, std::move(error)};
  }
  error.remedy = "run sockmeshctl as root";
  return {kExitFailed, {}, std::move(error)};
}

// Waits for `events` until `deadline`; false when the time has run out.
bool wait_for(int fd, short events, Clock::time_point deadline) {
  while (true) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    pollfd state{fd, events, 0};
    const int ready = ::poll(&state, 1, left > 0 ? static_cast<int>(left) + 1 : 0);
    if (ready > 0) return true;
    if (ready == 0 && left <= 0) return false;
    if (ready < 0 && errno != EINTR) return true;  // the next call on the socket says what is wrong
  }
}

Error too_slow(const std::string& socket, std::chrono::milliseconds timeout) {
  return {ErrorCode::kTimeout,
          "the daemon at " + socket + " did not answer within " +
              std::to_string(timeout.count() / 1000) + " s",
          "look at its log; if it hangs, `kill -ABRT` leaves a core to look at"};
}

std::string text_at(const Json& error, const char* key) {
  const auto found = error.find(key);
  return found != error.end() && found->is_string() ? found->get<std::string>() : std::string();
}

ErrorCode code_of(const std::string& name) {
  if (name == "invalid") return ErrorCode::kInvalid;
  if (name == "notFound") return ErrorCode::kNotFound;
  if (name == "denied") return ErrorCode::kDenied;
  if (name == "unavailable") return ErrorCode::kUnavailable;
  if (name == "limit") return ErrorCode::kLimit;
  if (name == "timeout") return ErrorCode::kTimeout;
  if (name == "unsupported") return ErrorCode::kUnsupported;
  return ErrorCode::kSystem;
}

Answer understand(const std::string& line) {
  auto parsed = parse_json(line);
  if (parsed && parsed->is_object()) {
    const auto result = parsed->find("result");
    if (result != parsed->end()) return {kExitDone, std::move(*result), {}};
    const auto error = parsed->find("error");
    if (error != parsed->end() && error->is_object()) {
      Error said{code_of(text_at(*error, "code")), text_at(*error, "text"),
                 text_at(*error, "remedy")};
      return {kExitFailed, {}, std::move(said)};
    }
  }
  return {kExitFailed,
          {},
          {ErrorCode::kInvalid, "the daemon's answer is not understood",
           "use a sockmeshctl of the daemon's version"}};
}

// Sends all of `text`. False: the peer has closed its end; it may have said why before.
Result<bool> send_all(int fd, const std::string& text, Clock::time_point deadline) {
  std::size_t sent = 0;
  while (sent < text.size()) {
    if (!wait_for(fd, POLLOUT, deadline)) return Error{ErrorCode::kTimeout, {}, {}};
    const ssize_t put =
        ::send(fd, text.data() + sent, text.size() - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (put >= 0) {
      sent += static_cast<std::size_t>(put);
    } else if (errno != EAGAIN && errno != EINTR) {
      return false;
    }
  }
  return true;
}

// The first line; empty when the peer closes before there is one.
Result<std::string> receive_line(int fd, Clock::time_point deadline) {
  std::string all;
  std::array<char, 65536> part{};
  while (wait_for(fd, POLLIN, deadline)) {
    const ssize_t got = ::recv(fd, part.data(), part.size(), MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (got <= 0) return std::string();
    const std::size_t from = all.size();
    all.append(part.data(), static_cast<std::size_t>(got));
    const std::size_t end = all.find('\n', from);
    if (end != std::string::npos) return all.substr(0, end);
  }
  return Error{ErrorCode::kTimeout, {}, {}};
}

}  // namespace

Answer ask(const std::string& socket, const Json& request, std::chrono::milliseconds timeout) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket.empty() || socket.size() >= sizeof address.sun_path) {
    return unreachable("no socket can have the path \"" + socket + "\"",
                       "a socket's path has at most " +
                           std::to_string(sizeof address.sun_path - 1) +
                           " bytes; use a shorter, perhaps relative one");
  }
  socket.copy(static_cast<char*>(address.sun_path), socket.size());
  const UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return {kExitFailed, {}, system_error("make a socket", errno)};
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);  // NOLINT: the socket API
  if (::connect(fd.get(), generic, sizeof address) != 0) return connect_failure(socket, errno);

  const auto deadline = Clock::now() + timeout;
  const auto sent = send_all(fd.get(), dump_json(request) + "\n", deadline);
  if (!sent) return {kExitFailed, {}, too_slow(socket, timeout)};
  const auto line = receive_line(fd.get(), deadline);
  if (!line) return {kExitFailed, {}, too_slow(socket, timeout)};
  if (line->empty()) {
    return unreachable("the daemon at " + socket + " went away before it answered",
                       "look at its log; is it restarting?");
  }
  return understand(*line);
}

}  // namespace sm::ctl
