// SPDX-License-Identifier: Apache-2.0
// What CORS and fault injection of an HTTP route have to keep to.
#include <fmt/format.h>

#include <algorithm>

#include "config/istio_names.h"
#include "config/judge.h"
#include "config/scalars.h"
#include "config/validate.h"

namespace sm::config {
namespace {

constexpr std::string_view kMethods[] = {"GET",    "HEAD",    "POST",    "PUT",   "PATCH",
                                         "DELETE", "CONNECT", "OPTIONS", "TRACE", "*"};
constexpr std::string_view kGrpcStatuses[] = {"OK",
                                              "CANCELLED",
                                              "UNKNOWN",
                                              "INVALID_ARGUMENT",
                                              "DEADLINE_EXCEEDED",
                                              "NOT_FOUND",
                                              "ALREADY_EXISTS",
                                              "PERMISSION_DENIED",
                                              "RESOURCE_EXHAUSTED",
                                              "UNAUTHENTICATED",
                                              "OUT_OF_RANGE",
                                              "UNIMPLEMENTED",
                                              "INTERNAL",
                                              "UNAVAILABLE",
                                              "DATA_LOSS",
                                              "ABORTED",
                                              "FAILED_PRECONDITION"};

template <std::size_t kSize>
bool is_one_of(const std::string_view (&words)[kSize], std::string_view text) {
  return std::find(std::begin(words), std::end(words), text) != std::end(words);
}

void validate_share(const View& owner, Reporter& report) {
  const auto percent = owner.child("percentage");
  if (!percent) return;
  const double value = percent->number("value").value_or(0.0);
  if (value == 0.0 || (value >= 0.0001 && value <= 100.0)) return;
  Judge(*percent, report)
      .refuse("value", fmt::format("{} is no percentage", value),
              "write 0, or a number from 0.0001 to 100");
}

void validate_abort(const View& abort, Reporter& report) {
  const Judge judge(abort, report);
  validate_share(abort, report);
  if (abort.has("http2Error")) {
    judge.refuse("http2Error", "aborts by an HTTP/2 error do not exist yet", "write httpStatus");
  } else if (abort.has("grpcStatus")) {
    const std::string status = abort.text("grpcStatus");
    if (is_one_of(kGrpcStatuses, status)) return;
    judge.refuse("grpcStatus", fmt::format("\"{}\" is no gRPC status", status),
                 "write its name, as NOT_FOUND");
  } else if (abort.has("httpStatus")) {
    const std::int64_t status = abort.integer("httpStatus").value_or(0);
    if (status >= 200 && status <= 600) return;  // 600 too, as the webhook has it
    judge.refuse("httpStatus", fmt::format("{} is no status", status),
                 "write a status from 200 to 599");
  } else {
    judge.warn("httpStatus", "an abort without a status does nothing", "write httpStatus");
  }
}

void validate_delay(const View& delay, Reporter& report) {
  validate_share(delay, report);
  if (delay.has("exponentialDelay")) {
    Judge(delay, report)
        .refuse("exponentialDelay", "exponential delays do not exist yet", "write fixedDelay");
  }
}

}  // namespace

void validate_cors(const View& cors, Reporter& report) {
  const Judge judge(cors, report);
  for (const View& origin : cors.list("allowOrigins")) {
    if ((origin.text("exact") + origin.text("prefix") + origin.text("regex")).empty()) {
      Judge(origin, report)
          .refuse_all("an origin needs exact, prefix or regex", "write exact: \"*\" for all");
    } else if (origin.has("regex")) {
      validate_string_match(origin, true, report);
    }
  }
  for (const auto& [method, mark] : cors.marked_texts("allowMethods")) {
    if (is_one_of(kMethods, method)) continue;
    judge.refuse("allowMethods", mark, fmt::format("\"{}\" is no method", method),
                 "write methods in upper case, as GET");
  }
  for (const std::string_view field : {"allowHeaders", "exposeHeaders"}) {
    for (const auto& [name, mark] : cors.marked_texts(field)) {
      if (is_header_name(name)) continue;  // "*" is a token too
      judge.refuse(field, mark, fmt::format("\"{}\" is no header name", name),
                   "write the header's name, or \"*\"");
    }
  }
  const auto age = parse_duration(cors.text("maxAge"));
  if (age && *age % std::chrono::seconds{1} != std::chrono::nanoseconds{0}) {
    judge.refuse("maxAge", "maxAge has no parts of a second", "write whole seconds");
  }
}

void validate_fault(const View& fault, Reporter& report) {
  if (!fault.has("delay") && !fault.has("abort")) {
    Judge(fault, report)
        .refuse_all("a fault needs a delay or an abort", "write delay, abort or both");
  }
  if (const auto abort = fault.child("abort")) validate_abort(*abort, report);
  if (const auto delay = fault.child("delay")) validate_delay(*delay, report);
}

}  // namespace sm::config
