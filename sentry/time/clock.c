/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The clocks of the machine (clock_gettime(2)): those of the host. CPU clocks belong to tasks:
 * kernel/.
 */
#include "time/clock.h"

static bool host_clock(int clock, enum host_clock *ret)
{
	switch (clock) {
	case LX_CLOCK_REALTIME:
	case LX_CLOCK_REALTIME_ALARM:
		*ret = HOST_CLOCK_REALTIME;
		return true;
	case LX_CLOCK_MONOTONIC:
		*ret = HOST_CLOCK_MONOTONIC;
		return true;
	case LX_CLOCK_MONOTONIC_RAW:
		*ret = HOST_CLOCK_MONOTONIC_RAW;
		return true;
	case LX_CLOCK_REALTIME_COARSE:
		*ret = HOST_CLOCK_REALTIME_COARSE;
		return true;
	case LX_CLOCK_MONOTONIC_COARSE:
		*ret = HOST_CLOCK_MONOTONIC_COARSE;
		return true;
	case LX_CLOCK_BOOTTIME:
	case LX_CLOCK_BOOTTIME_ALARM:
		*ret = HOST_CLOCK_BOOTTIME;
		return true;
	case LX_CLOCK_TAI:
		*ret = HOST_CLOCK_TAI;
		return true;
	default:
		return false;
	}
}

bool clock_read(int clock, int64_t *ret_ns)
{
	enum host_clock hc;

	if (!host_clock(clock, &hc))
		return false;
	*ret_ns = (int64_t)host_clock_ns(hc);
	return true;
}

int64_t clock_resolution(int clock)
{
	enum host_clock hc;

	return host_clock(clock, &hc) ? (int64_t)host_clock_res_ns(hc) : 1;
}

int64_t clock_to_monotonic(int clock, int64_t ns)
{
	int64_t now;

	if (clock == LX_CLOCK_MONOTONIC || ns == TIME_NEVER || !clock_read(clock, &now))
		return ns;
	/* the difference fits: both are in [0, INT64_MAX] */
	return ns <= now ? 0 : time_add(now_monotonic(), ns - now);
}

int64_t clock_monotonic_ns(void)
{
	return now_monotonic();
}

int64_t clock_realtime_ns(void)
{
	return (int64_t)host_clock_ns(HOST_CLOCK_REALTIME);
}

int64_t clock_boottime_ns(void)
{
	return (int64_t)host_clock_ns(HOST_CLOCK_BOOTTIME);
}
