// SPDX-License-Identifier: Apache-2.0
// The codes of Istio's analysers that are given here. Constants.
#pragma once

#include <string_view>

namespace sm::analysis::code {

inline constexpr std::string_view kDangling = "IST0101";  // something referred to is not there
inline constexpr std::string_view kHostTwice = "IST0109";
inline constexpr std::string_view kSidecarsOfOnePod = "IST0110";
inline constexpr std::string_view kSidecarsOfOneNamespace = "IST0111";
inline constexpr std::string_view kPortNeeded = "IST0112";
inline constexpr std::string_view kPortName = "IST0118";
inline constexpr std::string_view kNoWorkload = "IST0127";
inline constexpr std::string_view kUnverifiedServer = "IST0128";
inline constexpr std::string_view kUnverifiedServerAtPort = "IST0129";
inline constexpr std::string_view kHostNotOnGateway = "IST0132";
inline constexpr std::string_view kAddressesNeeded = "IST0134";
inline constexpr std::string_view kCertificateTwice = "IST0138";
inline constexpr std::string_view kSubsetOfMeshOnly = "IST0140";
inline constexpr std::string_view kGatewaysConflict = "IST0145";
inline constexpr std::string_view kClaimsWithoutAuthentication = "IST0149";
inline constexpr std::string_view kExternalNamePort = "IST0150";
inline constexpr std::string_view kRelativePatch = "IST0151";
inline constexpr std::string_view kReplaceHasNoEffect = "IST0152";
inline constexpr std::string_view kAddHasNoEffect = "IST0153";
inline constexpr std::string_view kRemoveHasNoEffect = "IST0154";
inline constexpr std::string_view kRelativePatchOfVersion = "IST0155";
inline constexpr std::string_view kTelemetryWithoutProvider = "IST0157";
inline constexpr std::string_view kTelemetriesOfOnePod = "IST0159";
inline constexpr std::string_view kTelemetriesOfOneNamespace = "IST0160";
inline constexpr std::string_view kBadCredential = "IST0161";
inline constexpr std::string_view kPortNotServed = "IST0162";
inline constexpr std::string_view kInternalGateway = "IST0165";
inline constexpr std::string_view kSubsetWithoutPod = "IST0173";
inline constexpr std::string_view kUnknownRuleHost = "IST0174";
inline constexpr std::string_view kServiceEntriesConflict = "IST0177";

}  // namespace sm::analysis::code
