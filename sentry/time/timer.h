/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Timers that call a function: one service thread serves them all. The function must be quick and
 * may take only locks later than LC_TIMER's users; it may call ktimer_set on its own timer.
 */
#pragma once

#include <stdint.h>

struct ktimer;

int ktimer_new(void (*fn)(struct ktimer *kt, void *arg), void *arg, struct ktimer **ret_kt);
/* deadline: CLOCK_MONOTONIC ns, 0 disarms; period 0: once. */
void ktimer_set(struct ktimer *kt, int64_t deadline_ns, int64_t period_ns);
/*
 * Disarms and frees; when it returns the function is not running. NULL is fine. Not from the
 * function itself.
 */
void ktimer_free(struct ktimer *kt);
