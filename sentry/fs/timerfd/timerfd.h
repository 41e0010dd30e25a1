/* SPDX-License-Identifier: Apache-2.0 */
/* timerfd_create(2): timers that are read. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct cred;
struct file;

struct timerfd_value {
	int64_t value, period; /* ns; value 0: not armed */
};

/* flags: LX_TFD_NONBLOCK (the descriptor's flag is the caller's business). The clock was checked.
 */
int timerfd_new(int clock, unsigned int flags, const struct cred *cred, struct file **ret_file);
/* -EINVAL: f is no timerfd. flags: LX_TFD_TIMER_*. */
int timerfd_set(struct file *f, int flags, const struct timerfd_value *v,
		struct timerfd_value *ret_old);
int timerfd_get(struct file *f, struct timerfd_value *ret_v);
