// SPDX-License-Identifier: Apache-2.0
#include "admin/admin_server.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "base/fd.h"
#include "base/limits.h"
#include "io/loop.h"

namespace sm::admin {
namespace {

// Answers with what it was asked, and keeps the reply of sync for later.
class FakeViews final : public Views {
 public:
  Json status() override { return Json{{"generation", 7}}; }
  Json pods() override { return Json::array({"p"}); }
  Json bpf() override { return Json{{"blob", std::string(blob_bytes, 'x')}}; }
  Result<Json> proxy_config(const std::string& which, const std::string& pod) override {
    if (pod == "no/pod")
      return Error{ErrorCode::kNotFound, "no pod no/pod", "see sockmeshctl pods"};
    return Json(which + " of " + pod);
  }
  void sync(std::chrono::milliseconds wait, Reply reply) override {
    waited = wait;
    pending.push_back(std::move(reply));
  }
  Result<Json> set_log_level(const std::string& component, const std::string& level) override {
    return Json(component + ":" + level);
  }
  Result<Json> hand_over() override { return Json{{"handingOver", true}}; }
  Result<Json> drain() override { return Json("draining"); }
  Result<Json> explain(const Json& requests) override { return requests; }

  std::size_t blob_bytes = 0;
  std::chrono::milliseconds waited{0};
  std::vector<Reply> pending;
};

struct Fixture {
  Fixture() {
    char name[] = "/tmp/smt-admin-XXXXXX";  // NOLINT: mkdtemp writes into it
    REQUIRE(::mkdtemp(name) != nullptr);
    directory = name;
    path = directory + "/admin.sock";
    start();
  }
  ~Fixture() {
    server.reset();
    ::unlink(path.c_str());
    ::rmdir(directory.c_str());
  }
  Fixture(const Fixture&) = delete;
  Fixture& operator=(const Fixture&) = delete;

  void start() {
    auto made = AdminServer::listen(loop, path, views);
    REQUIRE(made.ok());
    server = std::move(*made);
  }
  sockaddr_un address() const {
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    path.copy(static_cast<char*>(to.sun_path), path.size());
    return to;
  }
  UniqueFd dial() const {
    UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const sockaddr_un to = address();
    REQUIRE(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0);
    return fd;
  }
  void turn(int passes = 20) {
    for (int i = 0; i < passes; ++i) loop.run_once(false);
  }
  // What has arrived; "<end>" is appended when the server has closed.
  std::string taken(int fd) {
    std::string all;
    for (int i = 0; i < 400; ++i) {
      loop.run_once(false);
      std::array<char, 65536> part{};
      const ssize_t got = ::recv(fd, part.data(), part.size(), MSG_DONTWAIT);
      if (got == 0 || (got < 0 && errno == ECONNRESET)) return all + "<end>";
      if (got > 0) all.append(part.data(), static_cast<std::size_t>(got));
    }
    return all;
  }
  std::string ask(int fd, const std::string& text) {
    REQUIRE(::send(fd, text.data(), text.size(), MSG_NOSIGNAL) ==
            static_cast<ssize_t>(text.size()));
    return taken(fd);
  }

