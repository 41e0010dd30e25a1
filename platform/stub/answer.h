/* SPDX-License-Identifier: Apache-2.0 */
/* The answers in the stub, for the fast entry and for tests that run them natively. */
#pragma once

#include "slot.h"

/* The call in s->regs: 1 if it was answered there, 0 if the sentry has to. */
int stub_answer(struct slot *s);
/*
 * entry.S: the host's futex call with a private operation. -EINTR, also when a kick or a step came
 * before it began.
 */
long stub_futex_private(const void *word, uint32_t op, uint32_t val, const void *timeout,
			uint32_t bitset);
