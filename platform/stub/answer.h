/* SPDX-License-Identifier: Apache-2.0 */
/* The answers in the stub, for the fast entry and for tests that run them natively. */
#pragma once

#include "slot.h"

/* The call in s->regs: 1 if it was answered there, 0 if the sentry has to. */
int stub_answer(struct slot *s);
