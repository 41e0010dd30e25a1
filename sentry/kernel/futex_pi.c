/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Futexes that hand a lock to the next waiter: LOCK_PI and its kin. The word holds the owner's tid;
 * while somebody waits, the kernel side of the lock (struct pi_lock) knows the owner and the queue.
 * Owners change only in unlock and exit, which choose the next owner under the lock, then write the
 * word, then let the chosen one go. Differs from Linux: waiters are served in order of arrival;
 * priorities are not inherited, since all guest threads have the host's scheduling anyway.
 */
#include <abi/linux/futex.h>

#include "kernel/futex_int.h"

struct futex_pi {              /* one contended lock */
	struct list_head link; /* in g_locks */
	struct mm_futex_key key;
	struct task *owner; /* borrowed: leaves through futex_pi_exit */
	uaddr_t addr; /* in the owner's address space: where it will find the word when it exits */
	struct list_head waiters;
};

/* PI_RETRY: the lock was not its supposed owner's any more: look at the word again */
enum grant { PI_WAITING, PI_CHOSEN, PI_GRANTED, PI_FAILED, PI_RETRY };

/*
 * A waiter reads the owner from the word, then queues: in between the owner may have let go. Such a
 * waiter finds out and leaves at once, and until then nobody else may join it, or the lock would
 * keep the wrong owner. Whoever meets that waits this long, this often.
 */
#define STALE_NS    50000
#define STALE_TRIES 2000

struct pi_waiter {
	struct list_head link;
	struct task *t;
	uaddr_t addr;
	_Atomic int grant; /* enum grant */
};

static struct mutex g_pi = MUTEX_INIT(LC_FUTEX);
static LIST_HEAD(g_locks); /* GUARDED_BY(g_pi) */

static struct futex_pi *find_locked(const struct mm_futex_key *key)
{
	struct futex_pi *l;

	list_for_each_entry(l, &g_locks, link) {
		if (futex_key_eq(&l->key, key))
			return l;
	}
	return NULL;
}

static void drop_if_idle_locked(struct futex_pi *l)
{
	if (!list_empty(&l->waiters))
		return;
	list_del(&l->link);
	free(l);
}

/* Queues w behind the owner with the given tid. -EAGAIN: those who wait do so for another owner. */
static int enqueue(struct task *t, const struct mm_futex_key *key, uint32_t owner_tid, uaddr_t addr,
		   struct pi_waiter *w)
{
	struct task *owner = task_find(t->kernel, (int)owner_tid);
	struct futex_pi *l;
	int ret = 0;

	if (!owner)
		return -ESRCH;
	mutex_lock(&g_pi);
	l = find_locked(key);
	if (!l) {
		/* an exiting owner will not look at its locks again */
		if (owner->pi_gone)
			ret = -ESRCH;
		else if (!(l = calloc(1, sizeof(*l))))
			ret = -ENOMEM;
		if (ret == 0) {
			l->key = *key;
			l->owner = owner;
			l->addr = addr;
			INIT_LIST_HEAD(&l->waiters);
			list_add(&l->link, &g_locks);
		}
	} else if (l->owner != owner) {
		ret = -EAGAIN;
	}
	if (ret == 0)
		list_add_tail(&w->link, &l->waiters);
	mutex_unlock(&g_pi);
	task_put(owner);
	return ret;
}

/* True if w left the queue by itself; false: it was chosen and must see it through. */
static bool leave(const struct mm_futex_key *key, struct pi_waiter *w)
{
	bool left = false;

	mutex_lock(&g_pi);
	if (atomic_load(&w->grant) == PI_WAITING) {
		struct futex_pi *l = find_locked(key);

		list_del_init(&w->link);
		if (l)
			drop_if_idle_locked(l);
		left = true;
	}
	mutex_unlock(&g_pi);
	return left;
}

/* The next owner of the lock, already its owner here; its reference is the caller's. NULL: nobody
 * waits. */
static struct task *choose(const struct mm_futex_key *key, struct pi_waiter **ret_w)
{
	struct pi_waiter *w = NULL;
	struct futex_pi *l;
	struct task *t = NULL;

	mutex_lock(&g_pi);
	l = find_locked(key);
	if (l) {
		w = list_first_entry(&l->waiters, struct pi_waiter, link);
		list_del_init(&w->link);
		atomic_store(&w->grant, PI_CHOSEN);
		l->owner = w->t;
		l->addr = w->addr;
		t = task_get(w->t);
		drop_if_idle_locked(l);
	}
	mutex_unlock(&g_pi);
	*ret_w = w;
	return t;
}

static void grant(struct pi_waiter *w, struct task *t, enum grant how)
{
	atomic_store(&w->grant, how); /* w may be gone from here on */
	task_wake(t);
	task_put(t);
}

/*
 * Hands the word, which t owns, to the next waiter or frees it. died: says so in the word. -EAGAIN:
 * the word changed hands meanwhile.
 */
