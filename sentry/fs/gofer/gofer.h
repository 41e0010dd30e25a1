/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gofer file system: a tree of the host, served by the gofer process. Mounted by boot with a
 * struct gofer_mount as boot_data; mount(2) by a guest is refused.
 */
#pragma once

#include <stdbool.h>

#include "fs/gofer/conn.h"
#include "vfs/inode.h"

struct gofer_mount {
	struct gofer_conn *conn; /* borrowed; the super block takes its own reference */
	unsigned int mount;      /* number of the tree, in the order the gofer was given */
	/*
	 * The host may change the tree (--file-access=shared): names and attributes are asked for
	 * again, in read-only trees after a second. Otherwise what is known stays known.
	 */
	bool shared;
};

extern const struct fstype gofer_type;
