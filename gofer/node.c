/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The node table: what the ids the sentry holds stand for. Owns the ids, the O_PATH descriptors and
 * their budget.
 *
 * Locking: see server.h. An id is a slot number and a generation, so that one given up is never
 * taken for the next one in the same slot.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "server.h"

#define FIRST_SLOTS 256u
#define DEPTH_MAX   4096 /* of ancestors without a descriptor; deeper is refused as stale */

int node_table_init(struct node_table *t, unsigned int fd_budget)
{
	mutex_init(&t->lock, LC_UNRANKED);
	INIT_LIST_HEAD(&t->lru);
	t->fd_budget = fd_budget;
	t->nr_slots = 0;
	t->free_hint = 1; /* slot 0 is never used: id 0 means none */
	t->nr_nodes = 0;
	t->nr_fds = 0;
	t->slots = NULL;
	t->generations = NULL;
	return 0;
}

void node_table_fini(struct node_table *t)
{
	for (uint32_t i = 0; i < t->nr_slots; i++) {
		struct gnode *n = t->slots[i];

		if (!n)
			continue;
		if (n->fd >= 0)
			close(n->fd);
		free(n->name);
		free(n);
	}
	free(t->slots);
	free(t->generations);
	mutex_fini(&t->lock);
}

static int table_grow_locked(struct node_table *t)
{
	uint32_t nr = t->nr_slots ? t->nr_slots * 2 : FIRST_SLOTS;
	struct gnode **slots;
	uint32_t *gens;

	if (nr > GOFER_NODES_MAX)
		return -ENFILE;
	slots = realloc(t->slots, nr * sizeof(*slots));
	if (!slots)
		return -ENOMEM;
	t->slots = slots;
	gens = realloc(t->generations, nr * sizeof(*gens));
	if (!gens)
		return -ENOMEM;
	t->generations = gens;
	for (uint32_t i = t->nr_slots; i < nr; i++) {
		slots[i] = NULL;
		gens[i] = 1;
	}
	t->nr_slots = nr;
	return 0;
}

static int slot_take_locked(struct node_table *t, uint32_t *ret_slot)
{
	int ret;

	for (;;) {
		for (uint32_t i = t->free_hint; i < t->nr_slots; i++) {
			if (!t->slots[i]) {
				t->free_hint = i + 1;
				*ret_slot = i;
				return 0;
			}
		}
		t->free_hint = t->nr_slots ? t->nr_slots : 1;
		ret = table_grow_locked(t);
		if (ret < 0)
			return ret;
	}
}

static void fd_close_locked(struct node_table *t, struct gnode *n)
{
	close(n->fd);
	n->fd = -1;
	t->nr_fds--;
}

/* The descriptor of a node may be closed from now on, if no handler uses it. */
static void lru_add_locked(struct node_table *t, struct gnode *n)
{
	if (n->fd >= 0 && n->users == 0 && !n->pinned)
		list_add(&n->lru, &t->lru);
	while (t->nr_fds > t->fd_budget) {
		struct gnode *old;

		if (list_empty(&t->lru))
			break;
		old = list_last_entry(&t->lru, struct gnode, lru);
		list_del_init(&old->lru);
		fd_close_locked(t, old);
	}
}

static void lru_del_locked(struct node_table *t, struct gnode *n)
{
	if (n->fd >= 0 && n->users == 0 && !n->pinned)
		list_del_init(&n->lru);
}

static void node_put_locked(struct node_table *t, struct gnode *n)
{
	while (n && --n->refs == 0) {
		struct gnode *parent = n->parent;
		uint32_t slot = (uint32_t)n->id;

		lru_del_locked(t, n);
		if (n->fd >= 0)
			fd_close_locked(t, n);
		t->slots[slot] = NULL;
		t->generations[slot]++;
		if (slot < t->free_hint)
			t->free_hint = slot;
		t->nr_nodes--;
		free(n->name);
		free(n);
		n = parent;
	}
}

int node_new(struct gofer_server *s, struct gnode *parent, const struct gmount *mnt,
	     const struct gofer_str *name, int fd, const struct statx *stx, bool blocked,
	     uint64_t *ret_id)
{
	struct node_table *t = &s->nodes;
	auto_close int owned_fd = fd;
	auto_free struct gnode *n = NULL;
	auto_free char *copy = NULL;
	uint32_t slot;
	int ret;

	n = calloc(1, sizeof(*n));
	if (!n)
		return -ENOMEM;
	if (name) {
		copy = strndup(name->p, name->size);
		if (!copy)
			return -ENOMEM;
	}
	mutex_lock(&t->lock);
	ret = slot_take_locked(t, &slot);
	if (ret < 0) {
		mutex_unlock(&t->lock);
		return ret;
	}
	INIT_LIST_HEAD(&n->lru);
	n->id = (uint64_t)t->generations[slot] << 32 | slot;
	n->dev = statx_dev(stx);
	n->ino = stx->stx_ino;
	n->type = stx->stx_mode & S_IFMT;
	n->blocked = blocked;
	n->pinned = !parent;
	n->has_id = true;
	n->refs = 1;
	n->mnt = mnt;
	n->name = STEAL(copy);
	n->parent = parent;
	if (parent)
		parent->refs++;
	n->fd = STEAL_FD(owned_fd);
	if (n->fd >= 0)
		t->nr_fds++;
	t->slots[slot] = n;
	t->nr_nodes++;
	*ret_id = n->id;
	lru_add_locked(t, STEAL(n));
	mutex_unlock(&t->lock);
	return 0;
}

