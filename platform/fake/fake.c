/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A platform without guests: events come from a script, mappings are rows in a table that behaves
 * as the host's (fixed maps replace, neighbours merge). See include/platform/fake.h.
 * Locking: one mutex per platform guards everything but the guest function's own run.
 */
#include <platform/fake.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/bits.h"
#include "base/list.h"
#include "base/lock.h"
#include "fake/fake_maps.h"
#include "host/host.h"

#define FAKE_MIN_ADDR 0x10000ull
#define FAKE_MAX_ADDR 0x7ffff0000000ull
#define FAKE_FP_SIZE  512

struct fake_event {
	struct list_head link;
	struct gthread *th; /* NULL: any */
	struct guest_event ev;
	bool has_regs, is_syscall;
	struct regs regs;
};

struct fake {
	struct platform base;
	struct mutex lock; /* LC_PLATFORM */
	struct cond changed;
	struct list_head script; /* of fake_event */
	fake_guest_fn guest;
	void *guest_ctx;
	bool idle_wait;
	size_t nr_files, nr_aspaces;
};

struct platform_file {
	struct fake *f;
	int fd; /* owned */
	unsigned int nr_refs, nr_maps;
};

struct aspace {
	struct fake *f;
	struct fake_maps maps;
	struct fake_counts counts;
	unsigned int fail_skip, fail_nr;
	int fail_err, sync_err;
	bool dead;
	int status;
	unsigned int nr_threads;
};

struct gthread {
	struct aspace *as;
	bool kicked;
	unsigned char fp[FAKE_FP_SIZE];
};

static struct fake *to_fake(struct platform *p)
{
	return container_of(p, struct fake, base);
}

/* --- files ----------------------------------------------------------------------------------- */

static void file_drop_locked(struct platform_file *pf)
{
	if (pf->nr_refs || pf->nr_maps)
		return;
	pf->f->nr_files--;
	host_close(pf->fd);
	free(pf);
}

void fake_file_ref(struct platform_file *pf, int delta)
{
	pf->nr_maps += (unsigned int)delta;
	file_drop_locked(pf);
}

static int fake_file_new(struct platform *p, int fd, struct platform_file **ret_pf)
{
	struct fake *f = to_fake(p);
	struct platform_file *pf = calloc(1, sizeof(*pf));

	if (!pf)
		return -ENOMEM;
	pf->fd = host_dup(fd);
	if (pf->fd < 0) {
		int ret = pf->fd;

		free(pf);
		return ret;
	}
	pf->f = f;
	pf->nr_refs = 1;
	mutex_lock(&f->lock);
	f->nr_files++;
	mutex_unlock(&f->lock);
	*ret_pf = pf;
	return 0;
}

static void fake_file_put(struct platform_file *pf)
{
	struct fake *f = pf->f;

	mutex_lock(&f->lock);
	pf->nr_refs--;
	file_drop_locked(pf);
	mutex_unlock(&f->lock);
}

int fake_file_fd(struct platform_file *pf)
{
	return pf->fd;
}

/* --- address spaces -------------------------------------------------------------------------- */

static int fake_aspace_new(struct platform *p, struct aspace **ret_as)
{
	struct fake *f = to_fake(p);
	struct aspace *as = calloc(1, sizeof(*as));

	if (!as)
		return -ENOMEM;
	as->f = f;
	fake_maps_init(&as->maps);
	mutex_lock(&f->lock);
	f->nr_aspaces++;
	mutex_unlock(&f->lock);
	*ret_as = as;
	return 0;
}

static void fake_aspace_free(struct aspace *as)
{
	struct fake *f = as->f;

	mutex_lock(&f->lock);
	fake_maps_fini(&as->maps);
	f->nr_aspaces--;
	mutex_unlock(&f->lock);
	free(as);
}

static int check_range(uaddr_t va, size_t size)
{
	uaddr_t end;

	if (!size || !page_aligned(va) || !page_aligned(size) ||
	    __builtin_add_overflow(va, size, &end) || end > FAKE_MAX_ADDR || va < FAKE_MIN_ADDR)
		return -EINVAL;
	return 0;
}

