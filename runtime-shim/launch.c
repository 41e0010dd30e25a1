/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starts a sandbox. The sentry is cloned straight into its own user, pid, mount, ipc, uts and
 * network namespaces and mapped to one unprivileged id; the gofer beside it confines itself. Both
 * run at the same time: neither waits for the other until the sentry sends its first request.
 *
 * Every descriptor a child gets is named on its command line; all others are closed. When the
 * caller dies in foreground mode, both die: by the parent-death signal, and by end of file on the
 * sockets.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/bits.h"
#include "idmap.h"
#include "launch.h"

/* Each sandbox of root gets an id of its own here, so that per-user limits are per sandbox. */
#define ID_BASE   3000000u
#define ID_COUNT  1000000u
#define ID_NOBODY 65534u

#define SENTRY_NS                                                                                  \
	(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET)

void launch_req_init(struct launch_req *r, const struct rt_conf *conf)
{
	*r = (struct launch_req){
		.conf = conf, .stdio = { 0, 1, 2 }, .listen_fd = -1, .tty_fd = -1
	};
}

void launch_req_fini(struct launch_req *r)
{
	boot_conf_fini(&r->boot);
	for (size_t i = 0; i < r->nr_mounts; i++)
		free(r->mounts[i].path);
	free(r->mounts);
}

int launch_add_tree(struct launch_req *r, const char *path, bool ro, uint64_t *ret_index)
{
	struct launch_mount *m;

	for (size_t i = 0; i < r->nr_mounts; i++) {
		if (strcmp(r->mounts[i].path, path) == 0 && r->mounts[i].ro == ro) {
			*ret_index = i;
			return 0;
		}
	}
	m = realloc(r->mounts, (r->nr_mounts + 1) * sizeof(*m));
	if (!m)
		return -ENOMEM;
	r->mounts = m;
	m[r->nr_mounts] = (struct launch_mount){ .path = strdup(path), .ro = ro };
	if (!m[r->nr_mounts].path)
		return -ENOMEM;
	*ret_index = r->nr_mounts++;
	return 0;
}

void sandbox_init(struct sandbox *sb)
{
	*sb = (struct sandbox){ .sentry = -1,
				.gofer = -1,
				.broker = -1,
				.sentry_pidfd = -1,
				.gofer_pidfd = -1,
				.broker_pidfd = -1,
				.ctl = -1,
				.tty = -1 };
}

