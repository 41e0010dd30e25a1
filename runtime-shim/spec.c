/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of a boot configuration that `do` and `run` share: see spec.h. */
#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "abi/linux/mount.h"
#include "base/bits.h"
#include "host_facts.h"
#include "spec.h"

static uint64_t usable_cpus(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) == 0 ? (uint64_t)CPU_COUNT(&set) : 1;
}

void spec_common(struct boot_conf *b, const struct rt_conf *conf)
{
	struct sysinfo si;

	b->nr_cpus = usable_cpus();
	b->max_tasks = host_task_budget();
	b->niceness = (uint64_t)(int64_t)getpriority(PRIO_PROCESS, 0);
	if (sysinfo(&si) == 0)
		b->total_memory = (uint64_t)si.totalram * si.mem_unit;
	if (getrandom(&b->seed, sizeof(b->seed), 0) != sizeof(b->seed))
		b->seed = (uint64_t)getpid();
	b->platform = strdup(conf->platform);
	if (conf->strace)
		b->flags |= BOOT_STRACE;
	if (conf->strace_syscalls)
		b->strace_syscalls = strdup(conf->strace_syscalls);
	if (conf->debug)
		b->flags |= BOOT_DEBUG;
	if (conf->no_patch)
		b->flags |= BOOT_NO_PATCH;
	if (strncmp(conf->debug_log_format, "json", 4) == 0)
		b->flags |= BOOT_LOG_JSON;
	if (geteuid() != 0)
		b->flags |= BOOT_ROOTLESS;
}

struct default_mount {
	const char *type, *dst, *options;
	uint64_t flags;
};

/* clang-format off */
static const struct default_mount default_mounts[] = {
	{ "proc",   "/proc",       NULL,                                  LX_MS_NOSUID | LX_MS_NODEV | LX_MS_NOEXEC },
	{ "sysfs",  "/sys",        NULL,                                  LX_MS_NOSUID | LX_MS_NODEV | LX_MS_NOEXEC | LX_MS_RDONLY },
	{ "devtmpfs", "/dev",      "mode=755,size=65536k",                LX_MS_NOSUID | LX_MS_STRICTATIME },
	{ "devpts", "/dev/pts",    "newinstance,ptmxmode=0666,mode=0620", LX_MS_NOSUID | LX_MS_NOEXEC },
	{ "tmpfs",  "/dev/shm",    "mode=1777,size=65536k",               LX_MS_NOSUID | LX_MS_NODEV | LX_MS_NOEXEC },
};
/* clang-format on */

int spec_default_mounts(struct boot_conf *b)
{
	for (size_t i = 0; i < ARRAY_SIZE(default_mounts); i++) {
		const struct default_mount *d = &default_mounts[i];
		struct boot_mount *m;

		if (boot_mount_add(b, &m) < 0)
			return -ENOMEM;
		m->type = strdup(d->type);
		m->src = strdup(d->type);
		m->dst = strdup(d->dst);
		m->options = d->options ? strdup(d->options) : NULL;
		m->flags = d->flags;
		if (!m->type || !m->dst || !m->src)
			return -ENOMEM;
	}
	return 0;
}

int spec_bind_mount(struct launch_req *r, struct boot_mount *m, const char *src, const char *dst,
		    bool ro, struct rt_err *err)
{
	struct stat st;

	if (stat(src, &st) < 0)
		return rt_fail(err, errno, "mount of %s: %s: %s", dst, src, strerror(errno));
	if (S_ISBLK(st.st_mode))
		return rt_fail(err, ENOTSUP, "mount of %s: %s is a block device", dst, src);
	if (S_ISCHR(st.st_mode)) {
		m->type = strdup("bind");
		m->src = strdup(src);
		m->dst = strdup(dst);
		m->kind = BOOT_MOUNT_DEV;
		if (!m->type || !m->src || !m->dst ||
		    asprintf(&m->options, "c %u %u %o %u %u", major(st.st_rdev), minor(st.st_rdev),
			     st.st_mode & 07777, st.st_uid, st.st_gid) < 0)
			return rt_fail(err, ENOMEM, "out of memory");
		return 0;
	}
	m->type = strdup("bind");
	m->src = strdup(src);
	m->dst = strdup(dst);
	m->kind = S_ISDIR(st.st_mode) ? BOOT_MOUNT_DIR : BOOT_MOUNT_FILE;
	if (ro)
		m->flags |= LX_MS_RDONLY;
	if (!m->type || !m->src || !m->dst || launch_add_tree(r, src, ro, &m->gofer_mount) < 0)
		return rt_fail(err, ENOMEM, "out of memory");
	return 0;
}

