/* SPDX-License-Identifier: Apache-2.0 */
/* Clocks of the sandbox: nanoseconds, offsets of a restore already added. No locks; cheap. */
#pragma once

#include <stdint.h>

int64_t clock_monotonic_ns(void);
int64_t clock_realtime_ns(void);
int64_t clock_boottime_ns(void);
