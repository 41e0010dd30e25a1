/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands to the agent of a stub. The sentry writes an entry of the ring and counts up `posted`;
 * the agent works, and writes the number of the last command done into the reply file, which no
 * guest can write. What that word says is believed, the guest's memory is not asked.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "host/host.h"
#include "stub/stub.h"

/*
 * Looks at the reply word this many times before it sleeps: about the time of two short commands.
 */
#define SPINS       400
#define DEATH_CHECK 50000000ull /* ns: how often a sleeper looks whether the stub still lives */
/* madvise, mmap flags and protections as the host numbers them on both architectures */
#define MAP_SHARED_FIXED 0x11u
#define MAP_POPULATE_    0x8000u

static uint32_t read_acked(struct stub *s)
{
	return __atomic_load_n(&s->reply->acked, __ATOMIC_SEQ_CST);
}

/*
 * A word copied in while it is written might mix an old and a new byte; such a value is off by a
 * multiple of 256, so it lies outside the window of commands in flight and is ignored.
 */
bool stub_done(struct stub *s, uint32_t n)
{
	uint32_t acked = read_acked(s);

	return stub_posted(s) - acked <= STUB_RING && (int32_t)(acked - n) >= 0;
}

static void relax(void)
{
#if defined(__has_builtin)
#if __has_builtin(__builtin_ia32_pause)
	__builtin_ia32_pause();
#endif
#endif
}

int stub_wait(struct stub *s, uint32_t n)
{
	struct stub_system *sys = s->sys;
	int spins = sys->nr_cpus > 1 && !atomic_load_explicit(&sys->one_cpu, memory_order_relaxed) ?
			    SPINS :
			    0;

	for (int i = 0; i < spins; i++) {
		if (stub_done(s, n))
			return 0;
		relax();
	}
	if (!stub_done(s, n))
		atomic_fetch_add_explicit(&sys->nr_waits, 1, memory_order_relaxed);
	while (!stub_done(s, n)) {
		uint32_t acked;

		__atomic_fetch_add(&s->cmd->waiting, 1, __ATOMIC_SEQ_CST);
		acked = read_acked(s);
		if (!stub_done(s, n))
			host_futex_wait_shared(&s->reply->acked, acked,
					       host_now_ns() + DEATH_CHECK);
		__atomic_fetch_sub(&s->cmd->waiting, 1, __ATOMIC_SEQ_CST);
		if (!stub_done(s, n) && (atomic_load(&s->dead) || host_pidfd_dead(s->pidfd)))
			return -ESRCH;
	}
	return 0;
}

void stub_one_cpu(struct stub_system *sys, bool one)
{
	atomic_store(&sys->one_cpu, one);
}

uint32_t stub_nr_waits(struct stub_system *sys)
{
	return atomic_load_explicit(&sys->nr_waits, memory_order_relaxed);
}

void stub_flush(struct stub *s)
{
	/*
	 * What the agent can see, not s->posted, which is counted up before it: woken for a command
	 * that is not visible yet the agent would sleep again, and whoever posts it would not wake.
	 */
	uint32_t posted = __atomic_load_n(&s->cmd->posted, __ATOMIC_SEQ_CST);

	if (posted == __atomic_load_n(&s->woken, __ATOMIC_RELAXED))
		return;
	__atomic_store_n(&s->woken, posted, __ATOMIC_RELAXED);
	host_futex_wake_shared(&s->cmd->posted, 1);
}

int stub_before_run(struct stub *s)
{
	uint32_t barrier = atomic_load(&s->barrier);

	stub_flush(s);
	/* long done: its number may be out of the window in which stub_done() believes */
	if (stub_posted(s) - barrier > STUB_RING || stub_done(s, barrier))
		return 0;
	return stub_wait(s, barrier);
}

/*
 * Read while others may post: a wrong answer costs a fault more, or one that is reported although
 * the map was on its way, which mm sorts out.
 */
bool stub_touched(struct stub *s, uint32_t since, uaddr_t addr)
{
	uint32_t posted = stub_posted(s);

	if (posted - since > STUB_RING)
		return true;
	for (uint32_t n = since; n != posted; n++) {
		const struct stub_entry *e = &s->cmd->ring[n % STUB_RING];

		if (addr - __atomic_load_n(&e->arg[0], __ATOMIC_RELAXED) <
		    __atomic_load_n(&e->arg[1], __ATOMIC_RELAXED))
			return true;
	}
	return false;
}

