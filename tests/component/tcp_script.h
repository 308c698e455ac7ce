// SPDX-License-Identifier: Apache-2.0
// TcpScript: a random conversation over one connection that both ends know, byte for byte: how much
// each sends, in which pieces and how slowly each reads, and who ends it how.
#pragma once

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>
#include <string>

#include "base/rng.h"
#include "support/blocking_peer.h"

namespace sm::test {

// What a direction carries: byte `at` of stream `seed`, so that a shift, a loss or a mix shows.
inline char byte_of(std::uint64_t seed, std::size_t at) {
  std::uint64_t x = seed * 0x9e3779b97f4a7c15ULL + at / 8;
  x = (x ^ (x >> 31U)) * 0xbf58476d1ce4e5b9ULL;
  return static_cast<char>((x >> (8 * (at % 8))) & 0xffU);
}

inline std::string piece_of(std::uint64_t seed, std::size_t at, std::size_t size) {
  std::string piece(size, '\0');
  for (std::size_t i = 0; i < size; ++i) piece[i] = byte_of(seed, at + i);
  return piece;
}

// How a connection ends.
enum class Ending : std::uint8_t { kClientFirst, kServerFirst, kClientResets, kServerResets };

// One connection's script, known to both ends: the client sends it as the first bytes.
struct Script {
  std::uint64_t seed = 0;
  std::uint64_t up = 0;    // bytes from the client
  std::uint64_t down = 0;  // from the server
  Ending ending = Ending::kClientFirst;

  std::string wire() const {
    std::string out(sizeof *this, '\0');
    std::memcpy(out.data(), this, sizeof *this);
    return out;
  }
  static Script of(const std::string& wire) {
    Script script;
    std::memcpy(static_cast<void*>(&script), wire.data(), sizeof script);
    return script;
  }
  static Script draw(Rng& rng) {
    Script script;
    script.seed = rng.below(1U << 30U);
    script.ending = static_cast<Ending>(rng.below(4));
    // Most are small and of many writes; some are large enough to fill every queue on the way.
    const auto size = [&rng] {
      return rng.below(24) == 0 ? rng.below(2'000'000) : rng.below(6'000);
    };
    script.up = size();
    script.down = size();
    return script;
  }
};

// One end of a scripted connection: sends its stream and checks the other's, in random pieces,
// neither waiting for the other.
class End {
 public:
  End(int fd, std::uint64_t out_seed, std::size_t out, std::uint64_t in_seed,
      std::uint64_t rng_seed)
      : x_fd(fd), x_out_seed(out_seed), x_out(out), x_in_seed(in_seed), x_rng(rng_seed) {}

  // Until all is sent and `in` bytes have come (or the stream has ended). False: patience is at its
  // end.
  bool exchange(std::size_t in) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while ((x_sent < x_out || x_received < in) && !x_ended) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      pollfd ready{x_fd, 0, 0};
      if (x_received < in) ready.events |= POLLIN;
      if (x_sent < x_out) ready.events |= POLLOUT;
      ::poll(&ready, 1, 100);
      if ((ready.revents & POLLOUT) != 0) write_some();
      if ((ready.revents & (POLLIN | POLLERR | POLLHUP)) != 0) read_some();
    }
    return true;
  }
  // What comes after that, to the end.
  Peer::End drain() {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (!x_ended && std::chrono::steady_clock::now() < deadline) {
      pollfd ready{x_fd, POLLIN, 0};
      if (::poll(&ready, 1, 100) > 0) read_some();
    }
    return !x_ended ? Peer::End::kOpen : x_reset ? Peer::End::kReset : Peer::End::kEof;
  }
  bool right() const { return !x_wrong; }
  std::size_t received() const { return x_received; }
  unsigned operations() const { return x_operations; }

