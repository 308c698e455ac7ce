// SPDX-License-Identifier: Apache-2.0
#include "base/ip.h"

#include <arpa/inet.h>

#include <charconv>
#include <cstring>

#include "base/assert.h"

namespace sm {

namespace {
constexpr std::array<std::uint8_t, 12> kMappedPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

std::optional<unsigned> parse_number(std::string_view text, unsigned most) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value > most) return std::nullopt;
  return value;
}
}  // namespace

IpAddress IpAddress::from_v4_be(std::uint32_t address_be) {
  IpAddress ip;
  std::memcpy(ip.x_bytes.data() + 12, &address_be, 4);
  return ip;
}

IpAddress IpAddress::from_v6(const std::uint8_t* bytes) {
  IpAddress ip;
  std::memcpy(ip.x_bytes.data(), bytes, 16);
  ip.x_v4 = std::memcmp(bytes, kMappedPrefix.data(), kMappedPrefix.size()) == 0;
  return ip;
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  char buffer[INET6_ADDRSTRLEN];
  if (text.empty() || text.size() >= sizeof buffer) return std::nullopt;
  text.copy(buffer, text.size());
  buffer[text.size()] = '\0';
  in_addr v4{};
  if (inet_pton(AF_INET, buffer, &v4) == 1) return from_v4_be(v4.s_addr);
  std::uint8_t v6[16];
  if (inet_pton(AF_INET6, buffer, v6) == 1) return from_v6(v6);
  return std::nullopt;
}

std::uint32_t IpAddress::v4_be() const {
  SM_ASSERT(x_v4);
  std::uint32_t value = 0;
  std::memcpy(&value, x_bytes.data() + 12, 4);
  return value;
}

bool IpAddress::is_loopback() const {
  if (x_v4) return x_bytes[12] == 127;
  static constexpr std::array<std::uint8_t, 16> kLoopback = {0, 0, 0, 0, 0, 0, 0, 0,
                                                             0, 0, 0, 0, 0, 0, 0, 1};
  return x_bytes == kLoopback;
}

bool IpAddress::is_unspecified() const {
  return x_v4 ? v4_be() == 0 : x_bytes == std::array<std::uint8_t, 16>{};
}

std::string IpAddress::to_string() const {
  char buffer[INET6_ADDRSTRLEN];
  const void* from = x_v4 ? x_bytes.data() + 12 : x_bytes.data();
  return inet_ntop(family(), from, buffer, sizeof buffer) ? buffer : std::string();
}

SocketAddress SocketAddress::from_sockaddr(const sockaddr* address) {
  if (address->sa_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, address, sizeof in);
    return {IpAddress::from_v4_be(in.sin_addr.s_addr), ntohs(in.sin_port)};
  }
  if (address->sa_family == AF_INET6) {
    sockaddr_in6 in6{};
    std::memcpy(&in6, address, sizeof in6);
    return {IpAddress::from_v6(in6.sin6_addr.s6_addr), ntohs(in6.sin6_port)};
  }
  return {};
}

socklen_t SocketAddress::to_sockaddr(sockaddr_storage& out) const {
  out = {};
  if (ip.is_v4()) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = htons(port);
    in.sin_addr.s_addr = ip.v4_be();
    std::memcpy(&out, &in, sizeof in);
    return sizeof in;
  }
  sockaddr_in6 in6{};
  in6.sin6_family = AF_INET6;
  in6.sin6_port = htons(port);
  std::memcpy(in6.sin6_addr.s6_addr, ip.v6_bytes().data(), 16);
  std::memcpy(&out, &in6, sizeof in6);
  return sizeof in6;
}

std::string SocketAddress::to_string() const {
  const std::string host = ip.to_string();
  return (ip.is_v4() ? host : "[" + host + "]") + ":" + std::to_string(port);
}

std::optional<SocketAddress> SocketAddress::parse(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return std::nullopt;
  }
  const auto ip = IpAddress::parse(host);
  const auto port = parse_number(text.substr(colon + 1), 65535);
  if (!ip || !port) return std::nullopt;
  return SocketAddress{*ip, static_cast<std::uint16_t>(*port)};
}

std::optional<Cidr> Cidr::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto base = IpAddress::parse(text.substr(0, slash));
  if (!base) return std::nullopt;
  const unsigned most = base->is_v4() ? 32 : 128;
  if (slash == std::string_view::npos) return Cidr{*base, most};
  const auto length = parse_number(text.substr(slash + 1), most);
  if (!length) return std::nullopt;
  return Cidr{*base, *length};
}

bool Cidr::contains(const IpAddress& ip) const {
  if (ip.is_v4() != base.is_v4()) return false;
  const unsigned bits = prefix_length + (base.is_v4() ? 96U : 0U);
  const unsigned whole = bits / 8;
  if (std::memcmp(ip.v6_bytes().data(), base.v6_bytes().data(), whole) != 0) return false;
  if (bits % 8 == 0) return true;
  const unsigned mask = 0xff00U >> (bits % 8);
  return ((ip.v6_bytes()[whole] ^ base.v6_bytes()[whole]) & mask & 0xffU) == 0;
}

std::size_t IpHash::operator()(const IpAddress& ip) const noexcept {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  std::memcpy(&high, ip.v6_bytes().data(), 8);
  std::memcpy(&low, ip.v6_bytes().data() + 8, 8);
  std::uint64_t mixed = (high ^ 0x9e3779b97f4a7c15ULL) * 0xbf58476d1ce4e5b9ULL + low;
  mixed ^= mixed >> 31;
  return mixed * 0x94d049bb133111ebULL;
}

std::size_t SocketAddressHash::operator()(const SocketAddress& address) const noexcept {
  return (IpHash{}(address.ip) ^ address.port) * 0x9e3779b97f4a7c15ULL;
}

}  // namespace sm
