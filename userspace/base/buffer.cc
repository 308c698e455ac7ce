// SPDX-License-Identifier: Apache-2.0
#include "base/buffer.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/assert.h"
#include "base/limits.h"

namespace sm {

Buffer::Buffer(Buffer&& other) noexcept
    : x_block(std::move(other.x_block)),
      x_capacity(std::exchange(other.x_capacity, 0)),
      x_begin(std::exchange(other.x_begin, 0)),
      x_end(std::exchange(other.x_end, 0)) {}

Buffer& Buffer::operator=(Buffer&& other) noexcept {
  x_block = std::move(other.x_block);
  x_capacity = std::exchange(other.x_capacity, 0);
  x_begin = std::exchange(other.x_begin, 0);
  x_end = std::exchange(other.x_end, 0);
  return *this;
}

std::span<std::uint8_t> Buffer::prepare(std::size_t least) {
  if (x_capacity - x_end >= least) return {x_block.get() + x_end, x_capacity - x_end};
  const std::size_t held = size();
  if (x_capacity - held >= least && held <= x_capacity / 2) {
    std::memmove(x_block.get(), x_block.get() + x_begin, held);
  } else {
    const std::size_t wanted = std::max({x_capacity * 2, held + least, kBufferMinBytes});
    auto block =
        std::make_unique_for_overwrite<std::uint8_t[]>(wanted);  // NOLINT(modernize-avoid-c-arrays)
    if (held > 0) std::memcpy(block.get(), x_block.get() + x_begin, held);
    x_block = std::move(block);
    x_capacity = wanted;
  }
  x_begin = 0;
  x_end = held;
  return {x_block.get() + x_end, x_capacity - x_end};
}

void Buffer::commit(std::size_t written) {
  SM_ASSERT(written <= x_capacity - x_end);
  x_end += written;
}

void Buffer::append(std::span<const std::uint8_t> data) {
  if (data.empty()) return;
  std::memcpy(prepare(data.size()).data(), data.data(), data.size());
  x_end += data.size();
}

void Buffer::append(std::string_view text) {
  append(std::span(reinterpret_cast<const std::uint8_t*>(text.data()),
                   text.size()));  // NOLINT: text as bytes
}

void Buffer::consume(std::size_t count) {
  SM_ASSERT(count <= size());
  x_begin += count;
  if (x_begin == x_end) clear();
}

void Buffer::clear() {
  x_begin = x_end = 0;
  if (x_capacity > kBufferKeepBytes) {
    x_block.reset();
    x_capacity = 0;
  }
}

void Buffer::release_if_empty() {
  if (!empty()) return;
  x_block.reset();
  x_capacity = x_begin = x_end = 0;
}

}  // namespace sm
