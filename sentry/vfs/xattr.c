/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Extended attributes, xattr(7): who may touch which name space, and the in-memory store of tmpfs
 * and the overlay. Locking: the store has none of its own.
 */
#include "vfs/xattr.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <abi/linux/capability.h>
#include <abi/linux/inotify.h>
#include <abi/linux/stat.h>
#include <abi/linux/xattr.h>

#include "vfs/inode.h"
#include "vfs/inotify.h"
#include "vfs/perm.h"

#define TRUSTED_CAP LX_CAP_SYS_ADMIN

static bool has_prefix(const char *name, const char *prefix)
{
	return strncmp(name, prefix, strlen(prefix)) == 0;
}

static int check(const struct vfs_caller *c, struct inode *i, const char *name, bool write)
{
	static const char *const prefixes[] = { LX_XATTR_USER_PREFIX, LX_XATTR_TRUSTED_PREFIX,
						LX_XATTR_SECURITY_PREFIX };
	bool special = !LX_S_ISREG(i->mode) && !LX_S_ISDIR(i->mode);

	for (size_t n = 0; n < ARRAY_SIZE(prefixes); n++) {
		if (strcmp(name, prefixes[n]) == 0)
			return -EINVAL;
	}

	if (write && (i->attributes & (LX_STATX_ATTR_IMMUTABLE | LX_STATX_ATTR_APPEND)))
		return -EPERM;
	if (has_prefix(name, LX_XATTR_SECURITY_PREFIX) ||
	    has_prefix(name, LX_XATTR_SYSTEM_PREFIX)) {
		/*
		 * security.capability is for CAP_SETFCAP; other security names for CAP_SYS_ADMIN.
		 */
		if (!write || !c->cred || has_prefix(name, LX_XATTR_SYSTEM_PREFIX))
			return 0;
		if (strcmp(name, LX_XATTR_NAME_CAPS) == 0)
			return cred_capable(c->cred, LX_CAP_SETFCAP) ? 0 : -EPERM;
		return cred_capable(c->cred, LX_CAP_SYS_ADMIN) ? 0 : -EPERM;
	}
	if (has_prefix(name, LX_XATTR_TRUSTED_PREFIX)) {
		if (c->cred && !cred_capable(c->cred, TRUSTED_CAP))
			return write ? -EPERM : -ENODATA;
		return 0;
	}
	if (has_prefix(name, LX_XATTR_USER_PREFIX)) {
		if (special)
			return write ? -EPERM : -ENODATA;
		if (write && LX_S_ISDIR(i->mode) && (i->mode & LX_S_ISVTX) && c->cred &&
		    !cred_owns(c->cred, i))
			return -EPERM;
	}
	return inode_permission(i, c, write ? VFS_MAY_WRITE : VFS_MAY_READ);
}

ssize_t vfs_getxattr(const struct vfs_caller *c, struct inode *i, const char *name, void *buf,
		     size_t size)
{
	int ret = check(c, i, name, false);

	if (ret < 0)
		return ret;
	return i->ops->getxattr ? i->ops->getxattr(i, name, buf, size) : -EOPNOTSUPP;
}

int vfs_setxattr(const struct vfs_caller *c, const struct path *p, const char *name,
		 const void *val, size_t size, int flags)
{
	struct inode *i = p->dentry->inode;
	int ret = mount_want_write(p->mnt);

	if (ret < 0)
		return ret;
	ret = check(c, i, name, true);
	if (ret == 0)
		ret = i->ops->setxattr ? i->ops->setxattr(i, name, val, size, flags) : -EOPNOTSUPP;
	if (ret == 0) {
		inode_touch(i, SA_CTIME);
		inotify_dentry(p->dentry, LX_IN_ATTRIB);
	}
	mount_drop_write(p->mnt);
	return ret;
}