static struct gnode *node_find_locked(struct node_table *t, uint64_t id)
{
	uint32_t slot = (uint32_t)id;
	struct gnode *n = slot < t->nr_slots ? t->slots[slot] : NULL;

	return n && n->id == id && n->has_id ? n : NULL;
}

/* Opens a node whose parent has a descriptor. */
static int node_reopen_locked(struct node_table *t, struct gnode *n)
{
	struct statx stx;
	int fd, ret;

	fd = open_name(n->parent->fd, n->name);
	if (fd < 0)
		return fd == -ENOENT || fd == -ENOTDIR ? -ESTALE : fd;
	ret = stat_fd(fd, &stx);
	if (ret == 0 && (statx_dev(&stx) != n->dev || stx.stx_ino != n->ino))
		ret = -ESTALE;
	if (ret < 0) {
		close(fd);
		return ret;
	}
	n->fd = fd;
	t->nr_fds++;
	return 0;
}

/* Makes n->fd valid, opening closed ancestors from the top down. */
static int node_open_locked(struct node_table *t, struct gnode *n)
{
	while (n->fd < 0) {
		struct gnode *top = n;
		int ret, depth = 0;

		while (top->parent && top->parent->fd < 0) {
			top = top->parent;
			if (++depth > DEPTH_MAX)
				return -ESTALE;
		}
		if (!top->parent || !top->name)
			return -ESTALE;
		/* The parent must not be chosen for closing while its child is opened. */
		lru_del_locked(t, top->parent);
		top->parent->users++;
		ret = node_reopen_locked(t, top);
		top->parent->users--;
		lru_add_locked(t, top->parent);
		if (ret < 0)
			return ret;
		if (top != n) {
			/*
			 * Keep it to the next round even if the budget is used up by others in use.
			 */
			list_add(&top->lru, &t->lru);
		}
	}
	return 0;
}

int node_use(struct gofer_server *s, uint64_t id, struct gnode **ret_node, int *ret_fd)
{
	struct node_table *t = &s->nodes;
	struct gnode *n;
	int ret = 0;

	mutex_lock(&t->lock);
	n = node_find_locked(t, id);
	if (!n) {
		mutex_unlock(&t->lock);
		return -ESTALE;
	}
	if (n->fd < 0)
		ret = node_open_locked(t, n);
	else
		lru_del_locked(t, n);
	if (ret == 0) {
		n->refs++;
		n->users++;
		*ret_node = n;
		*ret_fd = n->fd;
	}
	mutex_unlock(&t->lock);
	return ret;
}

void node_unuse(struct gofer_server *s, struct gnode *n)
{
	struct node_table *t = &s->nodes;

	if (!n)
		return;
	mutex_lock(&t->lock);
	n->users--;
	lru_add_locked(t, n);
	node_put_locked(t, n);
	mutex_unlock(&t->lock);
}

bool node_forget(struct gofer_server *s, uint64_t id)
{
	struct node_table *t = &s->nodes;
	struct gnode *n;

	mutex_lock(&t->lock);
	n = node_find_locked(t, id);
	if (n) {
		n->has_id = false;
		node_put_locked(t, n);
	}
	mutex_unlock(&t->lock);
	return n != NULL;
}

void node_unnamed(struct gofer_server *s, struct gnode *n)
{
	mutex_lock(&s->nodes.lock);
	n->pinned = true; /* in use, therefore not in the list */
	mutex_unlock(&s->nodes.lock);
}

void node_renamed(struct gofer_server *s, struct gnode *n, struct gnode *from,
		  const struct gofer_str *from_name, struct gnode *to,
		  const struct gofer_str *to_name)
{
	struct node_table *t = &s->nodes;
	char *copy = strndup(to_name->p, to_name->size);
	struct gnode *up;

	mutex_lock(&t->lock);
	if (!n->parent || !n->name || n->parent != from || strlen(n->name) != from_name->size ||
	    memcmp(n->name, from_name->p, from_name->size) != 0)
		goto out; /* the sentry named another node: its loss */
	for (up = to; up && up != n; up = up->parent)
		;
	if (up || !copy) {
		n->pinned = true; /* cannot be found again by name, but stays usable */
		goto out;
	}
	free(n->name);
	n->name = STEAL(copy);
	to->refs++;
	up = n->parent;
	n->parent = to;
	node_put_locked(t, up);
out:
	mutex_unlock(&t->lock);
	free(copy);
}
