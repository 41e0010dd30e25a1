/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Futexes (futex(2), futex_waitv(2)) and robust lists. Queues live in hashed buckets under
 * LC_FUTEX. Guest memory may not be touched under a bucket's lock, so a sleeper queues itself first
 * and looks at the word afterwards: whoever changes the word and then wakes finds it. If the word
 * was different, the sleeper takes itself off; a wake that hit it in between is handed to the next
 * one, so that none is lost.
 */
#include "kernel/futex.h"

#include <abi/linux/futex.h>
#include <base/bits.h>
#include <base/hash.h>

#include "kernel/answers.h"
#include "kernel/futex_int.h"

#define FUTEX_HASH_BITS 8

static struct futex_bucket g_buckets[1u << FUTEX_HASH_BITS];

__attribute__((constructor)) static void futex_init(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(g_buckets); i++) {
		mutex_init(&g_buckets[i].lock, LC_FUTEX);
		INIT_LIST_HEAD(&g_buckets[i].waiters);
	}
}

struct futex_bucket *futex_bucket(const struct mm_futex_key *key)
{
	uint64_t h = hash_u64((uint64_t)(uintptr_t)key->obj) ^ hash_u64(key->off * 31 + 7);

	return &g_buckets[hash_to_bits(hash_u64(h), FUTEX_HASH_BITS)];
}

/* --- queues --- */

/* A private futex: the stub's answers must know that somebody waits. */
static void count_in(struct futex_waiter *w)
{
	w->count = w->key.obj == w->t->mm ? task_futex_count(w->t, w->key.off) : NULL;
	if (w->count)
		__atomic_fetch_add(w->count, 1, __ATOMIC_SEQ_CST);
}

void futex_count_out(struct futex_waiter *w)
{
	if (w->count)
		__atomic_fetch_sub(w->count, 1, __ATOMIC_SEQ_CST);
	w->count = NULL;
}

void futex_enqueue(struct task *t, struct futex_waiter *w, const struct mm_futex_key *key,
		   uint32_t bitset, uaddr_t pi_addr)
{
	struct futex_bucket *b = futex_bucket(key);

	memset(w, 0, sizeof(*w));
	INIT_LIST_HEAD(&w->link);
	w->key = *key;
	w->bitset = bitset;
	w->pi_addr = pi_addr;
	w->t = t;
	count_in(w);
	atomic_store(&w->bucket, b);
	mutex_lock(&b->lock);
	list_add_tail(&w->link, &b->waiters);
	mutex_unlock(&b->lock);
}

/* The bucket may change until its lock is held. */
static struct futex_bucket *lock_bucket_of(struct futex_waiter *w) NO_THREAD_SAFETY
{
	for (;;) {
		struct futex_bucket *b = atomic_load(&w->bucket);

		mutex_lock(&b->lock);
		if (b == atomic_load(&w->bucket))
			return b;
		mutex_unlock(&b->lock);
	}
}

bool futex_queued(struct futex_waiter *w) NO_THREAD_SAFETY
{
	struct futex_bucket *b = lock_bucket_of(w);
	bool queued = !list_empty(&w->link);

	mutex_unlock(&b->lock);
	return queued;
}

bool futex_dequeue(struct futex_waiter *w) NO_THREAD_SAFETY
{
	struct futex_bucket *b = lock_bucket_of(w);
	bool queued = !list_empty(&w->link);

	if (queued) {
		list_del_init(&w->link);
		futex_count_out(w);
	}
	mutex_unlock(&b->lock);
	return queued;
}

/* Bucket's lock held: the sleeper cannot leave before it is released. */
static void wake_locked(struct futex_waiter *w, uint32_t bitset)
{
	w->hit = bitset;
	list_del_init(&w->link);
	futex_count_out(w);
	task_wake(w->t);
}

long futex_wake_key(const struct mm_futex_key *key, int nr, uint32_t bitset)
{
	struct futex_bucket *b = futex_bucket(key);
	struct futex_waiter *w, *tmp;
	long woken = 0;

	mutex_lock(&b->lock);
	list_for_each_entry_safe(w, tmp, &b->waiters, link) {
		if (!futex_key_eq(&w->key, key))
			continue;
		if (w->pi_addr) {
			woken = -EINVAL;
			break;
		}
		if (!(w->bitset & bitset))
			continue;
		wake_locked(w, bitset);
		if (++woken >= nr)
			break;
	}
	mutex_unlock(&b->lock);
	return woken;
}

static long wake_both(struct task *t, const struct mm_futex_key *key, uaddr_t addr, bool is_private,
		      int nr, uint32_t bitset)
{
	long woken = futex_wake_key(key, nr, bitset);

	/* one at least is woken, whatever nr, as on Linux */
	if (is_private && woken >= 0 && woken < MAX(nr, 1))
		woken += futex_stub_wake(t, addr, nr - (int)woken, bitset);
	return woken;
}

/* --- waiting --- */

/*
 * Queued w, but the word differs from what the caller expects: leaves the queue. A wake or a
 * requeue that met w meanwhile was for somebody who really waits, and is handed on.
 */
