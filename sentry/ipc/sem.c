/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Semaphore sets. An operation that cannot be done sleeps in the set's queue; whoever changes a
 * value does what became possible on behalf of the sleepers, in their order, and wakes those.
 * Locking: g_sem.lock for everything.
 */
#include "ipc/sem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ipc/ipc.h"
#include "kernel/task.h"
#include "lock_class.h"

struct semaphore {
	int val, pid;
};

struct sem_set {
	struct ipc_obj o;
	unsigned int nr;
	int64_t otime, ctime;
	struct list_head waiting; /* struct sem_wait, oldest first */
	struct list_head undos;   /* struct undo_entry */
	struct semaphore sem[];
};

struct sem_wait { /* on the sleeper's stack */
	struct list_head link;
	struct task *t;
	const struct lx_sembuf *ops;
	unsigned int nr;
	const struct lx_sembuf *blocked_by;
	bool done;
	int result;
};

struct undo_entry {
	struct list_head of_set, of_list;
	struct sem_set *set;
	int16_t adj[];
};

struct sem_undo {          /* shared by tasks with CLONE_SYSVSEM */
	unsigned int refs; /* g_sem.lock, as all */
	struct list_head entries;
};

static struct ipc_ids g_sem = IPC_IDS_INIT;
static unsigned int g_nr_sems;

#define SEM_TOTAL_MAX (1u << 20) /* of all sets: memory of the sentry */

static struct sem_set *set_of(struct ipc_obj *o)
{
	return o ? container_of(o, struct sem_set, o) : NULL;
}

/* --- undo --- */

static struct undo_entry *undo_find_locked(struct task *t, struct sem_set *s)
{
	struct undo_entry *u;

	if (!t->sem_undo)
		return NULL;
	list_for_each_entry(u, &t->sem_undo->entries, of_list) {
		if (u->set == s)
			return u;
	}
	return NULL;
}

static int undo_get_locked(struct task *t, struct sem_set *s, struct undo_entry **ret_u)
{
	struct undo_entry *u = undo_find_locked(t, s);

	if (!u) {
		if (!t->sem_undo) {
			t->sem_undo = calloc(1, sizeof(*t->sem_undo));
			if (!t->sem_undo)
				return -ENOMEM;
			t->sem_undo->refs = 1;
			INIT_LIST_HEAD(&t->sem_undo->entries);
		}
		u = calloc(1, sizeof(*u) + s->nr * sizeof(u->adj[0]));
		if (!u)
			return -ENOMEM;
		u->set = s;
		list_add(&u->of_set, &s->undos);
		list_add(&u->of_list, &t->sem_undo->entries);
	}
	*ret_u = u;
	return 0;
}

static void undo_free_locked(struct undo_entry *u)
{
	list_del(&u->of_set);
	list_del(&u->of_list);
	free(u);
}

/* --- operations --- */

/* 0: all done; 1: would block (*ret_by says on what); -errno: nothing done. */
static int try_ops_locked(struct sem_set *s, struct task *t, const struct lx_sembuf *ops,
			  unsigned int nr, const struct lx_sembuf **ret_by)
{
	struct undo_entry *undo = NULL;
	unsigned int i;
	int ret = 0;

	for (i = 0; i < nr; i++) {
		if ((ops[i].sem_flg & LX_SEM_UNDO) && ops[i].sem_op) {
			ret = undo_get_locked(t, s, &undo);
			if (ret < 0)
				return ret;
			break;
		}
	}
	for (i = 0; i < nr; i++) {
		const struct lx_sembuf *op = &ops[i];
		struct semaphore *sem = &s->sem[op->sem_num];
		int val = sem->val + op->sem_op;

		if ((op->sem_op == 0 && sem->val != 0) || val < 0) {
			*ret_by = op;
			ret = op->sem_flg & LX_IPC_NOWAIT ? -EAGAIN : 1;
			break;
		}
		if (val > LX_SEMVMX) {
			ret = -ERANGE;
			break;
		}
		if ((op->sem_flg & LX_SEM_UNDO) && op->sem_op) {
			int adj = undo->adj[op->sem_num] - op->sem_op;

			if (adj < -LX_SEMAEM - 1 || adj > LX_SEMAEM) {
				ret = -ERANGE;
				break;
			}
			undo->adj[op->sem_num] = (int16_t)adj;
		}
		sem->val = val;
	}
	if (ret == 0) {
		for (i = 0; i < nr; i++)
			s->sem[ops[i].sem_num].pid = t->tg->tgid;
		s->otime = ipc_now();
		return 0;
	}
	while (i-- > 0) {
		s->sem[ops[i].sem_num].val -= ops[i].sem_op;
		if ((ops[i].sem_flg & LX_SEM_UNDO) && ops[i].sem_op)
			undo->adj[ops[i].sem_num] =
				(int16_t)(undo->adj[ops[i].sem_num] + ops[i].sem_op);
	}
	return ret;
}