ssize_t vfs_listxattr(const struct vfs_caller *c, struct inode *i, char *buf, size_t size)
{
	auto_free char *all = NULL;
	size_t total = 0, n;
	ssize_t len;

	if (!i->ops->listxattr)
		return i->ops->getxattr ? 0 : -EOPNOTSUPP;
	if (!c->cred || cred_capable(c->cred, TRUSTED_CAP))
		return i->ops->listxattr(i, buf, size);
	/* trusted names are not for everybody's eyes. */
	len = i->ops->listxattr(i, NULL, 0);
	if (len <= 0)
		return len;
	all = malloc((size_t)len);
	if (!all)
		return -ENOMEM;
	len = i->ops->listxattr(i, all, (size_t)len);
	if (len < 0)
		return len;
	for (const char *s = all; s < all + len; s += n) {
		n = strnlen(s, (size_t)(all + len - s)) + 1;
		if (has_prefix(s, LX_XATTR_TRUSTED_PREFIX))
			continue;
		if (size && total + n > size)
			return -ERANGE;
		if (size)
			memcpy(buf + total, s, n);
		total += n;
	}
	return (ssize_t)total;
}

int vfs_removexattr(const struct vfs_caller *c, const struct path *p, const char *name)
{
	struct inode *i = p->dentry->inode;
	int ret = mount_want_write(p->mnt);

	if (ret < 0)
		return ret;
	ret = check(c, i, name, true);
	if (ret == 0)
		ret = i->ops->removexattr ? i->ops->removexattr(i, name) : -EOPNOTSUPP;
	if (ret == 0) {
		inode_touch(i, SA_CTIME);
		inotify_dentry(p->dentry, LX_IN_ATTRIB);
	}
	mount_drop_write(p->mnt);
	return ret;
}

/* --- the store --- */

struct xattr {
	struct list_head link;
	char *name;  /* owned */
	void *value; /* owned */
	size_t size;
};

void xattr_store_init(struct xattr_store *s)
{
	INIT_LIST_HEAD(&s->list);
}

static void xattr_free(struct xattr *x)
{
	free(x->name);
	free(x->value);
	free(x);
}

void xattr_store_fini(struct xattr_store *s)
{
	struct xattr *x, *tmp;

	list_for_each_entry_safe(x, tmp, &s->list, link)
		xattr_free(x);
	INIT_LIST_HEAD(&s->list);
}

static struct xattr *find(const struct xattr_store *s, const char *name)
{
	struct xattr *x;

	list_for_each_entry(x, &s->list, link) {
		if (strcmp(x->name, name) == 0)
			return x;
	}
	return NULL;
}

ssize_t xattr_store_get(const struct xattr_store *s, const char *name, void *buf, size_t size)
{
	const struct xattr *x = find(s, name);

	if (!x)
		return -ENODATA;
	if (size == 0)
		return (ssize_t)x->size;
	if (x->size > size)
		return -ERANGE;
	memcpy(buf, x->value, x->size);
	return (ssize_t)x->size;
}

int xattr_store_set(struct xattr_store *s, const char *name, const void *val, size_t size,
		    int flags)
{
	struct xattr *old = find(s, name), *x;

	if (old && (flags & LX_XATTR_CREATE))
		return -EEXIST;
	if (!old && (flags & LX_XATTR_REPLACE))
		return -ENODATA;
	x = calloc(1, sizeof(*x));
	if (!x)
		return -ENOMEM;
	x->name = strdup(name);
	x->value = malloc(size ? size : 1);
	if (!x->name || !x->value) {
		xattr_free(x);
		return -ENOMEM;
	}
	memcpy(x->value, val, size);
	x->size = size;
	if (old) {
		list_add(&x->link, &old->link);
		list_del(&old->link);
		xattr_free(old);
	} else {
		list_add_tail(&x->link, &s->list);
	}
	return 0;
}

ssize_t xattr_store_list(const struct xattr_store *s, char *buf, size_t size)
{
	const struct xattr *x;
	size_t total = 0;

	list_for_each_entry(x, &s->list, link) {
		size_t n = strlen(x->name) + 1;

		if (size && total + n > size)
			return -ERANGE;
		if (size)
			memcpy(buf + total, x->name, n);
		total += n;
	}
	return (ssize_t)total;
}

int xattr_store_remove(struct xattr_store *s, const char *name)
{
	struct xattr *x = find(s, name);

	if (!x)
		return -ENODATA;
	list_del(&x->link);
	xattr_free(x);
	return 0;
}
