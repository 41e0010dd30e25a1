/* SPDX-License-Identifier: Apache-2.0 */
/* The mounts a sandbox starts with. */
#pragma once

#include "proto/boot.h"

struct gofer_conn;
struct mntns;
struct super_block;

/*
 * Announces the file system types that vfs does not know by itself. Once, before the first mount.
 */
void boot_register_types(void);
/*
 * Makes the mount namespace of the configuration: the root with its overlay, everything mounted on
 * it, masked and read-only paths. *ret_pts: the devpts instance at /dev/pts (borrowed), or NULL. On
 * failure *ret_what names the mount. Devices and sysctls come with it; those that cannot be had are
 * lines of warnings (size bytes).
 */
int boot_mounts(const struct boot_conf *c, struct gofer_conn *gofer, struct mntns **ret_ns,
		struct super_block **ret_pts, const char **ret_what, char *warnings, size_t size);
