/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an operator tells the shim through containerd's runtime options: the runc shim's own
 * message, or a TOML file named by the generic one (ConfigPath), or that file's text itself.
 *
 *   binary_name, root, shim_cgroup, log_level = "..."    io_uid, io_gid = N
 *   systemd_cgroup, no_pivot_root, no_new_keyring, grouping = true|false
 *   [husk_config]                    any flag of husk: --KEY=VALUE before the command;
 *                                    [runsc_config] is read the same way
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

struct options {
	char *binary; /* owned; never NULL */
	char *root;   /* owned; never NULL; containerd's namespace is added to it */
	char *shim_cgroup;
	bool systemd_cgroup, no_pivot, no_new_keyring;
	bool grouping; /* one shim per pod */
	uint32_t io_uid, io_gid;
	char **flags; /* owned, as their strings */
	size_t nr_flags;
};

int options_default(struct options *o, struct rt_err *err);
/*
 * Overrides the defaults with an Any's content; type is its type URL. An empty one changes nothing.
 */
int options_any(struct options *o, const char *type, const void *data, size_t size,
		struct rt_err *err);
int options_file(struct options *o, const char *path, struct rt_err *err);
void options_fini(struct options *o);

/* Kept beside the bundle, so that another process can clean up after a killed shim. */
int options_save(const struct options *o, const char *file);
int options_load(struct options *o, const char *file, struct rt_err *err);