 private:
  std::size_t random_size() {
    return x_rng.below(16) == 0 ? 1 + x_rng.below(65536) : 1 + x_rng.below(300);
  }
  void write_some() {
    const std::string piece = piece_of(x_out_seed, x_sent, std::min(random_size(), x_out - x_sent));
    const ssize_t put = ::send(x_fd, piece.data(), piece.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (put > 0) x_sent += static_cast<std::size_t>(put);
    // The first call after a reset takes its error, whichever it is.
    if (put < 0 && errno != EAGAIN) x_ended = x_reset = true;
    ++x_operations;
  }
  void read_some() {
    // A slow reader: sometimes it does not come although there is something.
    if (x_rng.below(4) == 0) return;
    std::string buffer(random_size(), '\0');
    const ssize_t got = ::recv(x_fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
    ++x_operations;
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
      x_ended = true;
      x_reset = x_reset || got < 0;
      return;
    }
    for (std::size_t i = 0; i < static_cast<std::size_t>(got); ++i)
      x_wrong = x_wrong || buffer[i] != byte_of(x_in_seed, x_received + i);
    x_received += static_cast<std::size_t>(got);
  }

  int x_fd;
  std::uint64_t x_out_seed;
  std::size_t x_out;
  std::uint64_t x_in_seed;
  Rng x_rng;
  std::size_t x_sent = 0;
  std::size_t x_received = 0;
  unsigned x_operations = 0;
  bool x_ended = false;
  bool x_reset = false;
  bool x_wrong = false;
};

// What the server saw, by the script's seed.
class Verdicts {
 public:
  void put(std::uint64_t seed, std::string verdict) {
    const std::lock_guard lock(x_lock);
    x_all.emplace_back(seed, std::move(verdict));
    x_changed.notify_all();
  }
  std::string take(std::uint64_t seed) {
    std::unique_lock lock(x_lock);
    const auto mine = [&] {
      return std::find_if(x_all.begin(), x_all.end(),
                          [&](const auto& one) { return one.first == seed; });
    };
    x_changed.wait_for(lock, kPatience, [&] { return mine() != x_all.end(); });
    const auto found = mine();
    if (found == x_all.end()) return "nothing from the server";
    std::string verdict = found->second;
    x_all.erase(found);
    return verdict;
  }

 private:
  std::mutex x_lock;
  std::condition_variable x_changed;
  std::deque<std::pair<std::uint64_t, std::string>> x_all;
};

// The server's half of a script; what was wrong with it.
inline std::string play_server(Peer& peer, const Script& script) {
  End end(peer.fd(), script.seed + 1, script.down, script.seed, script.seed * 3);
  // Up to where the script lets it: the one that resets does so half way.
  const bool early =
      script.ending == Ending::kServerResets || script.ending == Ending::kClientResets;
  if (!end.exchange(early ? script.up / 2 : script.up)) return "stalled";
  std::string bad = end.right() ? "" : "wrong bytes";
  switch (script.ending) {
    case Ending::kServerResets:
      peer.reset();
      return bad;
    case Ending::kClientResets:
      if (end.drain() != Peer::End::kReset) bad += " no reset";
      return end.right() ? bad : "wrong bytes before the reset";
    case Ending::kServerFirst:
      peer.half_close();
      [[fallthrough]];
    case Ending::kClientFirst:
      if (end.drain() != Peer::End::kEof) bad += " no end of stream";
      if (end.received() != script.up) bad += " bytes are missing or too many";
      peer.half_close();
      return bad;
  }
  return bad;
}

inline std::string play_client(Peer& peer, const Script& script, unsigned& operations) {
  peer.send(script.wire());
  End end(peer.fd(), script.seed, script.up, script.seed + 1, script.seed * 5);
  const bool early =
      script.ending == Ending::kServerResets || script.ending == Ending::kClientResets;
  if (!end.exchange(early ? script.down / 2 : script.down)) return "stalled";
  operations += end.operations();
  std::string bad = end.right() ? "" : "wrong bytes";
  switch (script.ending) {
    case Ending::kClientResets:
      peer.reset();
      return bad;
    case Ending::kServerResets:
      if (end.drain() != Peer::End::kReset) bad += " no reset";
      return end.right() ? bad : "wrong bytes before the reset";
    case Ending::kClientFirst:
      peer.half_close();
      [[fallthrough]];
    case Ending::kServerFirst:
      if (end.drain() != Peer::End::kEof) bad += " no end of stream";
      if (end.received() != script.down) bad += " bytes are missing or too many";
      peer.half_close();
      return bad;
  }
  return bad;
}

}  // namespace sm::test