static void end_child(pid_t *pid, int *pidfd)
{
	if (*pid > 0) {
		kill(*pid, SIGKILL);
		while (waitpid(*pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	if (*pidfd >= 0)
		close(*pidfd);
	*pid = *pidfd = -1;
}

void sandbox_kill(struct sandbox *sb)
{
	if (sb->gofer_stays) {
		if (sb->gofer_pidfd >= 0)
			close(sb->gofer_pidfd);
		sb->gofer = sb->gofer_pidfd = -1;
	}
	if (sb->gofer > 0)
		kill(sb->gofer, SIGKILL);
	if (sb->broker > 0)
		kill(sb->broker, SIGKILL);
	end_child(&sb->sentry, &sb->sentry_pidfd);
	end_child(&sb->gofer, &sb->gofer_pidfd);
	end_child(&sb->broker, &sb->broker_pidfd);
	if (sb->ctl >= 0)
		close(sb->ctl);
	if (sb->tty >= 0)
		close(sb->tty);
	sb->ctl = sb->tty = -1;
}

/* fork with namespaces: the child returns 0 on the same stack. */
static pid_t clone_child(unsigned long flags, int *ret_pidfd)
{
	int pidfd = -1;
	struct clone_args args = {
		.flags = flags | CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)&pidfd,
		.exit_signal = SIGCHLD,
	};
	long pid = syscall(SYS_clone3, &args, sizeof(args));

	if (pid > 0)
		*ret_pidfd = pidfd;
	return pid < 0 ? -errno : (pid_t)pid;
}

/* A memory file that nobody can change any more. */
static int sealed_fd(const char *name, const void *p, size_t size)
{
	auto_close int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return -errno;
	if (pwrite(fd, p, size, 0) != (ssize_t)size)
		return -EIO;
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
		return -errno;
	return STEAL_FD(fd);
}

int launch_conf_fd(const struct boot_conf *c, struct rt_err *err)
{
	struct boot_buf buf = { 0 };
	int ret = boot_conf_encode(c, &buf), fd;

	if (ret < 0)
		return rt_fail(err, -ret,
			       "the configuration is too large (arguments and environment)");
	fd = sealed_fd("husk-boot", buf.p, buf.size);
	free(buf.p);
	return fd < 0 ? rt_fail(err, -fd, "memfd: %s", strerror(-fd)) : fd;
}

/* Limits of the sandbox's own processes. The guest's limits are the sentry's business. */
static void raise_limits(const struct rt_conf *conf)
{
	rlim_t want = conf->fdlimit > 0 ? (rlim_t)conf->fdlimit : 1048576;
	struct rlimit r = { want, want };
	const int unlimited[] = { RLIMIT_FSIZE, RLIMIT_AS, RLIMIT_NPROC, RLIMIT_MEMLOCK };

	if (setrlimit(RLIMIT_NOFILE, &r) < 0 && getrlimit(RLIMIT_NOFILE, &r) == 0) {
		r.rlim_cur = r.rlim_max;
		setrlimit(RLIMIT_NOFILE, &r);
		if (r.rlim_cur < 65536)
			rt_dbg("descriptor limit is %lu: a guest with many open files may meet it",
			       (unsigned long)r.rlim_cur);
	}
	for (size_t i = 0; i < ARRAY_SIZE(unlimited); i++) {
		r.rlim_cur = r.rlim_max = RLIM_INFINITY;
		if (setrlimit(unlimited[i], &r) < 0 && getrlimit(unlimited[i], &r) == 0) {
			r.rlim_cur = r.rlim_max;
			setrlimit(unlimited[i], &r);
		}
	}
	/* 1, unlike 0, also keeps a helper named by the host's core_pattern from being started */
	r = (struct rlimit){ 1, 1 };
	setrlimit(RLIMIT_CORE, &r);
}

static int start_sentry(struct launch_req *r, struct sentry_start *s, struct sandbox *sb,
			struct rt_err *err)
{
	bool root = geteuid() == 0;
	int go[2], ret;
	char c = 1;

	if (pipe2(go, O_CLOEXEC) < 0)
		return rt_fail(err, errno, "pipe: %s", strerror(errno));
	s->go_fd = go[0];
	s->uid = root ? ID_BASE + (uid_t)getpid() % ID_COUNT : geteuid();
	s->gid = root ? s->uid : getegid();
	s->groups = root;
	for (;;) {
		sb->sentry = clone_child(SENTRY_NS, &sb->sentry_pidfd);
		if (sb->sentry == 0) {
			close(go[1]);
			launch_sentry_child(s);
		}
		if (sb->sentry < 0) {
			ret = rt_fail(err, -sb->sentry,
				      "cannot make the sentry's namespaces: %s (%s)",
				      strerror(-sb->sentry),
				      ids_nobody() ? "the caller has no id in its user namespace" :
						     "see 'husk doctor'");
			break;
		}
		ret = ids_map_self(sb->sentry, s->uid, s->gid, !s->groups);
		if (ret == 0) {
			if (write(go[1], &c, 1) != 1)
				ret = rt_fail(err, EIO,
					      "the sentry's process ended before it began");
			break;
		}
		end_child(&sb->sentry, &sb->sentry_pidfd);
		if (!s->groups) {
			rt_fail(err, -ret,
				"cannot map user %u into the sentry's user namespace: %s", s->uid,
				strerror(-ret));
			break;
		}
		/* a namespace without the range: everybody has nobody, or themselves at least */
		if (s->uid != ID_NOBODY) {
			s->uid = s->gid = ID_NOBODY;
		} else {
			s->uid = geteuid();
			s->gid = getegid();
			s->groups = false;
		}
	}
	close(go[0]);
	close(go[1]);
	return ret;
}

/* The gofer or the broker: a child beside the sentry that confines itself. */
static int start_helper(struct gofer_start *s, const char *what,
			void (*child)(const struct gofer_start *s), pid_t *ret_pid, int *ret_pidfd,
			struct rt_err *err)
{
	auto_close int go_r = -1, go_w = -1;
	int go[2], ret;
	char c = 1;

	s->user_ns = geteuid() != 0 || s->uids;
	if (pipe2(go, O_CLOEXEC) < 0)
		return rt_fail(err, errno, "pipe: %s", strerror(errno));
	s->go_fd = go_r = go[0];
	go_w = go[1];
	*ret_pid = clone_child(s->user_ns ? CLONE_NEWUSER : 0, ret_pidfd);
	if (*ret_pid == 0) {
		close(go_w);
		child(s);
	}
	if (*ret_pid < 0)
		return rt_fail(err, -*ret_pid, "cannot start the %s: %s", what,
			       strerror(-*ret_pid));
	if (s->user_ns) {
		ret = s->uids ? ids_map_ranges(*ret_pid, s->uids, s->gids, err) :
				ids_map_self(*ret_pid, geteuid(), getegid(), true);
		if (ret < 0 && s->uids)
			return rt_fail_in(err, "%s", what);
		if (ret < 0)
			return rt_fail(err, -ret, "cannot map the %s's user: %s", what,
				       strerror(-ret));
	}
	if (write(go_w, &c, 1) != 1)
		return rt_fail(err, EIO, "the %s's process ended before it began", what);
	return 0;
}

static bool host_sockets(const struct rt_conf *conf)
{
	return strcmp(conf->host_uds, "open") == 0 || strcmp(conf->host_uds, "all") == 0;
}

int launch(struct launch_req *r, struct sandbox *sb, struct rt_err *err)
{
	auto_close int exe = -1, conf = -1, ctl = -1, gofer_a = -1, gofer_b = -1, tty = -1,
		       broker_a = -1, broker_b = -1, log = -1, cpuinfo = -1, meminfo = -1;
	int sv[2], ret;

	raise_limits(r->conf);
	if (!*r->conf->debug_log)
		r->boot.flags |= BOOT_LOG_STDERR;
	conf = launch_conf_fd(&r->boot, err);
	if (conf < 0)
		return conf;
	exe = open("/proc/self/exe", O_PATH | O_CLOEXEC);
	if (exe < 0)
		return rt_fail(err, errno, "/proc/self/exe: %s (is /proc mounted?)",
			       strerror(errno));
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv) < 0)
		return rt_fail(err, errno, "socketpair: %s", strerror(errno));
	sb->ctl = sv[0];
	ctl = sv[1];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv) < 0)
		return rt_fail(err, errno, "socketpair: %s", strerror(errno));
	gofer_a = sv[0];
	gofer_b = sv[1];
	if (r->host_net) {
		if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv) < 0)
			return rt_fail(err, errno, "socketpair: %s", strerror(errno));
		broker_a = sv[0];
		broker_b = sv[1];
	}
	if (r->tty) {
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv) < 0)
			return rt_fail(err, errno, "socketpair: %s", strerror(errno));
		sb->tty = sv[0];
		tty = sv[1];
	}
	log = debug_log_open(r->conf, r->boot.id, "boot", err);
	if (err->code)
		return -err->code;
	/* A sandbox that stays must not hold its maker's stderr: engines read that to its end. */
	if (log < 0 && r->quiet) {
		log = open("/dev/null", O_WRONLY | O_CLOEXEC);
		if (log < 0)
			return rt_fail(err, errno, "/dev/null: %s", strerror(errno));
	}
	/* what /proc/cpuinfo and /proc/meminfo of the guest are made from, read when asked for */
	cpuinfo = open("/proc/cpuinfo", O_RDONLY | O_CLOEXEC);
	meminfo = open("/proc/meminfo", O_RDONLY | O_CLOEXEC);

	struct gofer_start gs = { .exe_fd = exe,
				  .sock_fd = gofer_b,
				  .pdeath = r->foreground,
				  .quiet = r->quiet,
				  .req = r,
				  .uids = r->uids,
				  .gids = r->gids };
	struct gofer_start bs = {
		.exe_fd = exe, .sock_fd = broker_b, .pdeath = r->foreground, .quiet = r->quiet
	};
	struct sentry_start ss = {
		.exe_fd = exe,
		.ctl_fd = ctl,
		.conf_fd = conf,
		.gofer_fd = gofer_a,
		.broker_fd = broker_a,
		.tty_fd = tty,
		.listen_fd = r->listen_fd,
		.log_fd = log >= 0 ? log : STDERR_FILENO,
		.trace_fd = r->conf->strace && log < 0 ? STDERR_FILENO : -1,
		.kvm_fd = -1,
		.cpuinfo_fd = cpuinfo,
		.meminfo_fd = meminfo,
		.stdio = { r->stdio[0], r->stdio[1], r->stdio[2] },
		.extra = r->extra,
		.nr_extra = r->boot.nr_fds,
		.pdeath = r->foreground,
		.id = r->boot.id,
	};
	gs.allow_connect = host_sockets(r->conf);
	ret = start_sentry(r, &ss, sb, err);
	if (ret == 0)
		ret = start_helper(&gs, "gofer", launch_gofer_child, &sb->gofer, &sb->gofer_pidfd,
				   err);
	if (ret == 0 && r->host_net)
		ret = start_helper(&bs, "network broker", launch_broker_child, &sb->broker,
				   &sb->broker_pidfd, err);
	if (ret < 0)
		sandbox_kill(sb);
	return ret;
}