/*
 * A pipe or terminal as an open file of our own, non-blocking: the flag on the one we were given
 * would be seen by everybody who shares it. What cannot be opened again is handed over as it is.
 */
static int reopen(int fd)
{
	char path[32];
	struct stat st;
	int fl = fcntl(fd, F_GETFL), own;

	if (fl < 0 || fstat(fd, &st) < 0 || (!S_ISFIFO(st.st_mode) && !isatty(fd)))
		return fd;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	own = open(path, (fl & O_ACCMODE) | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return own < 0 ? fd : own;
}

static bool same_file(int a, int b)
{
	pid_t self = getpid();

	return syscall(SYS_kcmp, self, self, KCMP_FILE, a, b) == 0;
}

/* Descriptors 0 to 2 but those of mask; which of them are one open file. */
static void streams(struct launch_req *r, uint64_t mask)
{
	r->boot.stdio_same = 0;
	r->boot.tty_mask = mask;
	for (int i = 0; i < 3; i++) {
		int same = i;

		r->stdio[i] = mask >> i & 1 || fcntl(i, F_GETFD) < 0 ? -1 : i;
		for (int k = 0; k < i && r->stdio[i] >= 0 && same == i; k++) {
			if (r->stdio[k] >= 0 && same_file(i, k))
				same = k;
		}
		r->boot.stdio_same |= (uint64_t)same << (4 * i);
		if (same != i)
			r->stdio[i] = -1;
	}
	for (int i = 0; i < 3; i++) {
		if (r->stdio[i] >= 0)
			r->stdio[i] = reopen(i);
	}
}

void spec_streams(struct launch_req *r)
{
	r->tty = false;
	r->boot.flags &= ~(uint64_t)BOOT_TTY;
	streams(r, 0);
}

void spec_terminal(struct launch_req *r)
{
	r->tty = true;
	r->boot.flags |= BOOT_TTY;
	streams(r, 7);
}

void spec_stdio(struct launch_req *r)
{
	struct winsize ws;
	uint64_t mask = 0;

	r->tty = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
	for (int i = 0; i < 3 && r->tty; i++)
		mask |= isatty(i) ? UINT64_C(1) << i : 0;
	streams(r, mask);
	if (!r->tty)
		return;
	r->boot.flags |= BOOT_TTY;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) == 0) {
		r->boot.rows = ws.ws_row;
		r->boot.cols = ws.ws_col;
	}
}

static int pass_fd(struct launch_req *r, long host, long guest, const char *flag,
		   struct rt_err *err)
{
	struct boot_conf *c = &r->boot;

	if (c->nr_fds >= BOOT_MAX_FDS)
		return rt_fail(err, EMFILE, "%s: at most %u descriptors can be passed", flag,
			       BOOT_MAX_FDS);
	if (fcntl((int)host, F_GETFD) < 0)
		return rt_fail(err, errno, "%s: descriptor %ld: %s", flag, host, strerror(errno));
	r->extra[c->nr_fds] = (int)host;
	c->fds[c->nr_fds++] = (uint64_t)guest;
	return 0;
}

int spec_pass_fds(struct launch_req *r, long preserve, const struct strlist *pass,
		  struct rt_err *err)
{
	if (preserve < 0 || preserve > (long)BOOT_MAX_FDS)
		return rt_fail(err, EINVAL, "--preserve-fds: %ld is not 0 to %u", preserve,
			       BOOT_MAX_FDS);
	for (long i = 0; i < preserve; i++) {
		if (pass_fd(r, 3 + i, 3 + i, "--preserve-fds", err) < 0)
			return -err->code;
	}
	for (size_t i = 0; i < pass->nr; i++) {
		long m, n;
		char rest;

		if (sscanf(pass->v[i], "%ld:%ld%c", &m, &n, &rest) != 2 || m < 0 || n < 0 ||
		    n > 65535)
			return rt_fail(err, EINVAL, "--pass-fd: '%s' is not M:N", pass->v[i]);
		if (pass_fd(r, m, n, "--pass-fd", err) < 0)
			return -err->code;
	}
	return 0;
}
