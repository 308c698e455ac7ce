// SPDX-License-Identifier: Apache-2.0
#include "ctl/admin_client.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <thread>
#include <utility>

#include "base/fd.h"
#include "ctl/exit_code.h"
#include "fake_console.h"

namespace sm::ctl {
namespace {

// A daemon that takes one request, answers with prepared bytes in pieces, and closes.
class OneShot {
 public:
  OneShot(const std::string& path, std::string answer, bool hang = false)
      : x_listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)), x_hang(hang) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(static_cast<char*>(address.sun_path), path.size());
    REQUIRE(::bind(x_listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) ==
            0);
    REQUIRE(::listen(x_listener.get(), 1) == 0);
    x_thread = std::thread([this, text = std::move(answer)] { serve(text); });
  }
  ~OneShot() { finish(); }
  OneShot(const OneShot&) = delete;
  OneShot& operator=(const OneShot&) = delete;

  std::string request() {
    finish();
    return x_request;
  }

 private:
  void serve(const std::string& answer) {
    const UniqueFd client(::accept4(x_listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    std::array<char, 4096> part{};
    while (x_request.find('\n') == std::string::npos) {
      const ssize_t got = ::recv(client.get(), part.data(), part.size(), 0);
      if (got <= 0) return;
      x_request.append(part.data(), static_cast<std::size_t>(got));
    }
    for (const char c : answer) ::send(client.get(), &c, 1, MSG_NOSIGNAL);
    // Until the client has given up.
    if (x_hang) ::recv(client.get(), part.data(), part.size(), 0);
  }
  void finish() {
    if (x_thread.joinable()) x_thread.join();
  }

  UniqueFd x_listener;
  bool x_hang;
  std::string x_request;
  std::thread x_thread;
};

}  // namespace

TEST_CASE("ctl: the daemon's result arrives, whatever pieces it comes in") {
  const Scratch scratch;
  OneShot daemon(scratch.path("s"), "{\"result\":{\"generation\":3}}\n");
  const Answer answer = ask(scratch.path("s"), Json{{"verb", "status"}});
  CHECK(answer.exit_code == kExitDone);
  CHECK(answer.result == Json{{"generation", 3}});
  CHECK(daemon.request() == "{\"verb\":\"status\"}\n");
}

TEST_CASE("ctl: a refusal of the daemon is exit 1 with its words") {
  const Scratch scratch;
  const OneShot daemon(
      scratch.path("s"),
      "{\"error\":{\"code\":\"timeout\",\"text\":\"not in time\",\"remedy\":\"wait\"}}\n");
  const Answer answer = ask(scratch.path("s"), Json::object());
  CHECK(answer.exit_code == kExitFailed);
  CHECK(answer.error.code == ErrorCode::kTimeout);
  CHECK(answer.error.text == "not in time");
  CHECK(answer.error.remedy == "wait");
}

TEST_CASE("ctl: a daemon that goes away before it has answered is not reachable") {
  const Scratch scratch;
  const OneShot daemon(scratch.path("s"), "{\"resu");
  CHECK(ask(scratch.path("s"), Json::object()).exit_code == kExitUnreachable);
}

TEST_CASE("ctl: an answer that is none is exit 1") {
  for (const char* text : {"nonsense\n", "[]\n", "{}\n", "{\"error\":5}\n", "\n"}) {
    const Scratch scratch;
    const OneShot daemon(scratch.path("s"), text);
    INFO(text);
    const Answer answer = ask(scratch.path("s"), Json::object());
    CHECK(answer.exit_code != kExitDone);
    CHECK_FALSE(answer.error.text.empty());
  }
}

TEST_CASE("ctl: a daemon that hangs is given up after the time limit") {
  const Scratch scratch;
  const OneShot daemon(scratch.path("s"), "{\"res", true);
  const Answer answer = ask(scratch.path("s"), Json::object(), std::chrono::milliseconds(50));
  CHECK(answer.exit_code == kExitFailed);
  CHECK(answer.error.code == ErrorCode::kTimeout);
}

TEST_CASE("ctl: a socket that nobody serves, or that no socket can be, is not reachable") {
  const Scratch scratch;
  CHECK(ask(scratch.path("missing"), Json::object()).exit_code == kExitUnreachable);
  CHECK(ask(scratch.write("file", ""), Json::object()).exit_code == kExitUnreachable);
  CHECK(ask("/tmp/" + std::string(200, 'x'), Json::object()).exit_code == kExitUnreachable);
  CHECK(ask("", Json::object()).exit_code == kExitUnreachable);
}