static long hand_over(struct task *t, uaddr_t addr, const struct mm_futex_key *key, uint32_t val,
		      bool died)
{
	uint32_t flag = died ? LX_FUTEX_OWNER_DIED : 0;

	for (;;) {
		struct pi_waiter *w;
		struct task *next = choose(key, &w);
		uint32_t newv = next ? LX_FUTEX_WAITERS | flag | (uint32_t)next->tid : flag, prev;
		int ret;

		do {
			ret = mm_cmpxchg32(t->mm, addr, val, newv, &prev);
			if (ret < 0 || prev == val)
				break;
			/* only the waiters bit may have come; anything else is the guest's own
			 * doing */
			if ((prev & ~LX_FUTEX_WAITERS) != (val & ~LX_FUTEX_WAITERS))
				ret = -EAGAIN;
			val = prev;
			if (!next)
				break; /* somebody queues: look again */
		} while (ret == 0);
		if (next) {
			grant(w, next,
			      ret == 0       ? PI_GRANTED :
			      ret == -EAGAIN ? PI_RETRY :
					       PI_FAILED);
			return ret;
		}
		if (ret < 0 || prev == val)
			return ret;
	}
}

long futex_unlock_pi(struct task *t, uaddr_t addr, bool is_private)
{
	struct mm_futex_key key;
	uint32_t val, prev;
	int ret;

	ret = mm_futex_key(t->mm, addr, is_private, &key);
	if (ret == 0)
		ret = mm_load32(t->mm, addr, &val);
	if (ret < 0)
		return ret;
	if ((val & LX_FUTEX_TID_MASK) != (uint32_t)t->tid)
		return -EPERM;
	if (!(val & LX_FUTEX_WAITERS)) {
		ret = mm_cmpxchg32(t->mm, addr, val, 0, &prev);
		if (ret < 0 || prev == val)
			return ret;
		val = prev;
	}
	ret = hand_over(t, addr, &key, val, false);
	return ret == -EAGAIN ? -EINVAL : ret;
}

/* 1 got it; 0: *ret_owner has it and the waiters bit is set; -errno. */
static int try_take(struct task *t, uaddr_t addr, bool set_waiters, uint32_t *ret_owner)
{
	uint32_t val, prev, tid = (uint32_t)t->tid;
	int ret = mm_load32(t->mm, addr, &val);

	for (; ret == 0; val = prev) {
		uint32_t newv;

		if ((val & LX_FUTEX_TID_MASK) == tid)
			return -EDEADLK;
		if (!(val & LX_FUTEX_TID_MASK))
			newv = (val & (LX_FUTEX_OWNER_DIED | LX_FUTEX_WAITERS)) | tid;
		else if (set_waiters)
			newv = val | LX_FUTEX_WAITERS;
		else
			newv = val;
		*ret_owner = val & LX_FUTEX_TID_MASK;
		if (newv == val)
			return 0;
		ret = mm_cmpxchg32(t->mm, addr, val, newv, &prev);
		if (ret == 0 && prev == val)
			return *ret_owner == 0;
	}
	return ret;
}

/* Sleeps until the lock is handed over. -EAGAIN: look at the word again. */
static long sleep_for(struct task *t, const struct mm_futex_key *key, struct pi_waiter *w,
		      int64_t deadline_ns)
{
	long ret = 0;
	int g;

	while ((g = atomic_load(&w->grant)) == PI_WAITING && ret == 0)
		ret = task_block(t, deadline_ns);
	if (g == PI_WAITING && leave(key, w))
		return ret == -LX_ERESTARTSYS ? -LX_ERESTARTNOINTR : ret;
	while ((g = atomic_load(&w->grant)) == PI_CHOSEN)
		task_block_bits(t, TASK_NO_DEADLINE, 0, 'D'); /* the word is being written: no time
								 at all */
	return g == PI_GRANTED ? 0 : g == PI_RETRY ? -EAGAIN : -EFAULT;
}

long futex_lock_pi(struct task *t, uaddr_t addr, bool is_private, int64_t deadline_ns,
		   bool try_only)
{
	struct mm_futex_key key;
	int stale = 0;
	long ret;

	ret = mm_futex_key(t->mm, addr, is_private, &key);
	if (ret < 0)
		return ret;
	for (;;) {
		struct pi_waiter w = { .t = t, .addr = addr };
		uint32_t owner, val;

		ret = try_take(t, addr, !try_only, &owner);
		if (ret != 0)
			return ret > 0 ? 0 : ret;
		if (try_only)
			return -EAGAIN;
		INIT_LIST_HEAD(&w.link);
		ret = enqueue(t, &key, owner, addr, &w);
		if (ret == -EAGAIN) {
			if (++stale > STALE_TRIES)
				return -EINVAL; /* as Linux: the word is not what we know */
			ret = task_block(t, host_now_ns() + STALE_NS);
			if (ret < 0 && ret != -ETIMEDOUT)
				return ret == -LX_ERESTARTSYS ? -LX_ERESTARTNOINTR : ret;
			continue;
		}
		if (ret < 0) {
			uint32_t now;

			/* the owner may just have let go */
			if (ret == -ESRCH && mm_load32(t->mm, addr, &now) == 0 &&
			    (now & LX_FUTEX_TID_MASK) != owner)
				continue;
			return ret;
		}
		/* queued: whoever unlocks from now on finds us. Did somebody before? */
		ret = mm_load32(t->mm, addr, &val);
		if ((ret < 0 || (val & LX_FUTEX_TID_MASK) != owner) && leave(&key, &w)) {
			if (ret < 0)
				return ret;
			continue;
		}
		ret = sleep_for(t, &key, &w, deadline_ns);
		if (ret != -EAGAIN)
			return ret;
	}
}