static int fake_map(struct aspace *as, uaddr_t va, size_t size, struct platform_file *pf,
		    uint64_t off, int prot, unsigned int flags)
{
	struct fake_map m = { va, va + size, pf, off, prot, flags & PF_MAP_PRIVATE };
	int ret = check_range(va, size);

	if (ret < 0)
		return ret;
	if (!page_aligned(off) || (flags & PF_MAP_PRIVATE && prot & PF_PROT_WRITE) ||
	    flags & ~(PF_MAP_POPULATE | PF_MAP_PRIVATE | PF_MAP_FRESH))
		return -EINVAL;
	mutex_lock(&as->f->lock);
	as->counts.map++;
	if (flags & PF_MAP_POPULATE)
		as->counts.populate++;
	if (as->fail_nr && as->fail_skip) {
		as->fail_skip--;
	} else if (as->fail_nr) {
		as->fail_nr--;
		ret = as->fail_err;
	}
	if (ret == 0)
		ret = fake_maps_set(&as->maps, &m);
	mutex_unlock(&as->f->lock);
	return ret;
}

static int fake_unmap(struct aspace *as, uaddr_t va, size_t size)
{
	int ret = check_range(va, size);

	if (ret < 0)
		return ret;
	mutex_lock(&as->f->lock);
	as->counts.unmap++;
	ret = fake_maps_clear(&as->maps, va, va + size);
	mutex_unlock(&as->f->lock);
	return ret;
}

static int fake_protect(struct aspace *as, uaddr_t va, size_t size, int prot)
{
	int ret = check_range(va, size);

	if (ret < 0)
		return ret;
	mutex_lock(&as->f->lock);
	as->counts.protect++;
	ret = fake_maps_protect(&as->maps, va, va + size, prot & ~(PF_PROT_POST | PF_PROT_FENCE));
	if (ret < 0 && (prot & PF_PROT_POST)) {
		as->sync_err = ret; /* as the host says it: later */
		ret = 0;
	}
	mutex_unlock(&as->f->lock);
	return ret;
}

static int fake_sync(struct aspace *as)
{
	int ret;

	mutex_lock(&as->f->lock);
	as->counts.sync++;
	ret = as->sync_err;
	as->sync_err = 0;
	mutex_unlock(&as->f->lock);
	return ret;
}

static bool fake_aspace_dead(struct aspace *as, int *ret_status)
{
	bool dead;

	mutex_lock(&as->f->lock);
	dead = as->dead;
	if (dead)
		*ret_status = as->status;
	mutex_unlock(&as->f->lock);
	return dead;
}

static int fake_aspace_pid(struct aspace *as)
{
	return 0;
}

/* --- threads --------------------------------------------------------------------------------- */

static int fake_fp_reset(struct gthread *th)
{
	memset(th->fp, 0, sizeof(th->fp));
	return 0;
}

static int fake_thread_new(struct aspace *as, struct gthread **ret_th)
{
	struct gthread *th = calloc(1, sizeof(*th));

	if (!th)
		return -ENOMEM;
	th->as = as;
	mutex_lock(&as->f->lock);
	as->nr_threads++;
	mutex_unlock(&as->f->lock);
	*ret_th = th;
	return 0;
}

static void fake_thread_free(struct gthread *th)
{
	mutex_lock(&th->as->f->lock);
	th->as->nr_threads--;
	mutex_unlock(&th->as->f->lock);
	free(th);
}

static struct fake_event *next_event_locked(struct fake *f, struct gthread *th)
{
	struct fake_event *e;

	list_for_each_entry(e, &f->script, link) {
		if (!e->th || e->th == th) {
			list_del(&e->link);
			return e;
		}
	}
	return NULL;
}

static void play(struct fake_event *e, struct regs *r, struct guest_event *ev)
{
	if (e->is_syscall) {
		for (unsigned int i = 0; i < 6; i++)
			regs_set_arg(r, i, regs_arg(&e->regs, i));
		regs_set_sysno(r, regs_sysno(&e->regs));
		regs_set_pc(r, regs_pc(r) + REGS_SYSCALL_INSN_SIZE);
	} else if (e->has_regs) {
		*r = e->regs;
	}
	*ev = e->ev;
	free(e);
}

