// SPDX-License-Identifier: Apache-2.0
#include "telemetry/response_flags.h"

#include <doctest/doctest.h>

#include <set>

namespace sm::telemetry {

TEST_CASE("telemetry: flags read in the order in which they were set, once each") {
  ResponseFlags flags;
  CHECK(flags.empty());
  CHECK(flags.to_string() == "-");
  flags.set(Flag::kRetriesExhausted);
  flags.set(Flag::kUpstreamConnectionFailure);
  flags.set(Flag::kRetriesExhausted);
  CHECK(flags.to_string() == "URX,UF");
  CHECK(flags.has(Flag::kUpstreamConnectionFailure));
  CHECK_FALSE(flags.has(Flag::kNoRoute));
  CHECK_FALSE(flags.empty());
}

TEST_CASE("telemetry: a fifth flag changes nothing") {
  ResponseFlags flags;
  for (const Flag flag :
       {Flag::kNoRoute, Flag::kNoCluster, Flag::kLocalReset, Flag::kUpstreamReset, Flag::kDuration})
    flags.set(flag);
  CHECK(flags.to_string() == "NR,NC,LR,UR");
}

TEST_CASE("telemetry: every flag has Envoy's name, and no two the same") {
  const std::pair<Flag, std::string_view> rows[] = {{Flag::kNoHealthyUpstream, "UH"},
                                                    {Flag::kUpstreamRequestTimeout, "UT"},
                                                    {Flag::kUpstreamTerminated, "UC"},
                                                    {Flag::kUpstreamOverflow, "UO"},
                                                    {Flag::kNoRoute, "NR"},
                                                    {Flag::kNoCluster, "NC"},
                                                    {Flag::kDownstreamProtocolError, "DPE"},
                                                    {Flag::kUpstreamProtocolError, "UPE"},
                                                    {Flag::kDownstreamTerminated, "DC"},
                                                    {Flag::kDelayInjected, "DI"},
                                                    {Flag::kExternalAuthorization, "UAEX"},
                                                    {Flag::kUpstreamDuration, "UMSDR"},
                                                    {Flag::kDownstreamReset, "DR"}};
  for (const auto& row : rows) CHECK(short_name(row.first) == row.second);
  std::set<std::string_view> names;
  for (unsigned i = 0; i < static_cast<unsigned>(Flag::kCount); ++i)
    names.insert(short_name(static_cast<Flag>(i)));
  CHECK(names.size() == static_cast<std::size_t>(Flag::kCount));
}

}  // namespace sm::telemetry
