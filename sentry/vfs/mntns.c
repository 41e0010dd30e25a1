/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mount namespaces, and the texts of /proc/pid/{mounts,mountinfo,mountstats}. Owns the namespace
 * object: it holds its root mount through the mount table. Locking: g_mount_lock while a text is
 * made, so it shows one moment.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <abi/linux/limits.h>
#include <abi/linux/mount.h>
#include <abi/linux/poll.h>

#include "lock_class.h"
#include "vfs/inode.h"
#include "vfs/mnt_int.h"
#include "vfs/perm.h"
#include "vfs/strbuf.h"

static _Atomic uint64_t g_next_ns = 1;

int mntns_new(struct super_block *root_sb, const char *source, unsigned int flags,
	      struct mntns **ret_ns)
{
	struct mntns *ns = calloc(1, sizeof(*ns));
	struct mount *m;
	int ret;

	if (!ns)
		return -ENOMEM;
	ret = mount_new(root_sb, root_sb->root, source, flags, &m);
	if (ret < 0) {
		free(ns);
		return ret;
	}
	ref_init(&ns->ref);
	ns->id = atomic_fetch_add(&g_next_ns, 1);
	INIT_LIST_HEAD(&ns->mounts);
	waitq_init(&ns->wq);
	ns->root = m;
	mutex_lock(&g_mount_lock);
	mount_attach(ns, m, NULL, NULL);
	mutex_unlock(&g_mount_lock);
	*ret_ns = ns;
	return 0;
}

struct mntns *mntns_get(struct mntns *ns)
{
	ref_get(&ns->ref);
	return ns;
}

void mntns_put(struct mntns *ns)
{
	if (!ns || !ref_put(&ns->ref))
		return;
	mutex_lock(&g_mount_lock);
	while (!list_empty(&ns->mounts)) {
		/* Children come after their parents in the list. */
		struct mount *m = list_last_entry(&ns->mounts, struct mount, ns_link);

		mount_detach(m);
		mount_put(m);
	}
	mutex_unlock(&g_mount_lock);
	waitq_fini(&ns->wq);
	free(ns);
}

void mntns_root(struct mntns *ns, struct path *ret_path)
{
	struct mount *m;

	rwlock_rdlock(&g_dcache_lock);
	ret_path->mnt = mount_get(ns->root);
	ret_path->dentry = dentry_get(ns->root->root);
	/* What was mounted over the root is what one gets. */
	while ((m = mount_find_locked(ret_path->mnt, ret_path->dentry)) != NULL) {
		mount_get(m);
		dentry_get(m->root);
		/* Neither can be the last reference: the table and the child hold them. */
		(void)!ref_put(&ret_path->mnt->ref);
		(void)!ref_put(&ret_path->dentry->ref);
		*ret_path = (struct path){ m, m->root };
	}
	rwlock_unlock(&g_dcache_lock);
}

void mntns_changed(struct mntns *ns)
{
	atomic_fetch_add(&ns->event, 1);
	waitq_wake(&ns->wq, LX_POLLERR | LX_POLLPRI);
}

struct waitq *mntns_waitq(struct mntns *ns)
{
	return &ns->wq;
}

uint64_t mntns_event(struct mntns *ns)
{
	return atomic_load(&ns->event);
}

static void show_flags(struct strbuf *out, const struct mount *m)
{
	static const struct {
		unsigned int flag;
		const char *text;
	} names[] = {
		{ LX_MS_NOSUID, ",nosuid" },           { LX_MS_NODEV, ",nodev" },
		{ LX_MS_NOEXEC, ",noexec" },           { LX_MS_NOATIME, ",noatime" },
		{ LX_MS_NODIRATIME, ",nodiratime" },   { LX_MS_RELATIME, ",relatime" },
		{ LX_MS_NOSYMFOLLOW, ",nosymfollow" },
	};

	strbuf_puts(out, m->flags & LX_MS_RDONLY ? "ro" : "rw");
	for (size_t n = 0; n < ARRAY_SIZE(names); n++) {
		if (m->flags & names[n].flag)
			strbuf_puts(out, names[n].text);
	}
}

