/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The zygote: forked once, before the sentry holds any secret, cleaned of everything that was the
 * sentry's, then nothing but the stub image, a stack, a descriptor table and the host's vDSO. Also
 * the sentry's side of the conversation with it.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/rseq.h>

#define LOG_TAG "zygote"
#include "base/log.h"
#include "base/auto.h"
#include "base/bits.h"
#include "host/host.h"
#include "rawcall.h"
#include "stub/filter.h"
#include "stub/stub.h"

extern const unsigned char stub_image_data[];
extern const size_t stub_image_data_size;

#define IMAGE_SIZE     (STUB_IMAGE_END - STUB_BASE - STUB_IMAGE_OFF)
#define SETUP_STACK    (64u << 10)
#define FD_TABLE       16384u
#define KERNEL_NSIG    64
#define KERNEL_SIGSET  8
#define MREMAP_MOVE_TO (MREMAP_MAYMOVE | MREMAP_FIXED)

const struct stub_image_header *stub_image_header(void)
{
	return (const struct stub_image_header *)(stub_image_data +
						  (STUB_SETUP - STUB_BASE - STUB_IMAGE_OFF));
}

/* --- inside the new process ------------------------------------------------------------------- */

struct setup {
	int control, cmd, reply, image, slots; /* slots: -1 without systrap */
	uint64_t vdso, vdso_size;
};

static __attribute__((noreturn)) void fail(int step)
{
	for (;;)
		HOST_CALL(SYS_exit_group, step);
}

static void must(long ret, int step)
{
	if (ret < 0 && ret > -4096)
		fail(step);
}

