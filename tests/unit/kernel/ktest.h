/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A kernel on the fake platform. A "program" is a C function that runs on the task's own thread, as
 * if it were one long system call; kt_exec() runs one as pid 1 and returns its wait status.
 * Children made by kt_fork() run another program: which one travels in the stack pointer.
 */
#pragma once

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <abi/linux/capability.h>
#include <abi/linux/errno.h>
#include <abi/linux/mman.h>
#include <abi/linux/mount.h>
#include <abi/linux/sched.h>
#include <abi/linux/signal.h>
#include <abi/linux/wait.h>
#include <base/bits.h>
#include <base/hash.h>
#include <host/host.h>
#include <platform/fake.h>

#include "fs/memfd/memfd.h"
#include "fs/pipe/pipe.h"
#include "kernel/container.h"
#include "kernel/exec.h"
#include "kernel/kernel.h"
#include "kernel/kernel_int.h"
#include "kernel/rlimit.h"
#include "kernel/session_int.h"
#include "kernel/task_clone.h"
#include "kernel/task_wait.h"
#include "mm/mm.h"
#include "vfs/file.h"
#include "vfs/fstypes.h"
#include "vfs/mount.h"

typedef int (*kt_program)(struct task *t); /* its value is the exit code, unless it asked for an end
					      itself */

#define KT_MAX  32
#define KT_DONE (-1000) /* a program ends like this when it wants to be called again */

static struct {
	struct platform *fake;
	kt_program prog[KT_MAX];
	unsigned int nr;
	struct kernel *k;
} g_kt;

__maybe_unused static uaddr_t kt_sp(kt_program p)
{
	unsigned int i = 0;

	while (i < g_kt.nr && g_kt.prog[i] != p)
		i++;
	assert_true(i < KT_MAX);
	if (i == g_kt.nr) {
		g_kt.prog[i] = p;
		__atomic_store_n(&g_kt.nr, i + 1, __ATOMIC_SEQ_CST);
	}
	return (i + 1) * 16;
}

static void kt_syscall(struct task *t)
{
	uint64_t i = regs_sp(&t->regs) / 16;
	int ret;

	assert_true(i >= 1 && i <= __atomic_load_n(&g_kt.nr, __ATOMIC_SEQ_CST));
	ret = g_kt.prog[i - 1](t);
	if (ret != KT_DONE && !(atomic_load(&t->work) & (TW_EXIT | TW_KILL)))
		tgroup_exit(t->tg, (ret & 0xff) << 8);
}

static int kt_guest(void *ctx, struct gthread *th, struct regs *r, struct guest_event *ev)
{
	*ev = (struct guest_event){ .kind = GE_SYSCALL };
	regs_set_sysno(r, 1);
	return 0;
}

static int kt_load(struct task *t, const struct exec_request *req, struct exec_image *ret_img)
{
	int ret = mm_new(0, &ret_img->mm);

	if (ret < 0)
		return ret;
	ret_img->cred = cred_get(t->cred);
	ret_img->entry = 0x1000;
	ret_img->sp = (uaddr_t)strtoul(req->path, NULL, 10);
	strcpy(ret_img->comm, "test");
	return 0;
}

__maybe_unused static void kt_image(struct task *t, kt_program p, struct exec_image *ret_img)
{
	char sp[20];
	struct exec_request req = { .path = sp };

	memset(ret_img, 0, sizeof(*ret_img));
	snprintf(sp, sizeof(sp), "%lu", (unsigned long)kt_sp(p));
	assert_int_equal(kt_load(t, &req, ret_img), 0);
}

__maybe_unused static int kt_setup(void **state)
{
	static const struct kernel_upcalls up = { .syscall = kt_syscall, .exec_load = kt_load };
	static const struct hash_key key = { { 1, 2 } };

	if (!g_kt.fake) {
		assert_int_equal(fake_platform_new(&g_kt.fake), 0);
		fake_set_guest(g_kt.fake, kt_guest, NULL);
		assert_int_equal(mm_system_init(g_kt.fake), 0);
		assert_int_equal(vfs_init(&key), 0);
		assert_int_equal(memfd_init(), 0);
		pipe_init();
	}
	struct kernel_config cfg = { .upcalls = &up,
				     .platform = g_kt.fake,
				     .nr_cpus = 2,
				     .hostname = "t",
				     .max_pids = 200,
				     .max_tasks = 200 };
	assert_int_equal(kernel_new(&cfg, &g_kt.k), 0);
	return 0;
}