static void finish_locked(struct sem_wait *w, int result)
{
	list_del_init(&w->link);
	w->done = true;
	w->result = result;
	task_wake(w->t);
}

/* Values changed: does what sleepers waited for until nothing more can be done. */
static void update_locked(struct sem_set *s)
{
	struct sem_wait *w, *tmp;
	bool again;

	do {
		again = false;
		list_for_each_entry_safe(w, tmp, &s->waiting, link) {
			int ret = try_ops_locked(s, w->t, w->ops, w->nr, &w->blocked_by);

			if (ret > 0)
				continue;
			finish_locked(w, ret);
			for (unsigned int i = 0; ret == 0 && i < w->nr; i++)
				again |= w->ops[i].sem_op != 0;
			if (again)
				break;
		}
	} while (again);
}

static int check_ops_locked(struct task *t, struct sem_set *s, const struct lx_sembuf *ops,
			    unsigned int nr)
{
	bool alter = false;

	for (unsigned int i = 0; i < nr; i++) {
		if (ops[i].sem_num >= s->nr)
			return -EFBIG;
		alter |= ops[i].sem_op != 0;
	}
	return ipc_access(t, &s->o.perm, alter ? 0222 : 0444);
}

long sem_op(struct task *t, int id, const struct lx_sembuf *ops, unsigned int nr,
	    int64_t deadline_ns)
{
	struct sem_wait w = { .t = t, .ops = ops, .nr = nr };
	struct sem_set *s;
	long ret = -EINVAL;

	mutex_lock(&g_sem.lock);
	s = set_of(ipc_find_locked(&g_sem, id));
	if (s)
		ret = check_ops_locked(t, s, ops, nr);
	if (ret == 0)
		ret = try_ops_locked(s, t, ops, nr, &w.blocked_by);
	if (ret == 0)
		update_locked(s);
	if (ret == 1)
		list_add_tail(&w.link, &s->waiting);
	mutex_unlock(&g_sem.lock);
	if (ret != 1)
		return ret;

	ret = 0;
	for (;;) {
		bool done;

		mutex_lock(&g_sem.lock);
		done = w.done;
		if (!done && ret < 0)
			list_del_init(&w.link);
		mutex_unlock(&g_sem.lock);
		if (done)
			return w.result;
		if (ret < 0)
			return ret == -ETIMEDOUT ? -EAGAIN : -EINTR; /* never restarted */
		ret = task_block(t, deadline_ns);
	}
}

/* --- sets --- */

static int sem_new_locked(struct task *t, int key, int nsems, int flags)
{
	struct sem_set *s;
	int ret;

	if (nsems == 0)
		return -EINVAL;
	if (g_nr_sems + (unsigned int)nsems > SEM_TOTAL_MAX)
		return -ENOSPC;
	s = calloc(1, sizeof(*s) + (size_t)nsems * sizeof(s->sem[0]));
	if (!s)
		return -ENOMEM;
	s->nr = (unsigned int)nsems;
	s->ctime = ipc_now();
	INIT_LIST_HEAD(&s->waiting);
	INIT_LIST_HEAD(&s->undos);
	ret = ipc_add_locked(&g_sem, &s->o, t, key, flags, LX_SEMMNI);
	if (ret < 0) {
		free(s);
		return ret;
	}
	g_nr_sems += s->nr;
	return s->o.id;
}

int sem_get(struct task *t, int key, int nsems, int flags)
{
	struct sem_set *s = NULL;
	int ret;

	if (nsems < 0 || nsems > LX_SEMMSL)
		return -EINVAL;
	mutex_lock(&g_sem.lock);
	if (key != LX_IPC_PRIVATE)
		s = set_of(ipc_find_key_locked(&g_sem, key));
	if (!s)
		ret = key == LX_IPC_PRIVATE || (flags & LX_IPC_CREAT) ?
			      sem_new_locked(t, key, nsems, flags) :
			      -ENOENT;
	else if ((flags & LX_IPC_CREAT) && (flags & LX_IPC_EXCL))
		ret = -EEXIST;
	else if ((unsigned int)nsems > s->nr)
		ret = -EINVAL;
	else
		ret = ipc_access(t, &s->o.perm, flags);
	if (ret == 0 && s)
		ret = s->o.id;
	mutex_unlock(&g_sem.lock);
	return ret;
}

