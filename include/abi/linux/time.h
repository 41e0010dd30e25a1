/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clocks, timers, adjtimex(2).
 */
#pragma once

#include <stdint.h>

struct lx_timespec {
	int64_t tv_sec;
	int64_t tv_nsec;
};

struct lx_timeval {
	int64_t tv_sec;
	int64_t tv_usec;
};

struct lx_itimerspec {
	struct lx_timespec it_interval;
	struct lx_timespec it_value;
};

struct lx_itimerval {
	struct lx_timeval it_interval;
	struct lx_timeval it_value;
};

struct lx_timezone {
	int32_t tz_minuteswest;
	int32_t tz_dsttime;
};

struct lx_utimbuf {
	int64_t actime;
	int64_t modtime;
};

struct lx_tms {
	int64_t tms_utime;
	int64_t tms_stime;
	int64_t tms_cutime;
	int64_t tms_cstime;
};

/* clock ticks per second in times(2), /proc/<pid>/stat, AT_CLKTCK */
#define LX_USER_HZ	100

#define LX_CLOCK_REALTIME		0
#define LX_CLOCK_MONOTONIC		1
#define LX_CLOCK_PROCESS_CPUTIME_ID	2
#define LX_CLOCK_THREAD_CPUTIME_ID	3
#define LX_CLOCK_MONOTONIC_RAW		4
#define LX_CLOCK_REALTIME_COARSE	5
#define LX_CLOCK_MONOTONIC_COARSE	6
#define LX_CLOCK_BOOTTIME		7
#define LX_CLOCK_REALTIME_ALARM		8
#define LX_CLOCK_BOOTTIME_ALARM		9
#define LX_CLOCK_TAI			11
#define LX_MAX_CLOCKS			16

/* dynamic (per process, per thread) CPU clock ids: ~pid << 3 | per-thread bit | which */
#define LX_CPUCLOCK_PERTHREAD_MASK	4
#define LX_CPUCLOCK_CLOCK_MASK		3
#define LX_CPUCLOCK_PROF		0
#define LX_CPUCLOCK_VIRT		1
#define LX_CPUCLOCK_SCHED		2
#define LX_CLOCKFD			3

#define LX_TIMER_ABSTIME	1
#define LX_ITIMER_REAL		0
#define LX_ITIMER_VIRTUAL	1
#define LX_ITIMER_PROF		2
#define LX_UTIME_NOW		((1l << 30) - 1l)
#define LX_UTIME_OMIT		((1l << 30) - 2l)

/* adjtimex modes, status, result */
#define LX_ADJ_OFFSET			0x1
#define LX_ADJ_FREQUENCY		0x2
#define LX_ADJ_MAXERROR			0x4
#define LX_ADJ_ESTERROR			0x8
#define LX_ADJ_STATUS			0x10
#define LX_ADJ_TIMECONST		0x20
#define LX_ADJ_TAI			0x80
#define LX_ADJ_SETOFFSET		0x100
#define LX_ADJ_MICRO			0x1000
#define LX_ADJ_NANO			0x2000
#define LX_ADJ_TICK			0x4000
#define LX_ADJ_OFFSET_SINGLESHOT	0x8001
#define LX_ADJ_OFFSET_SS_READ		0xa001
#define LX_STA_PLL			0x1
#define LX_STA_INS			0x10
#define LX_STA_DEL			0x20
#define LX_STA_UNSYNC			0x40
#define LX_STA_NANO			0x2000
#define LX_TIME_OK			0
#define LX_TIME_INS			1
#define LX_TIME_DEL			2
#define LX_TIME_OOP			3
#define LX_TIME_WAIT			4
#define LX_TIME_ERROR			5

struct lx_timex {
	uint32_t modes;
	int32_t pad0;
	int64_t offset;
	int64_t freq;
	int64_t maxerror;
	int64_t esterror;
	int32_t status;
	int32_t pad1;
	int64_t constant;
	int64_t precision;
	int64_t tolerance;
	struct lx_timeval time;
	int64_t tick;
	int64_t ppsfreq;
	int64_t jitter;
	int32_t shift;
	int32_t pad2;
	int64_t stabil;
	int64_t jitcnt;
	int64_t calcnt;
	int64_t errcnt;
	int64_t stbcnt;
	int32_t tai;
	int32_t pad3[11];
};