/* After a shutdown: a first container that has seen nothing. */
__maybe_unused static void kt_afresh(void)
{
	const struct container_limits none = { 0 };
	struct kernel *k = g_kt.k;
	struct container *old = k->container;

	list_del_init(&old->link);
	assert_int_equal(container_new(k, 0, NULL, NULL, "husk", &none, &k->container), 0);
	k->uts = k->container->uts;
	container_put(old);
	k->shutting_down = false;
}

/* Runs p as pid 1 (protected: as init of a container) and everything it starts to the end. */
__maybe_unused static int kt_exec_as(kt_program p, bool protected, uint32_t uid)
{
	struct spawn_request req = { 0 };
	struct super_block *sb;
	struct mntns *ns;
	struct tgroup *tg;
	char sp[20];
	int status;

	g_kt.k->config.protect_init = protected;
	snprintf(sp, sizeof(sp), "%lu", (unsigned long)kt_sp(p));
	req.exec.path = sp;
	assert_int_equal(tmpfs_type.mount(&tmpfs_type, "t", "mode=755", NULL, &sb), 0);
	assert_int_equal(mntns_new(sb, "root", 0, &ns), 0);
	super_put(sb);
	assert_int_equal(fscontext_new(ns, &req.fs), 0);
	mntns_put(ns);
	assert_int_equal(fdtable_new(&req.fds), 0);
	assert_int_equal(cred_new_root(&req.cred), 0);
	if (uid) {
		req.cred->uid = req.cred->euid = req.cred->suid = req.cred->fsuid = uid;
		req.cred->cap_permitted = req.cred->cap_effective = 0;
	}
	assert_int_equal(kernel_spawn(g_kt.k, &req, &tg), 0);
	status = kernel_wait_exit(g_kt.k, tg);
	tgroup_put(tg);
	kernel_shutdown(g_kt.k);
	/* the next one starts afresh */
	assert_int_equal(g_kt.k->nr_tasks, 0);
	assert_int_equal(fake_nr_aspaces(g_kt.fake), 0);
	kt_afresh();
	return status;
}

__maybe_unused static int kt_exec(kt_program p)
{
	return kt_exec_as(p, false, 0);
}

/* A child process that runs p; its pid. */
__maybe_unused static int kt_fork(struct task *t, kt_program p)
{
	struct clone_req rq = { .exit_signal = LX_SIGCHLD, .stack = kt_sp(p) };

	return (int)task_clone(t, &rq);
}

__maybe_unused static int kt_thread(struct task *t, kt_program p)
{
	struct clone_req rq = {
		.flags = LX_CLONE_VM | LX_CLONE_FS | LX_CLONE_FILES | LX_CLONE_SIGHAND |
			 LX_CLONE_THREAD,
		.stack = kt_sp(p),
	};

	return (int)task_clone(t, &rq);
}

/* The wait status of pid (-1: any), or -errno. */
__maybe_unused static int kt_wait(struct task *t, int pid, unsigned int options, int *ret_pid)
{
	struct wait_req rq = {
		.type = pid > 0 ? LX_P_PID : LX_P_ALL,
		.id = pid,
		.options = options | (options & (LX_WSTOPPED | LX_WCONTINUED) ? 0 : LX_WEXITED),
	};
	struct wait_result r;
	int ret = task_wait(t, &rq, &r);

	if (ret <= 0)
		return ret;
	if (ret_pid)
		*ret_pid = r.pid;
	return r.status;
}

__maybe_unused static void kt_kill(struct task *t, int pid, int sig)
{
	struct lx_siginfo info = { .si_signo = sig, .si_code = LX_SI_USER };
	struct tgroup *tg = tgroup_find(t->kernel, pid);

	if (tg)
		signal_send_tgroup(tg, sig, &info);
	tgroup_put(tg);
}

__maybe_unused static void kt_sleep(struct task *t)
{
	while (task_block(t, TASK_NO_DEADLINE) == 0)
		;
}

/* On task threads cmocka's asserts cannot be used: they would leave the thread. The value becomes
 * the exit code. */
#define CHECK(cond)                                                                                \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #cond);                 \
			return 99;                                                                 \
		}                                                                                  \
	} while (0)
#define EXITED(code) ((code) << 8)