static int count_waiting_locked(struct sem_set *s, int num, bool zero)
{
	struct sem_wait *w;
	int n = 0;

	list_for_each_entry(w, &s->waiting, link)
		n += w->blocked_by->sem_num == num && (w->blocked_by->sem_op == 0) == zero;
	return n;
}

/* The set with access checked, and its lock held; NULL: *ret_err, lock not held. */
static struct sem_set *lock_set(struct task *t, int id, int access, int *ret_err) NO_THREAD_SAFETY
{
	struct sem_set *s;

	mutex_lock(&g_sem.lock);
	s = set_of(ipc_find_locked(&g_sem, id));
	*ret_err = s ? ipc_access(t, &s->o.perm, access) : -EINVAL;
	if (*ret_err == 0)
		return s;
	mutex_unlock(&g_sem.lock);
	return NULL;
}

int sem_read(struct task *t, int id, int num, int cmd) NO_THREAD_SAFETY
{
	int ret;
	struct sem_set *s = lock_set(t, id, 0444, &ret);

	if (!s)
		return ret;
	if (num < 0 || (unsigned int)num >= s->nr)
		ret = -EINVAL;
	else if (cmd == LX_GETVAL)
		ret = s->sem[num].val;
	else if (cmd == LX_GETPID)
		ret = s->sem[num].pid;
	else
		ret = count_waiting_locked(s, num, cmd == LX_GETZCNT);
	mutex_unlock(&g_sem.lock);
	return ret;
}

static void forget_undo_locked(struct sem_set *s, unsigned int num)
{
	struct undo_entry *u;

	list_for_each_entry(u, &s->undos, of_set)
		u->adj[num] = 0;
}

int sem_set_one(struct task *t, int id, int num, int val) NO_THREAD_SAFETY
{
	struct sem_set *s;
	int ret;

	if (val < 0 || val > LX_SEMVMX)
		return -ERANGE;
	s = lock_set(t, id, 0222, &ret);
	if (!s)
		return ret;
	if (num < 0 || (unsigned int)num >= s->nr) {
		ret = -EINVAL;
	} else {
		forget_undo_locked(s, (unsigned int)num);
		s->sem[num].val = val;
		s->sem[num].pid = t->tg->tgid;
		s->ctime = ipc_now();
		update_locked(s);
	}
	mutex_unlock(&g_sem.lock);
	return ret;
}

int sem_count(struct task *t, int id, int cmd) NO_THREAD_SAFETY
{
	int ret;
	struct sem_set *s = lock_set(t, id, cmd == LX_SETALL ? 0222 : 0444, &ret);

	if (!s)
		return ret;
	ret = (int)s->nr;
	mutex_unlock(&g_sem.lock);
	return ret;
}

int sem_get_all(struct task *t, int id, uint16_t *vals, unsigned int nr) NO_THREAD_SAFETY
{
	int ret;
	struct sem_set *s = lock_set(t, id, 0444, &ret);

	if (!s)
		return ret;
	if (s->nr != nr)
		ret = -EIDRM;
	for (unsigned int i = 0; ret == 0 && i < nr; i++)
		vals[i] = (uint16_t)s->sem[i].val;
	mutex_unlock(&g_sem.lock);
	return ret;
}

int sem_set_all(struct task *t, int id, const uint16_t *vals, unsigned int nr) NO_THREAD_SAFETY
{
	struct sem_set *s;
	int ret;

	for (unsigned int i = 0; i < nr; i++) {
		if (vals[i] > LX_SEMVMX)
			return -ERANGE;
	}
	s = lock_set(t, id, 0222, &ret);
	if (!s)
		return ret;
	if (s->nr != nr)
		ret = -EIDRM;
	for (unsigned int i = 0; ret == 0 && i < nr; i++) {
		forget_undo_locked(s, i);
		s->sem[i].val = vals[i];
		s->sem[i].pid = t->tg->tgid;
	}
	if (ret == 0) {
		s->ctime = ipc_now();
		update_locked(s);
	}
	mutex_unlock(&g_sem.lock);
	return ret;
}