TEST_CASE("ctl: verbs print the daemon's answer as JSON, as YAML, and for people") {
  const Scratch scratch;
  const std::string sync =
      "{\"result\":{\"generation\":4,\"quarantined\":1,\"podsNotReady\":[]}}\n";
  {
    OneShot daemon(scratch.path("a"), sync);
    const Ran ran({"--socket", scratch.path("a"), "sync", "--wait", "2.5", "-o", "json"});
    CHECK(ran.code == 0);
    CHECK(ran.json()["generation"] == 4);
    CHECK(daemon.request() == "{\"verb\":\"sync\",\"waitMs\":2500}\n");
  }
  {
    const OneShot daemon(scratch.path("b"), sync);
    CHECK(Ran({"sync", "--socket", scratch.path("b"), "-o", "yaml"}).out ==
          "generation: 4\nquarantined: 1\npodsNotReady: []\n");
  }
  {
    const OneShot daemon(scratch.path("c"), sync);
    const Ran ran({"sync", "--socket", scratch.path("c")});
    CHECK(ran.out_has("generation 4 is in force"));
    CHECK(ran.out_has("sockmeshctl status"));
  }
}

TEST_CASE("ctl: proxy-config shows istioctl's columns") {
  const Scratch scratch;
  OneShot daemon(
      scratch.path("s"),
      "{\"result\":[{\"serviceFqdn\":\"cart.shop.svc.cluster.local\",\"port\":80,\"subset\":\"v1\","
      "\"direction\":\"outbound\",\"type\":\"EDS\",\"destinationRule\":\"cart.shop\",\"name\":"
      "\"x\"}]}\n");
  const Ran ran({"pc", "cluster", "cart-1.shop", "--socket", scratch.path("s")});
  CHECK(ran.out ==
        "SERVICE FQDN                  PORT   SUBSET   DIRECTION   TYPE   DESTINATION RULE\n"
        "cart.shop.svc.cluster.local   80     v1       outbound    EDS    cart.shop\n");
  CHECK(daemon.request() ==
        "{\"verb\":\"proxy-config\",\"which\":\"clusters\",\"pod\":\"shop/cart-1\"}\n");
}

TEST_CASE("ctl: proxy-config routes shows where a split leads and what does not exist") {
  const Scratch scratch;
  const OneShot daemon(
      scratch.path("s"),
      "{\"result\":[{\"name\":\"80\",\"clusters\":[{\"cluster\":\"x|v1\",\"weight\":80,\"exists\":"
      "true},"
      "{\"cluster\":\"x|v2\",\"weight\":20,\"exists\":false}]},"
      "{\"name\":\"81\",\"clusters\":[{\"cluster\":\"y\",\"weight\":100,\"exists\":true}]}]}\n");
  const Ran ran({"pc", "routes", "--socket", scratch.path("s")});
  CHECK(ran.out_has("x|v1 80%,x|v2 20% (does not exist)\n"));
  CHECK(ran.out_has("   y\n"));
}

TEST_CASE("ctl: log-level sends the component and the level") {
  const Scratch scratch;
  OneShot daemon(scratch.path("s"), "{\"result\":{\"capture\":\"debug\"}}\n");
  CHECK(Ran({"log-level", "capture:debug", "--socket", scratch.path("s")}).out ==
        "capture: debug\n");
  CHECK(daemon.request() ==
        "{\"verb\":\"log-level\",\"component\":\"capture\",\"level\":\"debug\"}\n");
}

TEST_CASE(
    "ctl: explain asks the daemon with the line of a batch, and checks that all is answered") {
  const Scratch scratch;
  {
    OneShot daemon(scratch.path("a"), "{\"result\":[{\"verdict\":\"route\"}]}\n");
    const Ran ran({"explain", "--socket", scratch.path("a"), "--from", "ns/p", "GET", "http://b/",
                   "-o", "json"});
    CHECK(ran.code == 0);
    CHECK(ran.json()["verdict"] == "route");
    CHECK(daemon.request() ==
          "{\"verb\":\"explain\",\"requests\":[{\"from\":\"ns/"
          "p\",\"method\":\"GET\",\"url\":\"http://b/\"}]}\n");
  }
  {
    const OneShot daemon(scratch.path("b"), "{\"result\":[]}\n");
    CHECK(Ran({"explain", "--socket", scratch.path("b"), "--from", "ns/p", "GET", "http://b/"})
              .code == 1);
  }
  {
    const OneShot daemon(scratch.path("c"), "{\"result\":[{\"error\":\"no such pod\"}]}\n");
    const Ran ran({"explain", "--socket", scratch.path("c"), "--batch", "-"},
                  "{\"id\":\"x\",\"from\":\"a/b\"}\n");
    CHECK(ran.code == 1);
    CHECK(ran.out == "{\"id\":\"x\",\"error\":\"no such pod\"}\n");
  }
}

}  // namespace sm::ctl
