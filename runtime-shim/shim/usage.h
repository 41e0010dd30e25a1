/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a container of a pod uses, as the sentry counts it: the cgroups of the host cannot tell the
 * containers of one sandbox apart. Asked on the sandbox's control socket, with no process started.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct usage {
	uint64_t memory, pids, cpu, oom_kills; /* bytes, tasks, ns, so far */
};

/*
 * state: the directory of the runtime's state (--root), id: the container in it. False: it is in
 * no pod's sandbox, or that does not answer.
 */
bool usage_ask(const char *state, const char *id, struct usage *ret_u);