static int fake_run(struct gthread *th, struct regs *r, struct guest_event *ev)
{
	struct fake *f = th->as->f;
	struct fake_event *e = NULL;
	fake_guest_fn guest = NULL;
	void *ctx = NULL;
	int ret = 0;

	mutex_lock(&f->lock);
	for (;;) {
		if (th->as->dead) {
			ret = -ESRCH;
			break;
		}
		if (th->kicked) {
			th->kicked = false;
			*ev = (struct guest_event){ .kind = GE_KICKED };
			break;
		}
		guest = f->guest;
		ctx = f->guest_ctx;
		if (guest)
			break;
		e = next_event_locked(f, th);
		if (e)
			break;
		if (!f->idle_wait) {
			ret = -ESRCH;
			break;
		}
		cond_wait(&f->changed, &f->lock);
	}
	mutex_unlock(&f->lock);
	if (guest)
		return guest(ctx, th, r, ev);
	if (e)
		play(e, r, ev);
	return ret;
}

static void fake_kick(struct gthread *th)
{
	mutex_lock(&th->as->f->lock);
	th->kicked = true;
	cond_broadcast(&th->as->f->changed);
	mutex_unlock(&th->as->f->lock);
}

static size_t fake_fp_size(struct platform *p)
{
	return FAKE_FP_SIZE;
}

static int fake_fp_get(struct gthread *th, void *buf, size_t size)
{
	if (size < FAKE_FP_SIZE)
		return -EINVAL;
	memcpy(buf, th->fp, FAKE_FP_SIZE);
	return FAKE_FP_SIZE;
}

static int fake_fp_set(struct gthread *th, const void *buf, size_t size)
{
	if (size != FAKE_FP_SIZE)
		return -EINVAL;
	memcpy(th->fp, buf, FAKE_FP_SIZE);
	return 0;
}

static int fake_thread_cputime(struct gthread *th, uint64_t *ret_user_ns, uint64_t *ret_sys_ns)
{
	*ret_user_ns = 0;
	*ret_sys_ns = 0;
	return 0;
}

static int fake_thread_affinity(struct gthread *th, const uint64_t *mask, size_t nr_words)
{
	return 0;
}

/* --- the platform ---------------------------------------------------------------------------- */

static int fake_probe(const char **ret_why)
{
	return 0;
}

static int fake_open(const struct platform_params *params, struct platform **ret_platform)
{
	return fake_platform_new(ret_platform);
}

int fake_platform_new(struct platform **ret_platform)
{
	struct fake *f = calloc(1, sizeof(*f));

	if (!f)
		return -ENOMEM;
	f->base.ops = &fake_platform_ops;
	f->idle_wait = true;
	mutex_init(&f->lock, LC_PLATFORM);
	cond_init(&f->changed);
	INIT_LIST_HEAD(&f->script);
	*ret_platform = &f->base;
	return 0;
}

static void fake_close(struct platform *p)
{
	struct fake *f = to_fake(p);
	struct fake_event *e, *next;

	list_for_each_entry_safe(e, next, &f->script, link)
		free(e);
	cond_fini(&f->changed);
	mutex_fini(&f->lock);
	free(f);
}

static void fake_limits(struct platform *p, struct platform_limits *ret_limits)
{
	*ret_limits =
		(struct platform_limits){ .min_addr = FAKE_MIN_ADDR, .max_addr = FAKE_MAX_ADDR };
}

