/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ids of new user namespaces (user_namespaces(7), newuidmap(1), subuid(5)): who may map what, and
 * how it is written. Root writes any map; an ordinary user its own id, and ranges that /etc/subuid
 * gives it, through the setuid helpers newuidmap and newgidmap.
 */
#pragma once

#include <stdbool.h>

#include "err.h"
#include "launch.h"

/* Not root, or root of a user namespace that has not all ids: an ordinary user of the host. */
bool ids_rootless(void);
/* In a user namespace that has no id for the caller: it can make none of its own. */
bool ids_nobody(void);
/* One id to itself. An ordinary user may only do that without setgroups. -errno. */
int ids_map_self(pid_t pid, uid_t uid, gid_t gid, bool deny_setgroups);
/* Several ranges, directly or through the helpers. -errno with *err. */
int ids_map_ranges(pid_t pid, const struct id_map *uids, const struct id_map *gids,
		   struct rt_err *err);
/*
 * The caller as 0, and its range of /etc/subuid and /etc/subgid from 1 on where it has one and the
 * helpers are installed.
 */
void ids_default(struct id_map *ret_uids, struct id_map *ret_gids);