static void back_out(struct futex_waiter *w, const struct futex_word *fw,
		     const struct mm_futex_key *key)
{
	if (!futex_dequeue(w))
		wake_both(w->t, key, fw->addr, fw->is_private, 1, w->hit);
	else if (!futex_key_eq(&w->key, key))
		wake_both(w->t, key, fw->addr, fw->is_private, 1, LX_FUTEX_BITSET_MATCH_ANY);
}

long futex_wait(struct task *t, const struct futex_word *fw, uint32_t bitset, int64_t deadline_ns)
{
	struct mm_futex_key key;
	struct futex_waiter w;
	uint32_t val;
	long ret;

	if (bitset == 0)
		return -EINVAL;
	ret = mm_futex_key(t->mm, fw->addr, fw->is_private, &key);
	if (ret < 0)
		return ret;
	futex_enqueue(t, &w, &key, bitset, 0);
	ret = mm_load32(t->mm, fw->addr, &val);
	if (ret < 0 || val != fw->val) {
		back_out(&w, fw, &key);
		return ret < 0 ? ret : -EAGAIN;
	}
	while (ret == 0 && futex_queued(&w))
		ret = task_block(t, deadline_ns);
	/* a wake wins over a signal or the clock that came with it */
	return futex_dequeue(&w) ? ret : 0;
}

long futex_wait_many(struct task *t, const struct futex_word *fw, unsigned int nr,
		     int64_t deadline_ns)
{
	auto_free struct futex_waiter *ws = calloc(nr, sizeof(*ws));
	struct mm_futex_key key;
	unsigned int queued = 0;
	long ret = 0, woken = -1;

	if (!ws)
		return -ENOMEM;
	for (; queued < nr && ret == 0; queued++) {
		uint32_t val;

		ret = mm_futex_key(t->mm, fw[queued].addr, fw[queued].is_private, &key);
		if (ret < 0)
			break;
		futex_enqueue(t, &ws[queued], &key, LX_FUTEX_BITSET_MATCH_ANY, 0);
		ret = mm_load32(t->mm, fw[queued].addr, &val);
		if (ret == 0 && val != fw[queued].val)
			ret = -EAGAIN;
	}
	while (ret == 0) {
		for (unsigned int i = 0; i < queued && ret == 0; i++)
			ret = futex_queued(&ws[i]) ? 0 : 1;
		if (ret == 0)
			ret = task_block(t, deadline_ns);
	}
	for (unsigned int i = 0; i < queued; i++) {
		if (!futex_dequeue(&ws[i]))
			woken = i;
	}
	if (woken >= 0)
		return woken;
	return ret;
}

long futex_wake(struct task *t, uaddr_t addr, bool is_private, int nr, uint32_t bitset)
{
	struct mm_futex_key key;
	int ret;

	if (bitset == 0)
		return -EINVAL;
	ret = mm_futex_key(t->mm, addr, is_private, &key);
	return ret < 0 ? ret : wake_both(t, &key, addr, is_private, nr, bitset);
}

int futex_wake_addr(struct task *t, uaddr_t addr, int nr, bool shared)
{
	return (int)futex_wake(t, addr, !shared, nr, LX_FUTEX_BITSET_MATCH_ANY);
}

/* --- two words --- */

static void lock_two(struct futex_bucket *a, struct futex_bucket *b) NO_THREAD_SAFETY
{
	if (a == b) {
		mutex_lock(&a->lock);
	} else {
		mutex_lock(a < b ? &a->lock : &b->lock);
		mutex_lock_nested(a < b ? &b->lock : &a->lock);
	}
}

static void unlock_two(struct futex_bucket *a, struct futex_bucket *b) NO_THREAD_SAFETY
{
	mutex_unlock(&a->lock);
	if (a != b)
		mutex_unlock(&b->lock);
}

long futex_requeue(struct task *t, uaddr_t from, bool from_private, uaddr_t to, bool to_private,
		   int nr_wake, int nr_requeue, const uint32_t *cmp) NO_THREAD_SAFETY
{
	struct mm_futex_key k1, k2;
	struct futex_bucket *b1, *b2;
	struct futex_waiter *w, *tmp;
	long woken = 0, moved = 0;
	LIST_HEAD(moving);
	uint32_t val;
	int ret;

	if (nr_wake < 0 || nr_requeue < 0)
		return -EINVAL;
	ret = mm_futex_key(t->mm, from, from_private, &k1);
	if (ret == 0)
		ret = mm_futex_key(t->mm, to, to_private, &k2);
	if (ret == 0 && cmp) {
		ret = mm_load32(t->mm, from, &val);
		if (ret == 0 && val != *cmp)
			ret = -EAGAIN;
	}
	if (ret < 0)
		return ret;
	b1 = futex_bucket(&k1);
	b2 = futex_bucket(&k2);
	lock_two(b1, b2);
	list_for_each_entry_safe(w, tmp, &b1->waiters, link) {
		if (!futex_key_eq(&w->key, &k1))
			continue;
		if (w->pi_addr) {
			ret = -EINVAL;
			break;
		}
		if (woken < nr_wake) {
			wake_locked(w, LX_FUTEX_BITSET_MATCH_ANY);
			woken++;
			continue;
		}
		if (moved >= nr_requeue)
			break;
		futex_count_out(w);
		w->key = k2;
		count_in(w);
		list_move_tail(&w->link, &moving);
		atomic_store(&w->bucket, b2);
		moved++;
	}
	list_splice_tail_init(&moving, &b2->waiters);
	unlock_two(b1, b2);
	if (ret < 0)
		return ret;
	if (from_private && to_private && (woken < nr_wake || moved < nr_requeue))
		moved += futex_stub_requeue(t, from, to, nr_wake - (int)woken,
					    nr_requeue - (int)moved, cmp);
	return woken + moved;
}

