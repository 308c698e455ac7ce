// SPDX-License-Identifier: Apache-2.0
// Errors are values. A function that can fail returns Result<T>: either a T or an Error that says
// what happened, where, and what to do about it. Nothing of ours throws; third-party exceptions end
// in the one file that calls that library.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "base/assert.h"

namespace sm {

enum class ErrorCode : unsigned char {
  kInvalid,      // the input is wrong; trying again is useless
  kNotFound,     // the thing named does not exist (yet)
  kDenied,       // the kernel or a policy refuses
  kUnavailable,  // the peer or the kernel cannot now; trying again may help
  kLimit,        // a named limit was reached
  kTimeout,      // a named time limit ran out
  kUnsupported,  // this kernel, host or version cannot do it
  kSystem,       // a system call failed for another reason
};

// What went wrong, for a person: `text` is one sentence without a final period, `remedy` (may be
// empty) says what to do.
struct Error {
  ErrorCode code = ErrorCode::kSystem;
  std::string text;
  std::string remedy;

  // "text; remedy" for logs and for the CLI.
  std::string describe() const { return remedy.empty() ? text : text + "; " + remedy; }
};

// "what: strerror(number)" with a code derived from the errno.
Error system_error(std::string what, int error_number);

template <class T = void>
class [[nodiscard]] Result {
 public:
  Result(T value)
      : x_state(std::in_place_index<0>, std::move(value)) {}  // NOLINT(google-explicit-constructor)
  Result(Error error)
      : x_state(std::in_place_index<1>, std::move(error)) {}  // NOLINT(google-explicit-constructor)

  explicit operator bool() const { return x_state.index() == 0; }
  bool ok() const { return x_state.index() == 0; }
  // Requires: ok().
  T& value() & { return *check(); }
  const T& value() const& {
    SM_ASSERT(ok());
    return std::get<0>(x_state);
  }
  T&& value() && { return std::move(*check()); }
  T& operator*() & { return *check(); }
  const T& operator*() const& { return value(); }
  T* operator->() { return check(); }
  const T* operator->() const { return &value(); }
  // Requires: !ok().
  const Error& error() const& {
    SM_ASSERT(!ok());
    return std::get<1>(x_state);
  }
  Error&& error() && {
    SM_ASSERT(!ok());
    return std::move(std::get<1>(x_state));
  }

 private:
  T* check() {
    SM_ASSERT(ok());
    return &std::get<0>(x_state);
  }
  std::variant<T, Error> x_state;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : x_error(std::move(error)) {}  // NOLINT(google-explicit-constructor)
  explicit operator bool() const { return !x_error; }
  bool ok() const { return !x_error; }
  const Error& error() const& {
    SM_ASSERT(x_error);
    return *x_error;
  }
  Error&& error() && {
    SM_ASSERT(x_error);
    return std::move(*x_error);
  }

 private:
  std::optional<Error> x_error;
};

}  // namespace sm

#define SM_CONCAT_INNER(a, b) a##b
#define SM_CONCAT(a, b) SM_CONCAT_INNER(a, b)
// Returns the error of `expression` to the caller, or goes on.
#define SM_TRY(expression)                                            \
  do {                                                                \
    auto sm_try_result = (expression);                                \
    if (!sm_try_result.ok()) return std::move(sm_try_result).error(); \
  } while (false)
// `declaration` = the value of `expression`, or returns its error to the caller.
#define SM_TRY_ASSIGN(declaration, expression) \
  SM_TRY_ASSIGN_INNER(SM_CONCAT(sm_try_, __LINE__), declaration, expression)
#define SM_TRY_ASSIGN_INNER(name, declaration, expression) \
  auto name = (expression);                                \
  if (!name.ok()) return std::move(name).error();          \
  declaration = std::move(name).value()