/* Looks at the results of commands done and gives back their files. */
static void reap_locked(struct stub *s) REQUIRES(s->lock);
static void reap_locked(struct stub *s)
{
	while (s->reaped != stub_posted(s) && stub_done(s, s->reaped + 1)) {
		unsigned int slot = s->reaped % STUB_RING;
		const struct stub_result res =
			*(volatile struct stub_result *)&s->reply->result[slot];

		/* the first thread was posted by the pool; whoever wants it may come late */
		if (s->reaped == 0)
			s->first_result = res;
		else if (res.err && !s->first_err)
			s->first_err = -(int)res.err;
		/* one that nobody waited for: what should be gone may still be there */
		if (s->reaped && res.err && s->cmd->ring[slot].op == STUB_OP_MUNMAP)
			stub_kill(s);
		if (s->pf[slot])
			stub_file_put(s->pf[slot]);
		s->pf[slot] = NULL;
		s->reaped++;
	}
}

/* Takes over a reference on pf. Returns 0; the command is number *ret_n, counted from 1. */
static int post_locked(struct stub *s, uint32_t op, const uint64_t arg[6], struct platform_file *pf,
		       uint32_t *ret_n) REQUIRES(s->lock);
static int post_locked(struct stub *s, uint32_t op, const uint64_t arg[6], struct platform_file *pf,
		       uint32_t *ret_n)
{
	uint32_t n = stub_posted(s);
	struct stub_entry *e = &s->cmd->ring[n % STUB_RING];
	int ret;

	reap_locked(s);
	if (n - s->reaped >= STUB_RING) {
		stub_flush(s);
		ret = stub_wait(s, n - STUB_RING / 2);
		if (ret < 0) {
			if (pf)
				stub_file_put(pf);
			return ret;
		}
		reap_locked(s);
	}
	memset(&s->reply->result[n % STUB_RING], 0, sizeof(struct stub_result));
	e->op = op;
	e->seq = n + 1;
	memcpy(e->arg, arg, sizeof(e->arg));
	e->result_off = s->cmd->reply_off + STUB_REPLY_RESULTS + n % STUB_RING * STUB_RESULT_SIZE;
	s->pf[n % STUB_RING] = pf;
	/* ours first: whoever sees the acknowledgement must find the command counted */
	atomic_store(&s->posted, n + 1);
	__atomic_store_n(&s->cmd->posted, n + 1, __ATOMIC_SEQ_CST);
	*ret_n = n + 1;
	return 0;
}

/* Posts, and waits for the result: 0 or -errno. ret_res may be NULL. */
static int command_locked(struct stub *s, uint32_t op, const uint64_t arg[6],
			  struct stub_result *ret_res) REQUIRES(s->lock);
static int command_locked(struct stub *s, uint32_t op, const uint64_t arg[6],
			  struct stub_result *ret_res)
{
	struct stub_result res;
	uint32_t n;
	int ret = post_locked(s, op, arg, NULL, &n);

	if (ret < 0)
		return ret;
	stub_flush(s);
	ret = stub_wait(s, n);
	if (ret < 0)
		return ret;
	res = *(volatile struct stub_result *)&s->reply->result[(n - 1) % STUB_RING];
	/* an error of this command is its caller's, not one for sync */
	__atomic_store_n(&s->reply->result[(n - 1) % STUB_RING].err, 0, __ATOMIC_RELAXED);
	reap_locked(s);
	if (res.err)
		return -(int)res.err;
	if (ret_res)
		*ret_res = res;
	return 0;
}

static int check_range(uaddr_t va, size_t size)
{
	uaddr_t end;

	if (!size || !page_aligned(va) || !page_aligned(size) ||
	    __builtin_add_overflow(va, size, &end) || end > STUB_BASE)
		return -EINVAL;
	return 0;
}