int sem_stat(struct task *t, int id, int cmd, struct lx_semid_ds *ret_ds)
{
	struct sem_set *s;
	int ret = -EINVAL;

	mutex_lock(&g_sem.lock);
	s = set_of(cmd == LX_IPC_STAT ? ipc_find_locked(&g_sem, id) :
					ipc_find_index_locked(&g_sem, id));
	if (s) {
		ret = cmd == LX_SEM_STAT_ANY ? 0 : ipc_access(t, &s->o.perm, 0444);
		if (ret == 0) {
			memset(ret_ds, 0, sizeof(*ret_ds));
			ret_ds->sem_perm = s->o.perm;
			ret_ds->sem_otime = s->otime;
			ret_ds->sem_ctime = s->ctime;
			ret_ds->sem_nsems = s->nr;
			ret = cmd == LX_IPC_STAT ? 0 : s->o.id;
		}
	}
	mutex_unlock(&g_sem.lock);
	return ret;
}

int sem_set(struct task *t, int id, const struct lx_semid_ds *ds)
{
	struct sem_set *s;
	int ret = -EINVAL;

	mutex_lock(&g_sem.lock);
	s = set_of(ipc_find_locked(&g_sem, id));
	if (s) {
		ret = ipc_owner(t, &s->o.perm);
		if (ret == 0)
			ret = ipc_set_perm(&s->o.perm, &ds->sem_perm);
		if (ret == 0)
			s->ctime = ipc_now();
	}
	mutex_unlock(&g_sem.lock);
	return ret;
}

int sem_remove(struct task *t, int id)
{
	struct sem_set *s;
	int ret = -EINVAL;

	mutex_lock(&g_sem.lock);
	s = set_of(ipc_find_locked(&g_sem, id));
	if (s)
		ret = ipc_owner(t, &s->o.perm);
	if (ret == 0) {
		ipc_del_locked(&g_sem, &s->o);
		while (!list_empty(&s->waiting))
			finish_locked(list_first_entry(&s->waiting, struct sem_wait, link), -EIDRM);
		while (!list_empty(&s->undos))
			undo_free_locked(list_first_entry(&s->undos, struct undo_entry, of_set));
		g_nr_sems -= s->nr;
		free(s);
	}
	mutex_unlock(&g_sem.lock);
	return ret;
}

int sem_limits(int cmd, struct lx_seminfo *ret_info)
{
	int ret;

	*ret_info = (struct lx_seminfo){
		.semmap = LX_SEMMNI * LX_SEMMSL,
		.semmni = LX_SEMMNI,
		.semmns = LX_SEMMNI * LX_SEMMSL,
		.semmnu = LX_SEMMNI * LX_SEMMSL,
		.semmsl = LX_SEMMSL,
		.semopm = LX_SEMOPM,
		.semume = LX_SEMOPM,
		.semusz = 20,
		.semvmx = LX_SEMVMX,
		.semaem = LX_SEMAEM,
	};
	mutex_lock(&g_sem.lock);
	if (cmd == LX_SEM_INFO) {
		ret_info->semusz = (int)g_sem.nr;
		ret_info->semaem = (int)g_nr_sems;
	}
	ret = ipc_max_index_locked(&g_sem);
	mutex_unlock(&g_sem.lock);
	return ret;
}

/* --- tasks --- */

void sem_undo_exit(struct task *t)
{
	struct sem_undo *list = t->sem_undo;

	if (!list)
		return;
	t->sem_undo = NULL;
	mutex_lock(&g_sem.lock);
	if (--list->refs > 0) {
		mutex_unlock(&g_sem.lock);
		return;
	}
	while (!list_empty(&list->entries)) {
		struct undo_entry *u = list_first_entry(&list->entries, struct undo_entry, of_list);
		struct sem_set *s = u->set;

		for (unsigned int i = 0; i < s->nr; i++) {
			int val = s->sem[i].val + u->adj[i];

			if (!u->adj[i])
				continue;
			s->sem[i].val = val < 0 ? 0 : val > LX_SEMVMX ? LX_SEMVMX : val;
			s->sem[i].pid = t->tg->tgid;
		}
		undo_free_locked(u);
		update_locked(s);
	}
	mutex_unlock(&g_sem.lock);
	free(list);
}

int sem_undo_clone(struct task *t, struct task *child, bool share)
{
	if (!share)
		return 0;
	mutex_lock(&g_sem.lock);
	if (!t->sem_undo) {
		t->sem_undo = calloc(1, sizeof(*t->sem_undo));
		if (t->sem_undo) {
			t->sem_undo->refs = 1;
			INIT_LIST_HEAD(&t->sem_undo->entries);
		}
	}
	child->sem_undo = t->sem_undo;
	if (child->sem_undo)
		child->sem_undo->refs++;
	mutex_unlock(&g_sem.lock);
	return child->sem_undo ? 0 : -ENOMEM;
}