int launch_joining(struct launch_req *r, struct sandbox *sb, struct launch_joined *ret_j,
		   struct rt_err *err)
{
	auto_close int exe = -1, conf = -1, gofer_a = -1, gofer_b = -1, tty = -1;
	int sv[2];

	raise_limits(r->conf);
	conf = launch_conf_fd(&r->boot, err);
	if (conf < 0)
		return conf;
	exe = open("/proc/self/exe", O_PATH | O_CLOEXEC);
	if (exe < 0)
		return rt_fail(err, errno, "/proc/self/exe: %s (is /proc mounted?)",
			       strerror(errno));
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv) < 0)
		return rt_fail(err, errno, "socketpair: %s", strerror(errno));
	gofer_a = sv[0];
	gofer_b = sv[1];
	if (r->tty) {
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv) < 0)
			return rt_fail(err, errno, "socketpair: %s", strerror(errno));
		sb->tty = sv[0];
		tty = sv[1];
	}
	struct gofer_start gs = { .exe_fd = exe,
				  .sock_fd = gofer_b,
				  .pdeath = !sb->gofer_stays,
				  .quiet = r->quiet,
				  .req = r,
				  .uids = r->uids,
				  .gids = r->gids };

	gs.allow_connect = host_sockets(r->conf);
	if (start_helper(&gs, "gofer", launch_gofer_child, &sb->gofer, &sb->gofer_pidfd, err) < 0)
		return -err->code;
	*ret_j = (struct launch_joined){ STEAL_FD(conf), STEAL_FD(gofer_a), STEAL_FD(tty) };
	return 0;
}