  std::string directory;
  std::string path;
  io::Loop loop;
  FakeViews views;
  std::unique_ptr<AdminServer> server;
};

}  // namespace

TEST_CASE("admin: answers each verb with one line") {
  Fixture f;
  const UniqueFd client = f.dial();
  CHECK(f.ask(client.get(), "{\"verb\":\"status\"}\n") == "{\"result\":{\"generation\":7}}\n");
  CHECK(f.ask(client.get(), "{\"verb\":\"pods\"}\n") == "{\"result\":[\"p\"]}\n");
  CHECK(f.ask(client.get(), "{\"verb\":\"proxy-config\",\"which\":\"routes\",\"pod\":\"a/b\"}\n") ==
        "{\"result\":\"routes of a/b\"}\n");
  CHECK(f.ask(client.get(), "{\"verb\":\"log-level\",\"level\":\"debug\"}\n") ==
        "{\"result\":\":debug\"}\n");
  CHECK(f.ask(client.get(), "{\"verb\":\"drain\"}\n") == "{\"result\":\"draining\"}\n");
  CHECK(f.ask(client.get(), "{\"verb\":\"explain\",\"requests\":[1,2]}\n") ==
        "{\"result\":[1,2]}\n");
}

TEST_CASE("admin: requests that arrive together or in pieces are answered in order") {
  Fixture f;
  const UniqueFd client = f.dial();
  CHECK(f.ask(client.get(), "{\"verb\":\"drain\"}\n\n{\"verb\":\"pods\"}\n{\"verb\":") ==
        "{\"result\":\"draining\"}\n{\"result\":[\"p\"]}\n");
  CHECK(f.ask(client.get(), "\"status\"}\n") == "{\"result\":{\"generation\":7}}\n");
}

TEST_CASE("admin: an error of a view arrives with code, text and remedy") {
  Fixture f;
  const UniqueFd client = f.dial();
  CHECK(f.ask(client.get(),
              "{\"verb\":\"proxy-config\",\"which\":\"routes\",\"pod\":\"no/pod\"}\n") ==
        "{\"error\":{\"code\":\"notFound\",\"text\":\"no pod no/pod\",\"remedy\":\"see sockmeshctl "
        "pods\"}}\n");
}

TEST_CASE("admin: what is no request gets an error and the connection goes on") {
  Fixture f;
  const UniqueFd client = f.dial();
  for (const char* bad :
       {"{\"verb\":\"frobnicate\"}\n", "not json\n", "[1]\n", "{\"verb\":5}\n", "{}\n",
        "{\"verb\":\"proxy-config\",\"which\":\"nonsense\"}\n", "{\"verb\":\"explain\"}\n",
        "{\"verb\":\"sync\"}\n", "{\"verb\":\"sync\",\"waitMs\":-1}\n",
        "{\"verb\":\"sync\",\"waitMs\":3600001}\n", "{\"verb\":\"sync\",\"waitMs\":\"1\"}\n"}) {
    INFO(bad);
    CHECK(f.ask(client.get(), bad).rfind("{\"error\":{\"code\":\"invalid\"", 0) == 0);
  }
  CHECK(f.ask(client.get(), "{\"verb\":\"drain\"}\n") == "{\"result\":\"draining\"}\n");
}

TEST_CASE("admin: sync is answered when the view replies, and later requests wait for it") {
  Fixture f;
  const UniqueFd client = f.dial();
  CHECK(f.ask(client.get(), "{\"verb\":\"sync\",\"waitMs\":1500}\n{\"verb\":\"drain\"}\n").empty());
  REQUIRE(f.views.pending.size() == 1);
  CHECK(f.views.waited == std::chrono::milliseconds(1500));
  f.views.pending[0](Json{{"generation", 3}});
  CHECK(f.taken(client.get()) == "{\"result\":{\"generation\":3}}\n{\"result\":\"draining\"}\n");
  // A second reply to the same request is not taken for an answer to another one.
  f.views.pending[0](Json("again"));
  CHECK(f.taken(client.get()).empty());
}

TEST_CASE("admin: other clients are served while one waits for sync") {
  Fixture f;
  const UniqueFd waiting = f.dial();
  CHECK(f.ask(waiting.get(), "{\"verb\":\"sync\",\"waitMs\":1000}\n").empty());
  const UniqueFd other = f.dial();
  CHECK(f.ask(other.get(), "{\"verb\":\"drain\"}\n") == "{\"result\":\"draining\"}\n");
}

TEST_CASE(
    "admin: a client that goes away while sync waits frees its place, and the late reply is "
    "dropped") {
  Fixture f;
  for (std::size_t i = 0; i < kAdminClientsMax; ++i) {
    UniqueFd client = f.dial();
    CHECK(f.ask(client.get(), "{\"verb\":\"sync\",\"waitMs\":1000}\n").empty());
    client.reset();
    f.turn();
  }
  const UniqueFd next = f.dial();
  CHECK(f.ask(next.get(), "{\"verb\":\"drain\"}\n") == "{\"result\":\"draining\"}\n");
  for (const auto& reply : f.views.pending) reply(Json("late"));
  f.turn();
}

TEST_CASE("admin: a reply after the server is gone is dropped") {
  Fixture f;
  const UniqueFd client = f.dial();
  CHECK(f.ask(client.get(), "{\"verb\":\"sync\",\"waitMs\":1000}\n").empty());
  f.server.reset();
  f.views.pending[0](Json("late"));
  CHECK(f.taken(client.get()) == "<end>");
}

TEST_CASE("admin: a client that ended only its own direction still gets its answer") {
  Fixture f;
  const UniqueFd client = f.dial();
  REQUIRE(::send(client.get(), "{\"verb\":\"sync\",\"waitMs\":9}\n", 27, 0) == 27);
  REQUIRE(::shutdown(client.get(), SHUT_WR) == 0);
  CHECK(f.taken(client.get()).empty());
  REQUIRE(f.views.pending.size() == 1);
  f.views.pending[0](Json(1));
  CHECK(f.taken(client.get()) == "{\"result\":1}\n<end>");
}

TEST_CASE("admin: a request over the limit is refused and the connection closed") {
  Fixture f;
  const UniqueFd client = f.dial();
  const int flags = ::fcntl(client.get(), F_GETFL);
  REQUIRE(::fcntl(client.get(), F_SETFL, flags | O_NONBLOCK) == 0);
  const std::string part(64 * 1024, 'a');
  std::size_t sent = 0;
  while (sent < 2 * kAdminRequestBytesMax) {
    const ssize_t put = ::send(client.get(), part.data(), part.size(), MSG_NOSIGNAL);
    if (put < 0 && errno != EAGAIN) break;  // the server has closed
    if (put > 0) sent += static_cast<std::size_t>(put);
    f.loop.run_once(false);
  }
  CHECK(sent < 2 * kAdminRequestBytesMax);
  const std::string answer = f.taken(client.get());
  CHECK(answer.rfind("{\"error\":{\"code\":\"limit\"", 0) == 0);
  CHECK(answer.find("<end>") != std::string::npos);
}

TEST_CASE("admin: an answer larger than the socket's buffer arrives whole") {
  Fixture f;
  f.views.blob_bytes = 3 * 1024 * 1024;
  const UniqueFd client = f.dial();
  const std::string answer = f.ask(client.get(), "{\"verb\":\"bpf\"}\n");
  CHECK(answer.size() == f.views.blob_bytes + std::string("{\"result\":{\"blob\":\"\"}}\n").size());
}

TEST_CASE("admin: one client more than the limit is told so") {
  Fixture f;
  std::vector<UniqueFd> clients;
  for (std::size_t i = 0; i < kAdminClientsMax; ++i) {
    clients.push_back(f.dial());
    f.turn(2);
  }
  const UniqueFd extra = f.dial();
  const std::string answer = f.taken(extra.get());
  CHECK(answer.rfind("{\"error\":{\"code\":\"limit\"", 0) == 0);
  CHECK(answer.find("<end>") != std::string::npos);
  clients.pop_back();
  f.turn();
  const UniqueFd next = f.dial();
  CHECK(f.ask(next.get(), "{\"verb\":\"drain\"}\n") == "{\"result\":\"draining\"}\n");
}

TEST_CASE("admin: somebody who is not root is refused by the credential of the socket") {
  if (::geteuid() != 0) {
    MESSAGE("SKIP: needs root to become somebody else");
    return;
  }
  Fixture f;
  REQUIRE(::chmod(f.directory.c_str(), 0755) == 0);
  REQUIRE(::chmod(f.path.c_str(), 0666) == 0);  // so that only the credential can refuse
  REQUIRE(::seteuid(65534) == 0);
  const UniqueFd client = f.dial();
  REQUIRE(::seteuid(0) == 0);
  const std::string answer = f.taken(client.get());
  CHECK(answer.rfind("{\"error\":{\"code\":\"denied\"", 0) == 0);
  CHECK(answer.find("<end>") != std::string::npos);
}

TEST_CASE("admin: the socket's file is for its owner only and goes with the server") {
  Fixture f;
  struct stat info {};
  REQUIRE(::stat(f.path.c_str(), &info) == 0);
  CHECK((info.st_mode & 07777) == 0600);
  f.server.reset();
  CHECK(::stat(f.path.c_str(), &info) != 0);
}

TEST_CASE("admin: a live socket is an error, a dead one is replaced, another file is left alone") {
  Fixture f;
  const auto second = AdminServer::listen(f.loop, f.path, f.views);
  REQUIRE_FALSE(second.ok());
  CHECK(second.error().code == ErrorCode::kUnavailable);
  f.server.reset();

  const UniqueFd dead(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_un to = f.address();
  REQUIRE(::bind(dead.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0);
  f.start();
  f.server.reset();

  const UniqueFd file(::open(f.path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  REQUIRE(file.valid());
  const auto third = AdminServer::listen(f.loop, f.path, f.views);
  REQUIRE_FALSE(third.ok());
  CHECK(third.error().code == ErrorCode::kInvalid);
  CHECK(::access(f.path.c_str(), F_OK) == 0);
}

TEST_CASE("admin: a path that no socket address holds is an error with a remedy") {
  Fixture f;
  const auto made = AdminServer::listen(f.loop, "/tmp/" + std::string(200, 'a'), f.views);
  REQUIRE_FALSE(made.ok());
  CHECK_FALSE(made.error().remedy.empty());
}

}  // namespace sm::admin
