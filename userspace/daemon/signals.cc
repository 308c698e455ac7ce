// SPDX-License-Identifier: Apache-2.0
#include "daemon/signals.h"

#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace sm::daemon {

namespace {
sigset_t our_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGUSR1}) sigaddset(&set, number);
  return set;
}
}  // namespace

void block_signals() {
  const sigset_t set = our_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;  // NOLINT: a macro with an old-style cast in libc
  sigaction(SIGPIPE, &ignore, nullptr);
}

Result<UniqueFd> Signals::open() {
  const sigset_t set = our_signals();
  UniqueFd fd(::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
  if (!fd.valid()) return system_error("cannot open a signal descriptor", errno);
  return fd;
}

Signals::Signals(io::Loop& loop, UniqueFd fd, SignalEvents& events)
    : x_events(events), x_fd(std::move(fd)), x_watch(loop, x_fd.get(), *this) {
  x_watch.want(true, false);
}

void Signals::on_ready(bool /*readable*/, bool /*writable*/) {
  signalfd_siginfo info{};
  while (::read(x_fd.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
    if (info.ssi_signo == static_cast<std::uint32_t>(SIGTERM) ||
        info.ssi_signo == static_cast<std::uint32_t>(SIGINT)) {
      x_events.on_terminate();
    } else {
      x_events.on_reopen_log();
    }
  }
}

}  // namespace sm::daemon
