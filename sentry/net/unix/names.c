/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of Unix sockets: paths (an inode points at its socket), the abstract name space (a hash
 * table), autobind. Locking: g_net_lock guards both directions of the link between inode and
 * socket.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <abi/linux/ioctl.h>
#include <abi/linux/stat.h>
#include <base/bits.h>
#include <host/host.h>

#include "kernel/task.h"
#include "net/unix/unix.h"
#include "vfs/inode.h"

#define NR_BUCKETS 256u
#define PATH_OFF   offsetof(struct lx_sockaddr_un, sun_path)

/* GUARDED_BY(g_net_lock); next == NULL: not yet made */
static struct list_head g_abstract[NR_BUCKETS];

static struct list_head *bucket_locked(const struct sock_addr *a)
{
	uint32_t h = 2166136261u;
	struct list_head *b;

	for (uint32_t i = PATH_OFF; i < a->len; i++)
		h = (h ^ ((const uint8_t *)&a->storage)[i]) * 16777619u;
	b = &g_abstract[h % NR_BUCKETS];
	if (!b->next)
		INIT_LIST_HEAD(b);
	return b;
}

static struct socket *find_abstract_locked(const struct sock_addr *a)
{
	struct list_head *b = bucket_locked(a);
	struct list_head *p;

	for (p = b->next; p != b; p = p->next) {
		struct unix_sock *u = list_entry(p, struct unix_sock, abstract_link);

		if (u->name->len == a->len && memcmp(&u->name->storage, &a->storage, a->len) == 0)
			return u->s;
	}
	return NULL;
}

static void insert_abstract_locked(struct socket *s, struct sock_addr *name)
{
	struct unix_sock *u = unix_of(s);

	u->name = name;
	list_add(&u->abstract_link, bucket_locked(name));
}

static bool is_abstract(const struct sock_addr *a)
{
	return a->len > PATH_OFF && a->un.sun_path[0] == 0;
}

static int autobind(struct socket *s)
{
	struct sock_addr *name = calloc(1, sizeof(*name));
	uint32_t seed = 0;
	char text[8];

	if (!name)
		return -ENOMEM;
	host_getrandom(&seed, sizeof(seed));
	mutex_lock(&g_net_lock);
	if (unix_of(s)->name) {
		mutex_unlock(&g_net_lock);
		free(name);
		return 0;
	}
	for (unsigned int tries = 0; tries < 1u << 20; tries++, seed++) {
		name->un.sun_family = LX_AF_UNIX;
		snprintf(text, sizeof(text), "%05x", seed & 0xfffff);
		memcpy(name->un.sun_path + 1, text, 5);
		name->len = PATH_OFF + 6;
		if (!find_abstract_locked(name)) {
			insert_abstract_locked(s, name);
			mutex_unlock(&g_net_lock);
			return 0;
		}
	}
	mutex_unlock(&g_net_lock);
	free(name);
	return -ENOSPC;
}

static int bind_abstract(struct socket *s, const struct sock_addr *a)
{
	struct sock_addr *name = malloc(sizeof(*name));
	int ret = 0;

	if (!name)
		return -ENOMEM;
	*name = *a;
	mutex_lock(&g_net_lock);
	if (unix_of(s)->name)
		ret = -EINVAL;
	else if (find_abstract_locked(a))
		ret = -EADDRINUSE;
	else
		insert_abstract_locked(s, name);
	mutex_unlock(&g_net_lock);
	if (ret < 0)
		free(name);
	return ret;
}

static int bind_path(struct socket *s, struct task *t, const struct sock_addr *a)
{
	struct vfs_caller c = task_vfs_caller(t);
	struct sock_addr *name = calloc(1, sizeof(*name));
	struct path p = { 0 };
	char text[sizeof(a->un.sun_path) + 1] = "";
	int ret;

	if (!name)
		return -ENOMEM;
	memcpy(text, a->un.sun_path, a->len - PATH_OFF);
	name->un.sun_family = LX_AF_UNIX;
	memcpy(name->un.sun_path, text, strlen(text));
	name->len = (uint32_t)(PATH_OFF + strlen(text) + 1);
	/*
	 * Linux makes the node before it looks whether the socket has a name: an existing path is
	 * the first error.
	 */
	if (unix_of(s)->name) {
		ret = vfs_walk(&c, NULL, text, 0, &p);
		path_put(&p);
		free(name);
		return ret == 0 ? -EADDRINUSE : -EINVAL;
	}
	ret = vfs_bind_socket(&c, text, LX_S_IFSOCK | (0777 & ~c.fs->umask), &p);
	if (ret == -EEXIST)
		ret = -EADDRINUSE;
	if (ret < 0) {
		free(name);
		return ret;
	}
	mutex_lock(&g_net_lock);
	if (unix_of(s)->name) {
		mutex_unlock(&g_net_lock);
		path_put(&p);
		free(name);
		return -EINVAL;
	}
	unix_of(s)->name = name;
	unix_of(s)->path = p;
	p.dentry->inode->sock = s;
	mutex_unlock(&g_net_lock);
	return 0;
}

