/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time: conversions that cannot overflow, and the clocks that do not belong to a task. Nanoseconds
 * as int64_t, clamped to [0, INT64_MAX]; deadlines are CLOCK_MONOTONIC.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <abi/linux/time.h>
#include <host/host.h>

#define NS_PER_SEC  INT64_C(1000000000)
#define NS_PER_USEC INT64_C(1000)
#define TIME_NEVER  INT64_MAX

static inline bool timespec_valid(const struct lx_timespec *ts)
{
	return ts->tv_sec >= 0 && ts->tv_nsec >= 0 && ts->tv_nsec < NS_PER_SEC;
}

static inline bool timespec_is_zero(const struct lx_timespec *ts)
{
	return ts->tv_sec == 0 && ts->tv_nsec == 0;
}

/* Of a valid timespec; what does not fit is TIME_NEVER. */
static inline int64_t timespec_to_ns(const struct lx_timespec *ts)
{
	int64_t ns;

	if (__builtin_mul_overflow(ts->tv_sec, NS_PER_SEC, &ns) ||
	    __builtin_add_overflow(ns, ts->tv_nsec, &ns))
		return TIME_NEVER;
	return ns;
}

static inline struct lx_timespec ns_to_timespec(int64_t ns)
{
	return (struct lx_timespec){ .tv_sec = ns / NS_PER_SEC, .tv_nsec = ns % NS_PER_SEC };
}

static inline struct lx_timeval ns_to_timeval(int64_t ns)
{
	return (struct lx_timeval){ .tv_sec = ns / NS_PER_SEC,
				    .tv_usec = ns % NS_PER_SEC / NS_PER_USEC };
}

static inline int64_t time_add(int64_t a, int64_t b)
{
	int64_t s;

	return __builtin_add_overflow(a, b, &s) ? TIME_NEVER : s;
}

static inline int64_t now_monotonic(void)
{
	return (int64_t)host_now_ns();
}

/* The moment that is ns from now. */
static inline int64_t deadline_in(int64_t ns)
{
	return time_add(now_monotonic(), ns);
}

/* Offsets of a restore already added. */
int64_t clock_monotonic_ns(void);
int64_t clock_realtime_ns(void);
int64_t clock_boottime_ns(void);

/* Now on one of the clocks that are the same for every task; false: not such a clock. */
bool clock_read(int clock, int64_t *ret_ns);
int64_t clock_resolution(int clock);
/* A moment of such a clock as one of CLOCK_MONOTONIC (as things stand now). */
int64_t clock_to_monotonic(int clock, int64_t ns);
/* What a relative time left until deadline (monotonic) is: at least 0. */
static inline int64_t time_left(int64_t deadline_ns)
{
	int64_t now = now_monotonic();

	return deadline_ns > now ? deadline_ns - now : 0;
}