const struct platform_ops fake_platform_ops = {
	.name = "fake",
	.probe = fake_probe,
	.open = fake_open,
	.close = fake_close,
	.limits = fake_limits,
	.file_new = fake_file_new,
	.file_put = fake_file_put,
	.aspace_new = fake_aspace_new,
	.aspace_free = fake_aspace_free,
	.map = fake_map,
	.unmap = fake_unmap,
	.protect = fake_protect,
	.sync = fake_sync,
	.thread_new = fake_thread_new,
	.thread_free = fake_thread_free,
	.run = fake_run,
	.kick = fake_kick,
	.fp_size = fake_fp_size,
	.fp_get = fake_fp_get,
	.fp_set = fake_fp_set,
	.fp_reset = fake_fp_reset,
	.aspace_dead = fake_aspace_dead,
	.aspace_pid = fake_aspace_pid,
	.thread_cputime = fake_thread_cputime,
	.thread_affinity = fake_thread_affinity,
};

/*
 * --- the test's side: script -------------------------------------------------------------------
 */

static int push(struct platform *p, const struct fake_event *proto)
{
	struct fake *f = to_fake(p);
	struct fake_event *e = malloc(sizeof(*e));

	if (!e)
		return -ENOMEM;
	*e = *proto;
	mutex_lock(&f->lock);
	list_add_tail(&e->link, &f->script);
	cond_broadcast(&f->changed);
	mutex_unlock(&f->lock);
	return 0;
}

int fake_push(struct platform *p, struct gthread *th, const struct guest_event *ev,
	      const struct regs *regs)
{
	struct fake_event e = { .th = th, .ev = *ev, .has_regs = regs != NULL };

	if (regs)
		e.regs = *regs;
	return push(p, &e);
}

int fake_push_syscall(struct platform *p, uint64_t nr, const uint64_t args[6])
{
	struct fake_event e = { .ev = { .kind = GE_SYSCALL }, .is_syscall = true };

	for (unsigned int i = 0; i < 6; i++)
		regs_set_arg(&e.regs, i, args ? args[i] : 0);
	regs_set_sysno(&e.regs, nr);
	return push(p, &e);
}

int fake_push_fault(struct platform *p, uaddr_t addr, enum guest_access access)
{
	struct guest_event ev = {
		.kind = GE_FAULT, .access = access, .addr = addr, .signo = 11, .code = 1
	};

	return fake_push(p, NULL, &ev, NULL);
}

void fake_set_guest(struct platform *p, fake_guest_fn fn, void *ctx)
{
	struct fake *f = to_fake(p);

	mutex_lock(&f->lock);
	f->guest = fn;
	f->guest_ctx = ctx;
	cond_broadcast(&f->changed);
	mutex_unlock(&f->lock);
}

void fake_set_idle_wait(struct platform *p, bool wait)
{
	struct fake *f = to_fake(p);

	mutex_lock(&f->lock);
	f->idle_wait = wait;
	cond_broadcast(&f->changed);
	mutex_unlock(&f->lock);
}

size_t fake_pending(struct platform *p)
{
	struct fake *f = to_fake(p);
	struct fake_event *e;
	size_t n = 0;

	mutex_lock(&f->lock);
	list_for_each_entry(e, &f->script, link)
		n++;
	mutex_unlock(&f->lock);
	return n;
}

/*
 * --- the test's side: books --------------------------------------------------------------------
 */

bool fake_map_at(struct aspace *as, size_t n, struct fake_map *ret_map)
{
	bool found;

	mutex_lock(&as->f->lock);
	found = n < as->maps.nr;
	if (found)
		*ret_map = as->maps.m[n];
	mutex_unlock(&as->f->lock);
	return found;
}

bool fake_map_find(struct aspace *as, uaddr_t va, struct fake_map *ret_map)
{
	const struct fake_map *m;

	mutex_lock(&as->f->lock);
	m = fake_maps_find(&as->maps, va);
	if (m)
		*ret_map = *m;
	mutex_unlock(&as->f->lock);
	return m != NULL;
}

size_t fake_nr_maps(struct aspace *as)
{
	size_t nr;

	mutex_lock(&as->f->lock);
	nr = as->maps.nr;
	mutex_unlock(&as->f->lock);
	return nr;
}