int unix_bind(struct socket *s, struct task *t, const struct sock_addr *a)
{
	if (a->len < sizeof(uint16_t) || a->len > sizeof(struct lx_sockaddr_un) ||
	    a->family != LX_AF_UNIX)
		return -EINVAL;
	if (a->len == PATH_OFF)
		return autobind(s);
	return is_abstract(a) ? bind_abstract(s, a) : bind_path(s, t, a);
}

int unix_find(struct task *t, const struct sock_addr *a, int type, struct socket **ret_s)
{
	char text[sizeof(a->un.sun_path) + 1] = "";
	struct path p = { 0 };
	struct socket *s = NULL;
	int ret = 0;

	if (a->len <= PATH_OFF || a->len > sizeof(struct lx_sockaddr_un) || a->family != LX_AF_UNIX)
		return -EINVAL;
	if (is_abstract(a)) {
		mutex_lock(&g_net_lock);
		s = find_abstract_locked(a);
		if (s)
			socket_get(s);
		mutex_unlock(&g_net_lock);
	} else {
		struct vfs_caller c = task_vfs_caller(t);

		memcpy(text, a->un.sun_path, a->len - PATH_OFF);
		ret = vfs_walk(&c, NULL, text, WALK_FOLLOW, &p);
		if (ret == 0)
			ret = path_permission(&p, &c, VFS_MAY_WRITE);
		if (ret == 0 && (p.dentry->inode->mode & LX_S_IFMT) != LX_S_IFSOCK)
			ret = -ECONNREFUSED;
		if (ret == 0) {
			mutex_lock(&g_net_lock);
			s = p.dentry->inode->sock;
			if (s)
				socket_get(s);
			mutex_unlock(&g_net_lock);
		}
		path_put(&p);
		if (ret < 0)
			return ret;
	}
	if (!s)
		return -ECONNREFUSED;
	if (s->type != type) {
		socket_put(s);
		return -EPROTOTYPE;
	}
	*ret_s = s;
	return 0;
}

void unix_unbind(struct socket *s)
{
	struct unix_sock *u = unix_of(s);
	struct path p = { 0 };

	mutex_lock(&g_net_lock);
	if (u->name && is_abstract(u->name)) {
		list_del_init(&u->abstract_link);
	} else if (u->path.dentry) {
		if (u->path.dentry->inode && u->path.dentry->inode->sock == s)
			u->path.dentry->inode->sock = NULL;
		p = u->path;
		memset(&u->path, 0, sizeof(u->path));
	}
	mutex_unlock(&g_net_lock);
	path_put(&p);
}

struct sock_addr *unix_name_copy(struct socket *s)
{
	struct sock_addr *copy = NULL;

	mutex_lock(&g_net_lock);
	if (unix_of(s)->name) {
		copy = malloc(sizeof(*copy));
		if (copy)
			*copy = *unix_of(s)->name;
	}
	mutex_unlock(&g_net_lock);
	return copy;
}

int unix_getname(struct socket *s, bool peer, struct sock_addr *ret_a)
{
	struct unix_sock *u = unix_of(s);
	const struct sock_addr *name;
	int ret = 0;

	mutex_lock(&g_net_lock);
	name = u->name;
	if (peer) {
		if (s->type == LX_SOCK_DGRAM) {
			ret = u->peer ? 0 : -ENOTCONN;
			name = u->peer ? unix_of(u->peer)->name : NULL;
		} else {
			ret = s->state == SS_CONNECTED ? 0 : -ENOTCONN;
			name = u->peer_name;
		}
	}
	if (ret == 0) {
		memset(ret_a, 0, sizeof(*ret_a));
		if (name) {
			*ret_a = *name;
		} else {
			ret_a->un.sun_family = LX_AF_UNIX;
			ret_a->len = PATH_OFF;
		}
	}
	mutex_unlock(&g_net_lock);
	return ret;
}

long unix_ioctl(struct socket *s, struct task *t, unsigned int cmd, uaddr_t arg)
{
	struct skq *q;
	struct skb *b;
	int v = 0;

	switch (cmd) {
	case LX_FIONREAD:
		if (s->state == SS_LISTENING)
			return -EINVAL;
		q = sock_rx(s);
		if (q && s->type == LX_SOCK_STREAM) {
			v = (int)skq_bytes(q);
		} else if (q) {
			mutex_lock(&q->lock);
			if (!list_empty(&q->skbs)) {
				b = list_first_entry(&q->skbs, struct skb, link);
				v = (int)b->len;
			}
			mutex_unlock(&q->lock);
		}
		skq_put(q);
		return copyout(t, arg, &v, sizeof(v));
	case LX_SIOCOUTQ:
		q = sock_tx(s);
		v = q ? (int)skq_bytes(q) : 0;
		skq_put(q);
		return copyout(t, arg, &v, sizeof(v));
	case LX_SIOCATMARK:
		return copyout(t, arg, &v, sizeof(v));
	default:
		return -ENOTTY;
	}
}
