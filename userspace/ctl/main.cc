// SPDX-License-Identifier: Apache-2.0
// sockmeshctl: the process around ctl::run().
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "ctl/console.h"
#include "ctl/run.h"

namespace {

// Writes at once and whole; a reader that went away (`| head`) ends the process by SIGPIPE, as it
// ends every filter.
void write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t put = ::write(fd, text.data(), text.size());
    if (put < 0 && errno != EINTR) return;
    if (put > 0) text.remove_prefix(static_cast<std::size_t>(put));
  }
}

class ProcessConsole final : public sm::ctl::Console {
 public:
  void out(std::string_view text) override { write_all(STDOUT_FILENO, text); }
  void err(std::string_view text) override { write_all(STDERR_FILENO, text); }
  sm::Result<std::string> input() override {
    std::string all;
    std::array<char, 65536> part{};
    while (true) {
      const ssize_t got = ::read(STDIN_FILENO, part.data(), part.size());
      if (got == 0) return all;
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return sm::system_error("standard input cannot be read", errno);
      all.append(part.data(), static_cast<std::size_t>(got));
      if (all.size() > sm::kInputBytesMax) {
        return sm::Error{
            sm::ErrorCode::kLimit,
            "standard input is longer than " + std::to_string(sm::kInputBytesMax) + " bytes",
            "give it in parts"};
      }
    }
  }
};

}  // namespace

int main(int argc, char** argv) {
  ProcessConsole console;
  const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
  return sm::ctl::run(arguments, console);
}
