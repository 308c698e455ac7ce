// SPDX-License-Identifier: Apache-2.0
// Addresses as values: an IP address, an IP address with a port, a prefix. An IPv4 address and its
// v4-mapped IPv6 spelling are one value, kept as IPv4, because both name the same host.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sm {

class IpAddress {
 public:
  IpAddress() = default;  // 0.0.0.0
  // Network byte order, as in sockaddr_in and in the BPF maps.
  static IpAddress from_v4_be(std::uint32_t address_be);
  // 16 bytes; a v4-mapped address becomes IPv4.
  static IpAddress from_v6(const std::uint8_t* bytes);
  // "10.0.0.1", "fd00::1", "::ffff:10.0.0.1"; no brackets, no zone. nullopt when it is not an
  // address.
  static std::optional<IpAddress> parse(std::string_view text);

  bool is_v4() const { return x_v4; }
  std::uint32_t v4_be() const;  // Requires: is_v4().
  // The 16 bytes of the IPv6 form; for IPv4 the v4-mapped form.
  const std::array<std::uint8_t, 16>& v6_bytes() const { return x_bytes; }
  int family() const { return x_v4 ? AF_INET : AF_INET6; }
  bool is_loopback() const;     // 127.0.0.0/8, ::1
  bool is_unspecified() const;  // 0.0.0.0, ::
  std::string to_string() const;

  auto operator<=>(const IpAddress&) const = default;

 private:
  // v4-mapped bytes for IPv4, so that comparison and hashing need no case distinction.
  std::array<std::uint8_t, 16> x_bytes = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0};
  bool x_v4 = true;
};

struct SocketAddress {
  IpAddress ip;
  std::uint16_t port = 0;  // host byte order

  static SocketAddress from_sockaddr(const sockaddr* address);
  // Fills `out`, returns the length to give to bind/connect. With `as_v6` an IPv4 address is
  // written v4-mapped.
  socklen_t to_sockaddr(sockaddr_storage& out) const;
  // "10.0.0.1:80", "[fd00::1]:80"
  std::string to_string() const;
  static std::optional<SocketAddress> parse(std::string_view text);

  auto operator<=>(const SocketAddress&) const = default;
};

struct Cidr {
  IpAddress base;
  unsigned prefix_length = 0;  // of the address's own family: 0-32 or 0-128

  // "10.0.0.0/8", "fd00::/8", or a bare address (whole length). nullopt when it is neither.
  static std::optional<Cidr> parse(std::string_view text);
  bool contains(const IpAddress& ip) const;

  auto operator<=>(const Cidr&) const = default;
};

struct IpHash {
  std::size_t operator()(const IpAddress& ip) const noexcept;
};
struct SocketAddressHash {
  std::size_t operator()(const SocketAddress& address) const noexcept;
};

}  // namespace sm
