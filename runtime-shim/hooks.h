/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hooks of config.json: programs of the host that an engine wants run at moments of a container's
 * life, with the container's state on standard input.
 */
#pragma once

#include <jansson.h>

#include "state.h"

/*
 * Runs the hooks of config (the whole document) named name, in order. ns_fd: a network namespace to
 * run them in, -1: the caller's. The first that fails ends it: -errno with *err.
 */
int hooks_run(json_t *config, const char *name, const struct container *c, const char *status,
	      int ns_fd, struct rt_err *err);
/* The same where a failure is no reason to stop (poststart, poststop): warnings. */
void hooks_run_all(json_t *config, const char *name, const struct container *c, const char *status);
bool hooks_have(json_t *config, const char *name);
/* config.json's hooks are objects of the right form: names the field that is not. */
int hooks_check(json_t *config, struct rt_err *err);