char *fake_maps_str(struct aspace *as, char *buf, size_t size)
{
	size_t used = 0;

	mutex_lock(&as->f->lock);
	buf[0] = '\0';
	for (size_t i = 0; i < as->maps.nr && used < size; i++) {
		const struct fake_map *m = &as->maps.m[i];

		used += (size_t)snprintf(buf + used, size - used, "%llx-%llx %c%c%c %d:%llx\n",
					 (unsigned long long)m->start, (unsigned long long)m->end,
					 m->prot & PF_PROT_READ ? 'r' : '-',
					 m->prot & PF_PROT_WRITE ? 'w' : '-',
					 m->prot & PF_PROT_EXEC ? 'x' : '-', m->pf->fd,
					 (unsigned long long)m->off);
	}
	mutex_unlock(&as->f->lock);
	return buf;
}

size_t fake_nr_files(struct platform *p)
{
	return to_fake(p)->nr_files;
}

size_t fake_nr_aspaces(struct platform *p)
{
	return to_fake(p)->nr_aspaces;
}

void fake_counts(struct aspace *as, struct fake_counts *ret_counts)
{
	mutex_lock(&as->f->lock);
	*ret_counts = as->counts;
	mutex_unlock(&as->f->lock);
}

/*
 * --- the test's side: a CPU --------------------------------------------------------------------
 */

static int access_prot(enum guest_access access)
{
	switch (access) {
	case GA_WRITE:
		return PF_PROT_WRITE;
	case GA_EXEC:
		return PF_PROT_EXEC;
	default:
		return PF_PROT_READ;
	}
}

static size_t cpu_access(struct aspace *as, uaddr_t va, void *buf, size_t n, bool write,
			 uaddr_t *ret_fault, bool *ret_bus)
{
	int need = access_prot(write ? GA_WRITE : GA_READ);
	size_t done = 0;

	while (done < n) {
		size_t chunk = MIN(n - done, PAGE_SIZE - page_offset(va + done));
		struct fake_map m;
		struct host_stat st;
		bool bus = false;

		if (fake_map_find(as, va + done, &m) && m.prot & need) {
			uint64_t off = m.off + (va + done - m.start);
			char *p = (char *)buf + done;
			ssize_t ret;

			/* whole pages exist as far as the file's last page */
			if (host_fstat(m.pf->fd, &st) < 0 || page_down(off) >= st.size) {
				bus = true;
			} else {
				memset(p, 0, write ? 0 : chunk);
				ret = write ? host_pwrite(m.pf->fd, p, chunk, off) :
					      host_pread(m.pf->fd, p, chunk, off);
				if (ret >= 0) {
					done += chunk;
					continue;
				}
				bus = true;
			}
		}
		if (ret_fault)
			*ret_fault = va + done;
		if (ret_bus)
			*ret_bus = bus;
		break;
	}
	return done;
}

size_t fake_read(struct aspace *as, uaddr_t va, void *buf, size_t n, uaddr_t *ret_fault,
		 bool *ret_bus)
{
	return cpu_access(as, va, buf, n, false, ret_fault, ret_bus);
}

size_t fake_write(struct aspace *as, uaddr_t va, const void *buf, size_t n, uaddr_t *ret_fault,
		  bool *ret_bus)
{
	return cpu_access(as, va, (void *)(uintptr_t)buf, n, true, ret_fault, ret_bus);
}

bool fake_faults(struct aspace *as, uaddr_t va, enum guest_access access)
{
	struct fake_map m;

	return !fake_map_find(as, va, &m) || !(m.prot & access_prot(access));
}

/*
 * --- the test's side: trouble ------------------------------------------------------------------
 */

void fake_fail_maps(struct aspace *as, unsigned int skip, unsigned int nr, int err)
{
	mutex_lock(&as->f->lock);
	as->fail_skip = skip;
	as->fail_nr = nr;
	as->fail_err = err;
	mutex_unlock(&as->f->lock);
}

void fake_set_max_maps(struct aspace *as, size_t max)
{
	mutex_lock(&as->f->lock);
	as->maps.max = max;
	mutex_unlock(&as->f->lock);
}

void fake_kill(struct aspace *as, int status)
{
	mutex_lock(&as->f->lock);
	as->dead = true;
	as->status = status;
	cond_broadcast(&as->f->changed);
	mutex_unlock(&as->f->lock);
}
