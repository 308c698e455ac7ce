// SPDX-License-Identifier: Apache-2.0
// The decisions of the kernel side: for any socket, pod, node and ends they are what the plain
// model says, and a captured connection's place is in the capture range and always the same.
#include "../../bpf/lib/decide.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include "fuzz/require.h"
#include "support/capture_model.h"

namespace sm::test {
namespace {

using fuzz::require;

// Takes values off the input; what is not there is zero.
class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : x_data(data), x_size(size) {}

  template <class Number>
  Number number() {
    Number value{};
    const std::size_t taken = std::min(sizeof value, x_size);
    std::memcpy(&value, x_data, taken);
    x_data += taken;
    x_size -= taken;
    return value;
  }
  // One byte picks an address near one that matters; 0: any sixteen bytes.
  IpAddress address() {
    static constexpr std::array<const char*, 15> kNear = {
        "127.0.0.1", "127.169.254.1", "0.0.0.0", "10.0.0.1", "10.0.0.2", "::1",
        "::",        "fd00::1",       "fd00::2", "fe80::1",  "febf::1",  "fec0::1",
        "::2",       "128.0.0.1",     "1::1"};
    const auto pick = number<std::uint8_t>();
    if (pick != 0) {
      std::array<std::uint8_t, 16> bytes = IpAddress::parse(kNear[pick % kNear.size()])->v6_bytes();
      bytes[15] = static_cast<std::uint8_t>(bytes[15] + pick / kNear.size() % 4);
      return IpAddress::from_v6(bytes.data());
    }
    return IpAddress::from_v6(number<std::array<std::uint8_t, 16>>().data());
  }
  // Often in or beside the capture range.
  std::uint16_t port() {
    const auto any = number<std::uint16_t>();
    return any % 2 == 0 ? any : static_cast<std::uint16_t>(14999 + any % 260);
  }

 private:
  const std::uint8_t* x_data;
  std::size_t x_size;
};

sm_addr words(const IpAddress& ip) {
  sm_addr address{};
  std::memcpy(address.word_be, ip.v6_bytes().data(), sizeof address.word_be);
  return address;
}

sm_pod pod_from(Input& input, ModelPod& model) {
  sm_pod pod{};
  pod.state = model.state = input.number<std::uint8_t>() % 4;
  pod.flags = input.number<std::uint8_t>();
  model.ipv6 = (pod.flags & SM_POD_IPV6) != 0;
  pod.ip_count = input.number<std::uint8_t>() % (SM_POD_IPS_MAX + 2);
  for (unsigned i = 0; i < SM_POD_IPS_MAX; ++i) {
    const IpAddress ip = input.address();
    pod.ip[i] = words(ip);
    if (i < pod.ip_count) model.ips.push_back(ip);
  }
  return pod;
}

void check_addresses(const IpAddress& ip, std::uint16_t port, std::uint32_t seed) {
  const sm_addr a = words(ip);
  require((sm_addr_is_local(&a) != 0) == local_to_host(ip), "local to the host");
  require((sm_addr_is_v4(&a) != 0) == ip.is_v4(), "the family");
  require((sm_addr_is_link_local6(&a) != 0) == link_local(ip), "link-local");
  const sm_capture to = sm_capture_of(&a, port, seed);
  const sm_capture again = sm_capture_of(&a, port, seed);
  require(sm_addr_equal(&to.ip, &again.ip) && to.port == again.port, "one place for one end");
  require(sm_addr_is_capture(&to.ip, to.port), "the place is in the capture range");
  require(sm_addr_is_v4(&to.ip) == sm_addr_is_v4(&a), "the place has the family of the end");
  require(sm_addr_is_local(&to.ip), "the place is on this host");
}

void check(Input input) {
  ModelPod model;
  const sm_pod pod = pod_from(input, model);
  sm_node node{};
  node.unknown = input.number<std::uint8_t>() % 4;
  const auto some = input.number<std::uint8_t>();
  const unsigned kind = input.number<std::uint8_t>() % 6;
  const SocketAddress one{input.address(), input.port()};
  const SocketAddress other{input.address(), input.port()};
  const sm_addr a = words(one.ip);
  const sm_addr b = words(other.ip);
  require(sm_decide_connect(kind, &b, some % 2 != 0 ? &pod : nullptr,
                            some % 8 != 0 ? &node : nullptr) ==
              model_connect(kind, other.ip, some % 2 != 0 ? &model : nullptr,
                            some % 8 != 0 ? std::optional<unsigned>(node.unknown) : std::nullopt),
          "a connect is what the model says");
  const unsigned protocol = some % 16 == 0 ? 17 : 6;
  require(sm_decide_arrive(protocol, &a, &b, other.port, pod.ip, pod.ip_count) ==
              model_arrive(protocol, one.ip, other, model.ips),
          "an arrival is what the model says");
  const bool taken = some % 2 != 0;
  require((sm_is_unmeshed(&a, &b, &pod, taken) != 0) ==
              (taken && pod.state == SM_POD_ENROLLED && !local_to_host(other.ip) &&
               one.ip != other.ip && !contains(model.ips, other.ip)),
          "unmeshed is what the model says");
  check_addresses(one.ip, one.port, input.number<std::uint32_t>());
}

}  // namespace
}  // namespace sm::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  sm::test::check(sm::test::Input(data, size));
  return 0;
}
