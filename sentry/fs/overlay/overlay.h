/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The overlay: a lower tree that is never written (the gofer's), and above it everything the guest
 * changed, in the sandbox's own memory file. Mounted by boot with the lower super block as
 * boot_data.
 */
#pragma once

#include "vfs/inode.h"

struct overlay_mount {
	struct super_block *lower; /* borrowed; the overlay takes its own reference */
	uint64_t size; /* bytes the upper layer may hold; 0: half of the sandbox's memory */
};

extern const struct fstype overlay_type;
