/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What credentials a program starts with: set-user-ID and set-group-ID bits, file capabilities, and
 * the transformation of capabilities(7).
 */
#include <errno.h>
#include <string.h>

#include <abi/linux/capability.h>
#include <abi/linux/mount.h>
#include <abi/linux/prctl.h>
#include <abi/linux/stat.h>

#include "kernel/cred.h"
#include "loader/loader_int.h"
#include "vfs/file.h"
#include "vfs/inode.h"
#include "vfs/mount.h"

struct file_caps {
	bool present, effective;
	uint64_t permitted, inheritable;
};

static void read_file_caps(struct inode *i, struct file_caps *fc)
{
	struct lx_vfs_cap_data d = { 0 };
	uint32_t rev;
	ssize_t n;

	if (!i->ops->getxattr)
		return;
	n = i->ops->getxattr(i, "security.capability", &d, sizeof(d));
	if (n < (ssize_t)sizeof(uint32_t))
		return;
	rev = d.magic_etc & LX_VFS_CAP_REVISION_MASK;
	if ((rev == LX_VFS_CAP_REVISION_2 && n != 20) ||
	    (rev == LX_VFS_CAP_REVISION_3 && (n != 24 || d.rootid != 0)) ||
	    (rev == LX_VFS_CAP_REVISION_1 && n != 12))
		return;
	if (rev != LX_VFS_CAP_REVISION_1 && rev != LX_VFS_CAP_REVISION_2 &&
	    rev != LX_VFS_CAP_REVISION_3)
		return;
	fc->present = true;
	fc->effective = d.magic_etc & LX_VFS_CAP_FLAGS_EFFECTIVE;
	fc->permitted = d.data[0].permitted;
	fc->inheritable = d.data[0].inheritable;
	if (rev != LX_VFS_CAP_REVISION_1) {
		fc->permitted |= (uint64_t)d.data[1].permitted << 32;
		fc->inheritable |= (uint64_t)d.data[1].inheritable << 32;
	}
	fc->permitted &= LX_CAP_FULL_SET;
	fc->inheritable &= LX_CAP_FULL_SET;
}

static void apply_set_id(struct cred *c, const struct inode *i)
{
	uint32_t mode = i->mode;

	if (mode & LX_S_ISUID)
		c->euid = i->uid;
	if ((mode & (LX_S_ISGID | LX_S_IXGRP)) == (LX_S_ISGID | LX_S_IXGRP))
		c->egid = i->gid;
}

/*
 * The permitted set after exec, and whether it becomes effective; -EPERM if the file wants what the
 * bounding set has not.
 */
static int apply_caps(struct cred *c, const struct file_caps *fc, bool *ret_effective)
{
	bool effective = fc->effective && fc->present;
	uint64_t pp = 0;

	if (fc->present) {
		pp = (c->cap_bounding & fc->permitted) | (c->cap_inheritable & fc->inheritable);
		if (effective && (fc->permitted & ~pp))
			return -EPERM;
	}
	/* root gets everything, unless it only became root by a file that has capabilities of its
	 * own */
	if (!(c->securebits & LX_SECBIT_NOROOT) && !(fc->present && c->uid != 0 && c->euid == 0)) {
		if (c->uid == 0 || c->euid == 0)
			pp = c->cap_bounding | c->cap_inheritable;
		if (c->euid == 0)
			effective = true;
	}
	c->cap_permitted = pp;
	*ret_effective = effective;
	return 0;
}

static bool has_set_id(const struct cred *c, const struct cred *old)
{
	return c->euid != old->uid || c->egid != old->gid;
}

int exec_privs(const struct cred *old, struct file *f, bool no_priv_gain, struct exec_privs *ret_p)
{
	bool nosuid = f->path.mnt && (f->path.mnt->flags & LX_MS_NOSUID), effective = false, set_id;
	struct file_caps fc = { 0 };
	struct cred *c = NULL;
	int ret = cred_copy(old, &c);

	if (ret < 0)
		return ret;
	if (!nosuid && !no_priv_gain)
		apply_set_id(c, f->inode);
	/* root without securebits gets all anyway: the attribute would cost a question to the gofer
	 */
	if (!nosuid && (c->uid != 0 || (c->securebits & LX_SECBIT_NOROOT)))
		read_file_caps(f->inode, &fc);
	ret = apply_caps(c, &fc, &effective);
	if (ret < 0) {
		cred_put(c);
		return ret;
	}
	set_id = has_set_id(c, old);
	if (no_priv_gain)
		c->cap_permitted &= old->cap_permitted;
	c->suid = c->fsuid = c->euid;
	c->sgid = c->fsgid = c->egid;
	if (fc.present || set_id)
		c->cap_ambient = 0;
	c->cap_permitted |= c->cap_ambient;
	c->cap_effective = effective ? c->cap_permitted : c->cap_ambient;
	c->securebits &= ~(uint32_t)LX_SECBIT_KEEP_CAPS;
	ret_p->secure =
		set_id || (c->uid != 0 && (effective || (c->cap_permitted & ~c->cap_ambient)));
	ret_p->cred = c;
	return 0;
}
