// SPDX-License-Identifier: Apache-2.0
// Timers of one loop: a hashed wheel on a single libuv timer, which runs only while something is
// armed. Arming, re-arming and cancelling are O(1) and make no system call. A timer fires at its
// time or up to kTickMs later, never earlier.
#pragma once

#include <uv.h>

#include <array>
#include <chrono>
#include <cstdint>

namespace sm::io {

class TimerEvents {
 public:
  virtual void on_timer(int tag) = 0;

 protected:
  ~TimerEvents() = default;
};

// What the wheel strings together: a node of one slot's doubly linked list.
struct TimerLink {
  TimerLink* next = nullptr;  // null when not armed
  TimerLink* previous = nullptr;
  std::uint64_t deadline_tick = 0;
  TimerEvents* events = nullptr;
  int tag = 0;
};

class Timers {
 public:
  static constexpr std::uint64_t kTickMs = 10;

  explicit Timers(uv_loop_t* loop);
  ~Timers();
  Timers(const Timers&) = delete;
  Timers& operator=(const Timers&) = delete;

  void arm(TimerLink& timer, std::chrono::milliseconds delay);
  void cancel(TimerLink& timer);
  std::uint64_t armed() const { return x_armed; }
  // Gives the libuv timer back; called by the loop before it closes. Nothing may be armed
  // afterwards.
  void close();

 private:
  static constexpr std::size_t kSlots = 1024;

  static void on_tick(uv_timer_t* handle);
  void advance();
  void fire_slot(TimerLink& slot);
  void start_ticking();
  std::uint64_t tick_now() const;

  uv_loop_t* x_loop;
  uv_timer_t* x_handle;                     // freed in its close callback
  std::array<TimerLink, kSlots> x_slots{};  // sentinels of circular lists
  std::uint64_t x_current_tick = 0;
  std::uint64_t x_armed = 0;
};

// One deadline: a member of the object that it wakes with `events.on_timer(tag)`. Cancels itself
// when destroyed.
class Timer {
 public:
  Timer(Timers& timers, TimerEvents& events, int tag) : x_timers(timers) {
    x_link.events = &events;
    x_link.tag = tag;
  }
  ~Timer() { cancel(); }
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  // Sets or moves the deadline to `delay` from now.
  void arm(std::chrono::milliseconds delay) { x_timers.arm(x_link, delay); }
  void cancel() { x_timers.cancel(x_link); }
  bool armed() const { return x_link.next != nullptr; }

 private:
  Timers& x_timers;
  TimerLink x_link;
};

}  // namespace sm::io