/* What the kernel remembers about this thread and would write to, or deliver, some day. */
static void forget_the_past(const struct setup *su)
{
	static const int handled[] = { SIGSYS, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGUSR1 };
	struct {
		void *handler;
		unsigned long flags;
		void *restorer;
		uint64_t mask;
	} sa = { .handler = SIG_DFL };
	stack_t none = { .ss_flags = SS_DISABLE };
	/* the value that also keeps a host's core_pattern helper from being started */
	const struct rlimit no_core = { 1, 1 };
	uint64_t all = UINT64_MAX;

	must(HOST_CALL(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL), 10);
	HOST_CALL(SYS_prctl, PR_SET_NAME, "husk-stub");
	must(HOST_CALL(SYS_rt_sigprocmask, SIG_SETMASK, &all, NULL, KERNEL_SIGSET), 11);
	for (int sig = 1; sig <= KERNEL_NSIG; sig++) {
		if (sig != SIGKILL && sig != SIGSTOP)
			must(HOST_CALL(SYS_rt_sigaction, sig, &sa, NULL, KERNEL_SIGSET), 12);
	}
	if (su->slots >= 0) {
		/* nothing but these arrives at a guest thread; none of them inside a handler */
		sa.handler = (void *)stub_image_header()->on_signal;
		sa.restorer = (void *)stub_image_header()->sigreturn;
		sa.flags = SA_SIGINFO | SA_ONSTACK | 0x04000000 /* SA_RESTORER */;
		sa.mask = UINT64_MAX;
		for (size_t i = 0; i < ARRAY_SIZE(handled); i++)
			must(HOST_CALL(SYS_rt_sigaction, handled[i], &sa, NULL, KERNEL_SIGSET), 19);
	}
	HOST_CALL(SYS_prlimit64, 0, RLIMIT_CORE, &no_core, NULL); /* refused if it was 0 for good */
	must(HOST_CALL(SYS_sigaltstack, &none, NULL), 13);
#ifdef RSEQ_SIG
	if (__rseq_size)
		must(HOST_CALL(SYS_rseq, STUB_THREAD_POINTER() + __rseq_offset, 32,
			       1 /* RSEQ_FLAG_UNREGISTER */, RSEQ_SIG),
		     14);
#endif
	must(HOST_CALL(SYS_set_robust_list, NULL, 3 * sizeof(long)), 15);
	must(HOST_CALL(SYS_set_tid_address, NULL), 16);
	must(HOST_CALL(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 17);
	/* the one place: the sentry must be able to trace stubs */
	must(HOST_CALL(SYS_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0), 18);
}

/* Our three descriptors under their numbers, nothing else, and a table that will not grow again. */
static void descriptors(const struct setup *su)
{
	int reply = (int)HOST_CALL(SYS_fcntl, su->reply, F_DUPFD, 100);
	int control = (int)HOST_CALL(SYS_fcntl, su->control, F_DUPFD, 100);
	int cmd = (int)HOST_CALL(SYS_fcntl, su->cmd, F_DUPFD, 100);
	int slots = (int)HOST_CALL(SYS_fcntl, su->slots < 0 ? su->cmd : su->slots, F_DUPFD, 100);
	unsigned int size = FD_TABLE;
	struct rlimit rl;

	must(reply, 20);
	must(control, 21);
	must(cmd, 22);
	must(slots, 28);
	must(HOST_CALL(SYS_dup3, reply, STUB_FD_REPLY, 0), 23);
	must(HOST_CALL(SYS_dup3, control, STUB_FD_CONTROL, 0), 24);
	must(HOST_CALL(SYS_dup3, cmd, STUB_FD_CMD, 0), 25);
	must(HOST_CALL(SYS_dup3, slots, STUB_FD_SLOTS, 0), 27);
	must(host_close_except(STUB_FD_FIRST, NULL, 0), 26);
	if (HOST_CALL(SYS_prlimit64, 0, RLIMIT_NOFILE, NULL, &rl) == 0) {
		rl.rlim_cur = rl.rlim_max;
		HOST_CALL(SYS_prlimit64, 0, RLIMIT_NOFILE, &rl, NULL);
	}
	while (size > 64 && host_fdtable_grow(size) < 0)
		size /= 2;
}

/*
 * Moves [from, from + size), which is [vvar], [vvar_vclock] and [vdso], one mapping per call: none
 * can be split, so the first length that works is that of the mapping.
 */
static void move_special(uint64_t from, uint64_t to, uint64_t size, int step)
{
	while (size) {
		uint64_t n = PAGE_SIZE;

		while (HOST_CALL(SYS_mremap, from, n, n, MREMAP_MOVE_TO, to) != (long)to) {
			n += PAGE_SIZE;
			if (n > size)
				fail(step);
		}
		from += n;
		to += n;
		size -= n;
	}
}

static void memory(const struct setup *su)
{
	size_t code = STUB_TABLE - STUB_BASE - STUB_IMAGE_OFF;
	long aside = 0;

	/* the vDSO may lie where the stub goes, so it steps aside first */
	if (su->vdso_size) {
		aside = HOST_CALL(SYS_mmap, NULL, su->vdso_size, PROT_NONE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		must(aside, 30);
		move_special(su->vdso, (uint64_t)aside, su->vdso_size, 31);
	}
	must(HOST_CALL(SYS_munmap, STUB_BASE, STUB_TOP - STUB_BASE), 32);
	must(HOST_CALL(SYS_mmap, STUB_BASE + STUB_IMAGE_OFF, IMAGE_SIZE, PROT_READ,
		       MAP_PRIVATE | MAP_FIXED, su->image, 0),
	     33);
	must(HOST_CALL(SYS_mprotect, STUB_BASE + STUB_IMAGE_OFF, code, PROT_READ | PROT_EXEC), 34);
	must(HOST_CALL(SYS_mmap, STUB_ZYGOTE_WORK, STUB_ZYGOTE_WORK_SIZE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS, -1, 0),
	     35);
	if (su->vdso_size)
		move_special((uint64_t)aside, STUB_VDSO, su->vdso_size, 36);
}

static int zygote_main(void *arg)
{
	const struct setup su = *(const struct setup *)arg;

	forget_the_past(&su);
	memory(&su);
	descriptors(&su);
	/* its first act is to unmap the code that stands here */
	STUB_ENTER(stub_image_header()->zygote_entry, STUB_ZYGOTE_WORK + STUB_ZYGOTE_WORK_SIZE - 64,
		   (uint64_t)STUB_VDSO, su.vdso_size, su.slots >= 0);
	__builtin_unreachable();
}

/* --- the sentry's side ------------------------------------------------------------------------ */

static int make_image(int *ret_fd)
{
	auto_close int fd = host_memfd_create("husk-stub", HOST_MEMFD_SEALING);
	auto_free unsigned char *copy = NULL;
	int ret;

	if (fd < 0)
		return fd;
	ASSERT(stub_image_header()->magic == STUB_IMAGE_MAGIC);
	ASSERT(stub_image_data_size == IMAGE_SIZE);
	copy = malloc(IMAGE_SIZE);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, stub_image_data, IMAGE_SIZE);
	ret = stub_filter_page(copy + (STUB_FILTERS - STUB_BASE - STUB_IMAGE_OFF),
			       STUB_FILTERS_SIZE);
	if (ret < 0)
		return ret;
	if (host_pwrite(fd, copy, IMAGE_SIZE, 0) != (ssize_t)IMAGE_SIZE)
		return -ENOSPC;
	ret = host_memfd_seal(fd);
	if (ret < 0)
		return ret;
	*ret_fd = STEAL_FD(fd);
	return 0;
}

static int make_shared(const char *name, size_t size, int *ret_fd, void **ret_map)
{
	auto_close int fd = host_memfd_create(name, HOST_MEMFD_NOEXEC);
	int ret;

	if (fd < 0)
		return fd;
	ret = host_ftruncate(fd, size);
	if (ret == 0)
		ret = host_mmap(NULL, size, HOST_PROT_READ | HOST_PROT_WRITE, HOST_MAP_SHARED, fd,
				0, ret_map);
	if (ret < 0)
		return ret;
	*ret_fd = STEAL_FD(fd);
	return 0;
}

/* The husk binary itself must not lie where the stub goes: happens without randomisation only. */
static bool own_code_in_the_way(void)
{
	uint64_t here = (uint64_t)(uintptr_t)stub_image_data,
		 tls = (uint64_t)(uintptr_t)STUB_THREAD_POINTER();

	return (here >= STUB_BASE && here < STUB_TOP) || (tls >= STUB_BASE && tls < STUB_TOP);
}

int stub_zygote_start(struct stub_system *sys)
{
	struct setup su = { .image = -1, .slots = -1 };
	auto_close int image = -1, peer = -1;
	int pair[2], ret;
	void *map, *stack;

	if (own_code_in_the_way()) {
		log_err("address space randomisation is off: the stub's place is taken");
		return -EADDRINUSE;
	}
	ret = make_image(&image);
	if (ret < 0)
		return ret;
	ret = make_shared("husk-cmd", (size_t)STUB_MAX * STUB_CMD_SIZE, &sys->cmd_fd, &map);
	if (ret < 0)
		return ret;
	sys->cmd = map;
	ret = make_shared("husk-reply", (size_t)STUB_MAX * STUB_REPLY_SIZE, &sys->reply_fd, &map);
	if (ret < 0)
		return ret;
	sys->reply = map;
	if (sys->want_slots) {
		ret = make_shared("husk-slots", (size_t)STUB_MAX * SLOT_FILE, &sys->slot_fd, &map);
		if (ret < 0)
			return ret;
		sys->slots = map;
		su.slots = sys->slot_fd;
	}
	ret = host_socketpair(HOST_SOCK_SEQPACKET, pair);
	if (ret < 0)
		return ret;
	sys->control = pair[0];
	peer = pair[1];
	if (stub_vdso_find(&su.vdso, &su.vdso_size) == 0) {
		sys->vdso.size = su.vdso_size;
		stub_vdso_symbols(STUB_VDSO, su.vdso, &sys->vdso);
	} else {
		log_info("the host's vDSO is not kept in stubs: its place is unknown");
	}
	ret = host_mmap(NULL, SETUP_STACK, HOST_PROT_READ | HOST_PROT_WRITE,
			HOST_MAP_PRIVATE | HOST_MAP_ANON, -1, 0, &stack);
	if (ret < 0)
		return ret;
	su.control = peer;
	su.cmd = sys->cmd_fd;
	su.reply = sys->reply_fd;
	su.image = image;
	/* no CLONE_VM: the child works on its own copy of everything */
	ret = clone(zygote_main, (char *)stack + SETUP_STACK, SIGCHLD, &su);
	if (ret < 0)
		ret = -errno;
	host_munmap(stack, SETUP_STACK);
	if (ret < 0)
		return ret;
	sys->zygote_pid = ret;
	sys->zygote_pidfd = host_pidfd_open(ret);
	return sys->zygote_pidfd < 0 ? sys->zygote_pidfd : 0;
}

void stub_zygote_stop(struct stub_system *sys)
{
	host_close(sys->control);
	if (sys->zygote_pidfd >= 0) {
		host_pidfd_kill(sys->zygote_pidfd, SIGKILL);
		host_pidfd_wait(sys->zygote_pidfd, false, NULL);
		host_close(sys->zygote_pidfd);
	}
	if (sys->cmd)
		host_munmap(sys->cmd, (size_t)STUB_MAX * STUB_CMD_SIZE);
	if (sys->reply)
		host_munmap(sys->reply, (size_t)STUB_MAX * STUB_REPLY_SIZE);
	if (sys->slots)
		host_munmap(sys->slots, (size_t)STUB_MAX * SLOT_FILE);
	host_close(sys->cmd_fd);
	host_close(sys->reply_fd);
	if (sys->slot_fd >= 0)
		host_close(sys->slot_fd);
}

/* Without a zygote no process can be made: worth a line that says what became of it. */
static int zygote_lost(struct stub_system *sys)
{
	int status = 0;

	if (host_pidfd_wait(sys->zygote_pidfd, true, &status) > 0)
		log_err("the zygote ended: exit %d, signal %d", status >> 8 & 0xff, status & 0x7f);
	return -EPIPE;
}

static int ask_locked(struct stub_system *sys, struct stub_zygote_msg *m, const int *fds,
		      unsigned int nr_fds) REQUIRES(sys->zygote_lock);
static int ask_locked(struct stub_system *sys, struct stub_zygote_msg *m, const int *fds,
		      unsigned int nr_fds)
{
	uint32_t nr = m->nr;
	ssize_t n = host_send(sys->control, m, sizeof(*m), fds, nr_fds, 0);

	if (n > 0)
		n = host_recv(sys->control, m, sizeof(*m), NULL, NULL, 0);
	if (n == (ssize_t)sizeof(*m) && m->nr == nr)
		return 0;
	/* its socket closes a moment before its status is there */
	host_sleep_until(host_now_ns() + 1000000);
	return zygote_lost(sys);
}

int stub_zygote_make(struct stub_system *sys, int *index_to_pid, unsigned int nr)
{
	struct stub_zygote_msg m = { .op = STUB_ZOP_STUBS, .nr = nr };
	int ret;

	memcpy(m.val, index_to_pid, nr * sizeof(int));
	mutex_lock(&sys->zygote_lock);
	ret = ask_locked(sys, &m, NULL, 0);
	mutex_unlock(&sys->zygote_lock);
	if (ret == 0)
		memcpy(index_to_pid, m.val, nr * sizeof(int));
	return ret;
}

static int send_batch_locked(struct stub_system *sys) REQUIRES(sys->zygote_lock);
static int send_batch_locked(struct stub_system *sys)
{
	struct stub_zygote_msg m = { .op = STUB_ZOP_FILES };
	struct platform_file *pf;
	int fds[STUB_ZYGOTE_MAX], ret;

	list_for_each_entry(pf, &sys->new_files, link) {
		fds[m.nr++] = pf->fd;
		if (m.nr == STUB_ZYGOTE_MAX)
			break;
	}
	ret = ask_locked(sys, &m, fds, m.nr);
	if (ret < 0)
		return ret;
	for (unsigned int i = 0; i < m.nr; i++) {
		pf = list_first_entry(&sys->new_files, struct platform_file, link);
		list_del_init(&pf->link);
		if (m.val[i] < STUB_FD_FIRST) {
			ret = -EMFILE;
			continue;
		}
		host_close(pf->fd);
		pf->fd = -1;
		pf->number = m.val[i];
	}
	return ret;
}

int stub_zygote_send_files(struct stub_system *sys, struct platform_file *pf)
{
	int ret = 0;

	mutex_lock(&sys->zygote_lock);
	if (pf->number < 0 && list_empty(&pf->link))
		list_add_tail(&pf->link, &sys->new_files);
	while (pf->number < 0 && ret == 0)
		ret = send_batch_locked(sys);
	if (pf->number >= 0)
		ret = 0;
	mutex_unlock(&sys->zygote_lock);
	return ret;
}

void stub_zygote_retire(struct stub_system *sys, int number)
{
	struct stub_zygote_msg m = { .op = STUB_ZOP_CLOSE, .nr = 1, .val = { number } };

	mutex_lock(&sys->zygote_lock);
	host_send(sys->control, &m, sizeof(m), NULL, 0, 0);
	mutex_unlock(&sys->zygote_lock);
}
