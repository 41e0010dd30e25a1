/* SPDX-License-Identifier: Apache-2.0 */
/* The mounts that make up a container's root, as containerd's snapshotter describes them. */
#pragma once

#include <stddef.h>

#include "err.h"

/* Of task.proto. */
struct Shim__Mount;

/* Mounts them all at target; undoes those it did when one fails. */
int mounts_apply(struct Shim__Mount *const *mounts, size_t nr, const char *target,
		 struct rt_err *err);
/* Unmounts everything at target; fine if nothing is. */
void mounts_undo(const char *target);