static bool compare(uint32_t old, unsigned int cmp, uint32_t arg)
{
	int32_t o = (int32_t)old, a = (int32_t)arg;

	switch (cmp) {
	case LX_FUTEX_OP_CMP_EQ:
		return o == a;
	case LX_FUTEX_OP_CMP_NE:
		return o != a;
	case LX_FUTEX_OP_CMP_LT:
		return o < a;
	case LX_FUTEX_OP_CMP_LE:
		return o <= a;
	case LX_FUTEX_OP_CMP_GT:
		return o > a;
	default:
		return o >= a;
	}
}

long futex_wake_op(struct task *t, uaddr_t a1, bool is_private, int nr1, int nr2, uaddr_t a2,
		   uint32_t enc)
{
	unsigned int op = enc >> 28 & 7, cmp = enc >> 24 & 15;
	int32_t oparg = (int32_t)(enc << 8) >> 20, cmparg = (int32_t)(enc << 20) >> 20;
	struct mm_futex_key k1, k2;
	uint32_t arg = (uint32_t)oparg, old;
	long woken, more;
	int ret;

	ret = mm_futex_key(t->mm, a1, is_private, &k1);
	if (ret == 0)
		ret = mm_futex_key(t->mm, a2, is_private, &k2);
	if (ret < 0)
		return ret;
	if (enc >> 28 & LX_FUTEX_OP_OPARG_SHIFT)
		arg = 1u << (oparg & 31);
	if (op > LX_FUTEX_OP_XOR || cmp > LX_FUTEX_OP_CMP_GE)
		return -ENOSYS;
	ret = mm_atomic_op32(t->mm, a2, (int)op, arg, &old);
	if (ret < 0)
		return ret;
	woken = wake_both(t, &k1, a1, is_private, nr1, LX_FUTEX_BITSET_MATCH_ANY);
	if (woken < 0 || !compare(old, cmp, (uint32_t)cmparg))
		return woken;
	more = wake_both(t, &k2, a2, is_private, nr2, LX_FUTEX_BITSET_MATCH_ANY);
	return more < 0 ? more : woken + more;
}

/* --- robust lists --- */

/* The owner of the word at addr, the exiting task, says so in it and wakes one who waits. */
static int word_died(struct task *t, uaddr_t addr, bool pi, bool pending)
{
	uint32_t val, prev, newv;
	int ret;

	if (addr & 3)
		return -1;
	ret = mm_load32(t->mm, addr, &val);
	for (;;) {
		if (ret < 0)
			return -1;
		/* it was about to unlock: the word is free, but a sleeper may have to hear of it */
		if (pending && !pi && val == 0) {
			futex_wake_addr(t, addr, 1, true);
			return 0;
		}
		if ((val & LX_FUTEX_TID_MASK) != (uint32_t)t->tid)
			return 0;
		newv = (val & LX_FUTEX_WAITERS) | LX_FUTEX_OWNER_DIED;
		ret = mm_cmpxchg32(t->mm, addr, val, newv, &prev);
		if (ret == 0 && prev == val)
			break;
		val = prev;
	}
	if (!pi && (val & LX_FUTEX_WAITERS))
		futex_wake_addr(t, addr, 1, true);
	return 0;
}

static void robust_list_exit(struct task *t)
{
	struct lx_robust_list_head head;
	uint64_t entry, next, pending;

	if (!t->robust_list || copyin(t, &head, t->robust_list, sizeof(head)) < 0)
		return;
	pending = head.list_op_pending;
	entry = head.list;
	for (int limit = LX_ROBUST_LIST_LIMIT; (entry & ~1ull) != t->robust_list && limit > 0;
	     limit--) {
		int ret = copyin(t, &next, entry & ~1ull, sizeof(next));

		if ((entry & ~1ull) != (pending & ~1ull) &&
		    word_died(t, (entry & ~1ull) + (uint64_t)head.futex_offset, entry & 1, false) <
			    0)
			return;
		if (ret < 0)
			return;
		entry = next;
	}
	if (pending)
		word_died(t, (pending & ~1ull) + (uint64_t)head.futex_offset, pending & 1, true);
}

void futex_exit(struct task *t)
{
	robust_list_exit(t);
	t->robust_list = 0;
	futex_pi_exit(t);
}
