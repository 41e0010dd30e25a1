/* SPDX-License-Identifier: Apache-2.0 */
/* Single nodes and contents of the tree a container starts with: devices, copies, settings. */
#pragma once

#include <stdint.h>

struct mntns;
struct path;
struct vfs_caller;

/* A character device MAJOR:MINOR as a node of its own, mounted on dst, which exists. */
int boot_bind_device(const struct vfs_caller *c, struct mntns *ns, const char *spec,
		     const struct path *dst);
/* Everything below the directory from, with owners and modes, into the directory to (tmpcopyup). */
int boot_copy_tree(const struct vfs_caller *c, const struct path *from, const struct path *to,
		   unsigned int depth);
/*
 * A line of linux.devices, "TYPE MAJOR MINOR MODE UID GID PATH": the directory of the path exists.
 * 1: there is no such device inside.
 */
int boot_make_device(const struct vfs_caller *c, const char *line, const char **ret_path);
/* KEY=VALUE of linux.sysctl. */
int boot_set_sysctl(const struct vfs_caller *c, const char *kv);