void futex_pi_exit(struct task *t)
{
	for (;;) {
		struct mm_futex_key key;
		struct futex_pi *l, *mine = NULL;
		uaddr_t addr = 0;
		uint32_t val;
		int ret;

		mutex_lock(&g_pi);
		t->pi_gone = true;
		list_for_each_entry(l, &g_locks, link) {
			if (l->owner == t) {
				mine = l;
				key = l->key;
				addr = l->addr;
				break;
			}
		}
		mutex_unlock(&g_pi);
		if (!mine)
			return;
		ret = mm_load32(t->mm, addr, &val);
		if (ret == 0 && (val & LX_FUTEX_TID_MASK) != (uint32_t)t->tid)
			ret = -EAGAIN; /* somebody queued behind us when we had let go already */
		if (ret == 0)
			ret = hand_over(t, addr, &key, val, true);
		if (ret < 0) {
			/* the word is out of reach, then nobody can have the lock and its waiters
			 * fail; or it is not ours, then they look again */
			struct pi_waiter *w;
			struct task *next;

			while ((next = choose(&key, &w)) != NULL)
				grant(w, next, ret == -EAGAIN ? PI_RETRY : PI_FAILED);
		}
	}
}

/* --- condition variables over such locks --- */

/*
 * Wakes up to nr who wait at key for the lock at `to`. How many; -EINVAL: somebody waits otherwise.
 */
static long wake_for_lock(const struct mm_futex_key *key, uaddr_t to, long nr)
{
	struct futex_bucket *b = futex_bucket(key);
	struct futex_waiter *w, *tmp;
	long moved = 0, ret = 0;

	mutex_lock(&b->lock);
	list_for_each_entry_safe(w, tmp, &b->waiters, link) {
		if (moved >= nr)
			break;
		if (!futex_key_eq(&w->key, key))
			continue;
		if (w->pi_addr != to) {
			ret = -EINVAL;
			break;
		}
		list_del_init(&w->link);
		futex_count_out(w);
		task_wake(w->t);
		moved++;
	}
	mutex_unlock(&b->lock);
	return ret < 0 && moved == 0 ? ret : moved;
}

long futex_wait_requeue_pi(struct task *t, const struct futex_word *fw, uint32_t bitset,
			   int64_t deadline_ns, uaddr_t to)
{
	struct mm_futex_key key, to_key;
	struct futex_waiter w;
	uint32_t val;
	long ret;

	if (fw->addr == to || bitset == 0)
		return -EINVAL;
	ret = mm_futex_key(t->mm, to, fw->is_private, &to_key);
	if (ret == 0)
		ret = mm_futex_key(t->mm, fw->addr, fw->is_private, &key);
	if (ret < 0)
		return ret;
	futex_enqueue(t, &w, &key, bitset, to);
	ret = mm_load32(t->mm, fw->addr, &val);
	if (ret < 0 || val != fw->val) {
		/* who was sent for the lock instead of somebody that really waits sends that one */
		if (!futex_dequeue(&w))
			wake_for_lock(&key, to, 1);
		return ret < 0 ? ret : -EAGAIN;
	}
	while (ret == 0 && futex_queued(&w))
		ret = task_block(t, deadline_ns);
	if (futex_dequeue(&w))
		return ret == -LX_ERESTARTSYS ? -LX_ERESTARTNOINTR : ret;
	/* requeued: the lock is what we wait for now */
	ret = futex_lock_pi(t, to, fw->is_private, deadline_ns, false);
	return ret == -LX_ERESTARTNOINTR ? -EAGAIN : ret;
}

/*
 * Linux moves the sleepers to the lock's queue; here each is woken and queues itself, which a guest
 * cannot tell apart.
 */
long futex_cmp_requeue_pi(struct task *t, uaddr_t from, bool is_private, uaddr_t to, int nr_wake,
			  int nr_requeue, uint32_t cmp)
{
	struct mm_futex_key key, to_key;
	uint32_t val;
	int ret;

	if (nr_wake != 1 || nr_requeue < 0 || from == to)
		return -EINVAL;
	ret = mm_futex_key(t->mm, from, is_private, &key);
	if (ret == 0)
		ret = mm_futex_key(t->mm, to, is_private, &to_key);
	if (ret == 0)
		ret = mm_load32(t->mm, from, &val);
	if (ret < 0)
		return ret;
	if (val != cmp)
		return -EAGAIN;
	return wake_for_lock(&key, to, (long)nr_wake + nr_requeue);
}
