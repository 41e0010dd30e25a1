/* SPDX-License-Identifier: Apache-2.0 */
/* Start of vfs: the dentry cache and the internal mounts. */
#include <base/hash.h>

#include "vfs/anonfs.h"
#include "vfs/dentry.h"
#include "vfs/mount.h"

int vfs_init(const struct hash_key *key)
{
	int ret = dcache_init(key);

	return ret < 0 ? ret : anonfs_init();
}
