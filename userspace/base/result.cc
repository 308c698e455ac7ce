// SPDX-License-Identifier: Apache-2.0
#include "base/result.h"

#include <cerrno>
#include <cstring>

namespace sm {

namespace {
ErrorCode code_of(int error_number) {
  switch (error_number) {
    case ENOENT:
    case ENOLINK:
      return ErrorCode::kNotFound;
    case EACCES:
    case EPERM:
      return ErrorCode::kDenied;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case ENOBUFS:
    case ENOSPC:
    case E2BIG:
      return ErrorCode::kLimit;
    case EAGAIN:
    case ECONNREFUSED:
    case ENETUNREACH:
    case EHOSTUNREACH:
      return ErrorCode::kUnavailable;
    case ETIMEDOUT:
      return ErrorCode::kTimeout;
    case ENOSYS:
    case EOPNOTSUPP:
      return ErrorCode::kUnsupported;
    case EINVAL:
      return ErrorCode::kInvalid;
    default:
      return ErrorCode::kSystem;
  }
}
}  // namespace

Error system_error(std::string what, int error_number) {
  char buffer[128];
  // The GNU strerror_r: thread-safe, and may return a static string instead of the buffer.
  const char* said = strerror_r(error_number, buffer, sizeof buffer);
  return Error{code_of(error_number), std::move(what) + ": " + said, {}};
}

}  // namespace sm
