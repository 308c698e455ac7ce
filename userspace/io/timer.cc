// SPDX-License-Identifier: Apache-2.0
#include "io/timer.h"

#include <algorithm>

#include "base/assert.h"

namespace sm::io {

Timers::Timers(uv_loop_t* loop) : x_loop(loop), x_handle(new uv_timer_t) {
  const int started = uv_timer_init(loop, x_handle);
  SM_ASSERT(started == 0);
  x_handle->data = this;
  uv_unref(reinterpret_cast<uv_handle_t*>(x_handle));  // NOLINT: libuv's own way of inheritance
  for (auto& slot : x_slots) slot.next = slot.previous = &slot;
}

Timers::~Timers() { close(); }

void Timers::close() {
  if (x_handle == nullptr) return;
  uv_close(reinterpret_cast<uv_handle_t*>(x_handle),  // NOLINT: as above
           [](uv_handle_t* handle) { delete reinterpret_cast<uv_timer_t*>(handle); });  // NOLINT
  x_handle = nullptr;
}

std::uint64_t Timers::tick_now() const { return uv_now(x_loop) / kTickMs; }

void Timers::arm(TimerLink& timer, std::chrono::milliseconds delay) {
  SM_ASSERT(x_handle != nullptr);
  cancel(timer);
  if (x_armed == 0) {
    x_current_tick = tick_now();
    start_ticking();
  }
  const auto milliseconds = static_cast<std::uint64_t>(std::max<std::int64_t>(delay.count(), 0));
  // Rounded up, and counted from the next tick, so that nothing fires early.
  timer.deadline_tick = std::max(x_current_tick, (uv_now(x_loop) + milliseconds) / kTickMs) + 1;
  TimerLink& slot = x_slots[timer.deadline_tick % kSlots];
  timer.previous = slot.previous;
  timer.next = &slot;
  slot.previous->next = &timer;
  slot.previous = &timer;
  ++x_armed;
}

void Timers::cancel(TimerLink& timer) {
  if (timer.next == nullptr) return;
  timer.previous->next = timer.next;
  timer.next->previous = timer.previous;
  timer.next = timer.previous = nullptr;
  if (--x_armed == 0 && x_handle != nullptr) uv_timer_stop(x_handle);
}

void Timers::start_ticking() { uv_timer_start(x_handle, on_tick, kTickMs, kTickMs); }

void Timers::on_tick(uv_timer_t* handle) { static_cast<Timers*>(handle->data)->advance(); }

void Timers::advance() {
  const std::uint64_t now = tick_now();
  // After a long stall each slot is looked at once, however many ticks were missed.
  if (now - x_current_tick > kSlots) x_current_tick = now - kSlots;
  while (x_current_tick < now && x_armed > 0) {
    ++x_current_tick;
    fire_slot(x_slots[x_current_tick % kSlots]);
  }
}

// Callbacks may arm and cancel any timer, so what is due is first moved to a list of its own: a
// timer that is cancelled or destroyed meanwhile takes itself off that list, and one that is armed
// again goes to the wheel.
void Timers::fire_slot(TimerLink& slot) {
  TimerLink due;
  due.next = due.previous = &due;
  const std::uint64_t now = tick_now();
  for (TimerLink* timer = slot.next; timer != &slot;) {
    TimerLink* next = timer->next;
    if (timer->deadline_tick <= now) {
      timer->previous->next = timer->next;
      timer->next->previous = timer->previous;
      timer->previous = due.previous;
      timer->next = &due;
      due.previous->next = timer;
      due.previous = timer;
    }
    timer = next;
  }
  while (due.next != &due) {
    TimerLink& timer = *due.next;
    cancel(timer);
    timer.events->on_timer(timer.tag);
  }
}

}  // namespace sm::io
