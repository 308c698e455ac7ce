// SPDX-License-Identifier: Apache-2.0
// Buffer: bytes in order, appended at the tail, consumed from the head, in one contiguous block.
// Owned by one connection, used on that connection's thread. Views into it are valid until the next
// call that is not const.
//
// Memory is given back when the buffer becomes empty and holds more than kBufferKeepBytes, so an
// idle connection costs little.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace sm {

class Buffer {
 public:
  Buffer() = default;
  Buffer(Buffer&&) noexcept;
  Buffer& operator=(Buffer&&) noexcept;

  std::size_t size() const { return x_end - x_begin; }
  bool empty() const { return x_begin == x_end; }
  // The memory that it takes, whatever is in it.
  std::size_t capacity() const { return x_capacity; }
  std::span<const std::uint8_t> bytes() const { return {x_block.get() + x_begin, size()}; }
  std::string_view view() const {
    return {reinterpret_cast<const char*>(x_block.get()) + x_begin,
            size()};  // NOLINT: bytes as text
  }

  // Room for at least `least` more bytes at the tail; write there, then commit what was written.
  std::span<std::uint8_t> prepare(std::size_t least);
  void commit(std::size_t written);

  void append(std::span<const std::uint8_t> data);
  void append(std::string_view text);
  void append(char c) { append(std::string_view(&c, 1)); }
  // Drops `count` bytes at the head. Requires: count <= size().
  void consume(std::size_t count);
  void clear();
  // Frees the block when the buffer is empty (an idle connection keeps none).
  void release_if_empty();

 private:
  std::unique_ptr<std::uint8_t[]>
      x_block;  // NOLINT(modernize-avoid-c-arrays): a raw block, left uninitialised
  std::size_t x_capacity = 0;
  std::size_t x_begin = 0;
  std::size_t x_end = 0;
};

}  // namespace sm
