// SPDX-License-Identifier: Apache-2.0
#include "admin/connection.h"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "admin/request.h"
#include "base/limits.h"

namespace sm::admin {

Connection::Connection(io::Loop& loop, UniqueFd fd, std::uint64_t id, Views& views,
                       ConnectionEvents& events)
    : x_id(id),
      x_views(views),
      x_events(events),
      x_anchor(std::make_shared<Connection* const>(this)),
      x_fd(std::move(fd)),
      x_watch(loop, x_fd.get(), *this) {
  renew_interest();
}

void Connection::on_ready(bool readable, bool writable) {
  if (x_ended) return;
  if (writable) flush();
  if (readable && !x_ended) read_some();
  take_requests();
  renew_interest();
}

void Connection::read_some() {
  const auto room = x_in.prepare(kReadChunkBytes);
  const ssize_t got = ::recv(x_fd.get(), room.data(), room.size(), 0);
  if (got > 0) return x_in.commit(static_cast<std::size_t>(got));
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  x_input_ended = true;
  // A client that only ended its own direction still waits for its answers; one that is gone does
  // not, and nothing that a waiting sync finds out later is of use to it.
  if (got < 0 || peer_is_gone()) end();
}

bool Connection::peer_is_gone() const {
  pollfd state{x_fd.get(), 0, 0};
  return ::poll(&state, 1, 0) == 1 && (state.revents & (POLLHUP | POLLERR)) != 0;
}

void Connection::take_requests() {
  if (x_taking) return;
  x_taking = true;
  while (!x_ended && !x_pending && x_out.empty() && !x_close_when_flushed) {
    const std::size_t length = x_in.view().find('\n');
    if (length == std::string_view::npos) {
      if (x_in.size() > kAdminRequestBytesMax) {
        refuse_long_request();
      } else if (x_input_ended) {
        end();
      }
      break;
    }
    const std::string line(x_in.view().substr(0, length));
    x_in.consume(length + 1);
    if (line.size() > kAdminRequestBytesMax) {
      refuse_long_request();
    } else if (line.find_first_not_of(" \t\r") != std::string::npos) {
      take_one(line);
    }
  }
  x_taking = false;
}

void Connection::take_one(std::string_view line) {
  x_pending = true;
  const std::uint64_t request = ++x_request;
  const std::weak_ptr<Connection* const> anchor = x_anchor;
  dispatch(x_views, line, [anchor, request](const Result<Json>& outcome) {
    if (const auto alive = anchor.lock()) (*alive)->finish(request, outcome);
  });
}

void Connection::finish(std::uint64_t request, const Result<Json>& outcome) {
  if (x_ended || !x_pending || request != x_request) return;
  x_pending = false;
  x_out.append(answer_line(outcome));
  flush();
  take_requests();
  renew_interest();
}

void Connection::refuse_long_request() {
  x_out.append(answer_line(
      Error{ErrorCode::kLimit,
            "the request is longer than " + std::to_string(kAdminRequestBytesMax) + " bytes",
            "send it in several parts"}));
  // Where the next request starts is unknown.
  x_close_when_flushed = true;
  flush();
}

void Connection::flush() {
  while (!x_out.empty()) {
    const auto bytes = x_out.bytes();
    const ssize_t put = ::send(x_fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0 && errno == EAGAIN) return;
    if (put < 0) return end();
    x_out.consume(static_cast<std::size_t>(put));
  }
  if (x_close_when_flushed) end();
}

void Connection::renew_interest() {
  if (x_ended) return;
  // Reading goes on while a request is pending, or the client's going away would not be noticed; up
  // to one long request.
  const bool room = x_in.size() <= kAdminRequestBytesMax;
  x_watch.want(!x_input_ended && !x_close_when_flushed && room, !x_out.empty());
}

void Connection::end() {
  if (x_ended) return;
  x_ended = true;
  x_watch.want(false, false);
  x_events.on_connection_end(x_id);
}

}  // namespace sm::admin
