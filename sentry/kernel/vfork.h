/* SPDX-License-Identifier: Apache-2.0 */
/* What a vfork parent sleeps on: shared by parent and child, whoever lives longer. */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>

#include <base/ref.h>

struct task;

struct vfork_wait {
	struct ref ref;
	_Atomic bool done;
	struct task *waiter; /* owned */
};
void vfork_wait_put(struct vfork_wait *vw);