static void show_sb_options(struct strbuf *out, const struct mount *m)
{
	char buf[512];

	if (m->sb->ops && m->sb->ops->show_options &&
	    m->sb->ops->show_options(m->sb, buf, sizeof(buf)) > 0)
		strbuf_puts(out, buf);
}

static void show_info(struct strbuf *out, const struct mount *m, const char *where, char *buf)
{
	struct path sub = { (struct mount *)m, m->root };
	struct path top = { (struct mount *)m, m->sb->root };

	strbuf_printf(out, "%llu %llu %u:%u ", (unsigned long long)m->id,
		      (unsigned long long)(m->parent  ? m->parent->id :
					   m->id == 0 ? 0 :
							m->id - 1),
		      m->sb->dev_major, m->sb->dev_minor);
	/* The mount's root inside its file system. */
	if (m->root == m->sb->root || vfs_path_name(&sub, &top, buf, LX_PATH_MAX) < 0)
		strbuf_puts(out, "/");
	else
		strbuf_escape(out, buf, " \t\n\\");
	strbuf_puts(out, " ");
	strbuf_escape(out, where, " \t\n\\");
	strbuf_puts(out, " ");
	show_flags(out, m);
	if (m->peer_group)
		strbuf_printf(out, " shared:%llu", (unsigned long long)m->peer_group);
	if (m->master_group)
		strbuf_printf(out, " master:%llu", (unsigned long long)m->master_group);
	if (m->propagation == LX_MS_UNBINDABLE)
		strbuf_puts(out, " unbindable");
	strbuf_printf(out, " - %s ", m->sb->type->name);
	strbuf_escape(out, m->source, " \t\n\\");
	strbuf_puts(out, m->sb->flags & SB_RDONLY ? " ro" : " rw");
	show_sb_options(out, m);
	strbuf_puts(out, "\n");
}

static void show_one(struct strbuf *out, const struct mount *m, const char *where, int kind,
		     char *buf)
{
	switch (kind) {
	case 0:
		strbuf_escape(out, m->source, " \t\n\\");
		strbuf_puts(out, " ");
		strbuf_escape(out, where, " \t\n\\");
		strbuf_printf(out, " %s ", m->sb->type->name);
		if (m->sb->flags & SB_RDONLY && !(m->flags & LX_MS_RDONLY)) {
			struct mount ro = { .flags = m->flags | LX_MS_RDONLY };

			show_flags(out, &ro);
		} else {
			show_flags(out, m);
		}
		show_sb_options(out, m);
		strbuf_puts(out, " 0 0\n");
		break;
	case 1:
		show_info(out, m, where, buf);
		break;
	default:
		strbuf_puts(out, "device ");
		strbuf_escape(out, m->source, " \t\n\\");
		strbuf_puts(out, " mounted on ");
		strbuf_escape(out, where, " \t\n\\");
		strbuf_printf(out, " with fstype %s\n", m->sb->type->name);
		break;
	}
}

int mntns_show(struct mntns *ns, const struct path *root, int kind, struct strbuf *out)
{
	char *where = malloc(LX_PATH_MAX), *buf = malloc(LX_PATH_MAX);
	struct mount *m;
	int ret = 0;

	if (!where || !buf) {
		ret = -ENOMEM;
		goto out;
	}
	mutex_lock(&g_mount_lock);
	list_for_each_entry(m, &ns->mounts, ns_link) {
		struct path p = { m, m->root };

		/* Only what can be reached from root is shown. */
		if (vfs_path_name_from(&p, root, where, LX_PATH_MAX) >= 0)
			show_one(out, m, where, kind, buf);
	}
	mutex_unlock(&g_mount_lock);
	ret = out->failed ? -ENOMEM : 0;
out:
	free(where);
	free(buf);
	return ret;
}