int stub_map(struct stub *s, uaddr_t va, size_t size, struct platform_file *pf, uint64_t off,
	     int prot, unsigned int flags)
{
	int ret = check_range(va, size);
	uint32_t n;

	if (ret < 0)
		return ret;
	if (!page_aligned(off) || prot & ~(PF_PROT_READ | PF_PROT_WRITE | PF_PROT_EXEC) ||
	    flags & ~(PF_MAP_POPULATE | PF_MAP_PRIVATE | PF_MAP_FRESH) ||
	    (flags & PF_MAP_PRIVATE && prot & PF_PROT_WRITE))
		return -EINVAL;
	if (__atomic_load_n(&pf->number, __ATOMIC_ACQUIRE) < 0) {
		ret = stub_zygote_send_files(s->sys, pf);
		if (ret < 0)
			return ret;
	}
	atomic_fetch_add(&pf->nr_refs, 1);
	mutex_lock(&s->lock);
	ret = post_locked(s, STUB_OP_MMAP,
			  (uint64_t[6]){ va, size, (uint64_t)prot,
					 MAP_SHARED_FIXED |
						 (flags & PF_MAP_POPULATE ? MAP_POPULATE_ : 0),
					 (uint64_t)pf->number, off },
			  pf, &n);
	if (ret == 0 && !(flags & PF_MAP_FRESH))
		atomic_store(&s->barrier, n);
	mutex_unlock(&s->lock);
	return ret;
}

int stub_unmap(struct stub *s, uaddr_t va, size_t size)
{
	int ret = check_range(va, size);

	if (ret < 0)
		return ret;
	mutex_lock(&s->lock);
	ret = command_locked(s, STUB_OP_MUNMAP, (uint64_t[6]){ va, size }, NULL);
	mutex_unlock(&s->lock);
	return ret;
}

int stub_clear(struct stub *s)
{
	const uint64_t arg[6] = { STUB_PAGE, STUB_BASE - STUB_PAGE };
	uint32_t n;
	int ret;

	mutex_lock(&s->lock);
	ret = post_locked(s, STUB_OP_MUNMAP, arg, NULL, &n);
	if (ret == 0)
		atomic_store(&s->barrier, n);
	mutex_unlock(&s->lock);
	return ret;
}

int stub_protect(struct stub *s, uaddr_t va, size_t size, int prot)
{
	const int how = prot & (PF_PROT_POST | PF_PROT_FENCE);
	const uint64_t arg[6] = { va, size, (uint64_t)(prot & ~how) };
	int ret = check_range(va, size);
	uint32_t n;

	if (ret < 0)
		return ret;
	if (prot & ~(how | PF_PROT_READ | PF_PROT_WRITE | PF_PROT_EXEC))
		return -EINVAL;
	mutex_lock(&s->lock);
	if (!(how & PF_PROT_POST)) {
		ret = command_locked(s, STUB_OP_MPROTECT, arg, NULL);
	} else {
		ret = post_locked(s, STUB_OP_MPROTECT, arg, NULL, &n);
		if (ret == 0 && how & PF_PROT_FENCE)
			atomic_store(&s->barrier, n);
	}
	mutex_unlock(&s->lock);
	return ret;
}

long stub_futex_call(struct stub *s, uaddr_t addr, uint32_t op, const uint32_t val[3],
		     uaddr_t addr2)
{
	struct stub_result res = { .err = 0 };
	int ret;

	mutex_lock(&s->lock);
	ret = command_locked(s, STUB_OP_FUTEX,
			     (uint64_t[6]){ addr, op, val[0], val[1], addr2, val[2] }, &res);
	mutex_unlock(&s->lock);
	return ret < 0 ? ret : (long)res.lo;
}

int stub_sync(struct stub *s)
{
	int ret;

	stub_flush(s);
	ret = stub_wait(s, stub_posted(s));
	if (ret < 0)
		return ret;
	mutex_lock(&s->lock);
	reap_locked(s);
	ret = s->first_err;
	s->first_err = 0;
	mutex_unlock(&s->lock);
	return ret;
}

int stub_clone_thread(struct stub *s, unsigned int n)
{
	uint64_t arg[6] = { 0 };
	struct stub_result res;
	int ret = 0;

	mutex_lock(&s->lock);
	if (s->first_thread) {
		s->first_thread = false;
		ret = stub_wait(s, 1);
		if (ret == 0)
			reap_locked(s);
		res = s->first_result;
		if (ret == 0 && res.err)
			ret = -(int)res.err;
	} else {
		if (s->sys->slots)
			arg[5] = STUB_SLOTS + (uint64_t)n * SLOT_SIZE;
		ret = command_locked(s, STUB_OP_CLONE, arg, &res);
	}
	mutex_unlock(&s->lock);
	return ret < 0 ? ret : (int)(res.lo | res.hi << 12);
}
