/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gofer's entry point, `husk gofer`: reads what to serve from its arguments, locks itself in
 * and serves until the sentry is gone.
 *
 *   husk gofer --conn-fd N [--nofile N] [--workers N] [--new-net] [--host-uds]
 *              --mount {ro|rw},{path=PATH|fd=N} ...
 *
 * Mounts are numbered from 0 in the order given. It writes to standard error only before it serves.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/bits.h"
#include "conn_fd.h"
#include "proto/roles.h"
#include "server.h"

#define NR_WORKERS  2 /* see README.md for what was measured */
#define WORKERS_MAX 8
#define FD_TABLE    4096 /* descriptors the table is made for before there are threads */
#define FD_RESERVE  64   /* for what handlers open in passing, and donations */
#define FIRST_FD    4    /* behind standard streams and connection */

struct args {
	struct confine_spec spec;
	int conn_fd;
	unsigned int nr_workers;
};

static int parse_number(const char *s, long max, long *ret_v)
{
	char *end;
	long v;

	if (*s < '0' || *s > '9')
		return -EINVAL;
	errno = 0;
	v = strtol(s, &end, 10);
	if (errno || *end || v > max)
		return -EINVAL;
	*ret_v = v;
	return 0;
}

static int parse_mount(const char *s, struct mount_spec *ret_m)
{
	struct mount_spec m = { .fd = -1 };
	long v;

	if (strncmp(s, "ro,", 3) == 0)
		m.ro = true;
	else if (strncmp(s, "rw,", 3) != 0)
		return -EINVAL;
	s += 3;
	if (strncmp(s, "path=/", 6) == 0) {
		m.path = s + 5;
	} else if (strncmp(s, "fd=", 3) == 0 && parse_number(s + 3, INT_MAX, &v) == 0) {
		m.fd = (int)v;
	} else {
		return -EINVAL;
	}
	*ret_m = m;
	return 0;
}

static int parse_args(int argc, char **argv, struct args *a)
{
	struct confine_spec *spec = &a->spec;
	long v;

	for (int i = 1; i < argc; i++) {
		const char *opt = argv[i], *val = i + 1 < argc ? argv[i + 1] : NULL;

		if (strcmp(opt, "--new-net") == 0) {
			spec->new_net = true;
			continue;
		}
		if (strcmp(opt, "--host-uds") == 0) {
			spec->allow_connect = true;
			continue;
		}
		if (!val)
			return -EINVAL;
		i++;
		if (strcmp(opt, "--conn-fd") == 0) {
			if (parse_number(val, INT_MAX, &v) < 0)
				return -EINVAL;
			a->conn_fd = (int)v;
		} else if (strcmp(opt, "--workers") == 0) {
			if (parse_number(val, WORKERS_MAX, &v) < 0 || v < 1)
				return -EINVAL;
			a->nr_workers = (unsigned int)v;
		} else if (strcmp(opt, "--mount") == 0) {
			if (spec->nr_mounts == GOFER_MOUNTS_MAX ||
			    parse_mount(val, &spec->mounts[spec->nr_mounts]) < 0)
				return -EINVAL;
			spec->nr_mounts++;
		} else {
			return -EINVAL;
		}
	}
	return a->conn_fd >= 0 && spec->nr_mounts > 0 ? 0 : -EINVAL;
}

/* Moves the connection to its fixed number and the mounts behind it, and closes everything else. */
static int arrange_fds(struct args *a)
{
	int null_fd, first = FIRST_FD;

	for (unsigned int i = 0; i < a->spec.nr_mounts; i++) {
		struct mount_spec *m = &a->spec.mounts[i];

		if (m->fd < 0)
			continue;
		m->fd = fcntl(m->fd, F_DUPFD_CLOEXEC, 512);
		if (m->fd < 0)
			return -errno;
	}
	if (a->conn_fd != GOFER_CONN_FD && dup3(a->conn_fd, GOFER_CONN_FD, O_CLOEXEC) < 0)
		return -errno;
	for (unsigned int i = 0; i < a->spec.nr_mounts; i++) {
		struct mount_spec *m = &a->spec.mounts[i];

		if (m->fd < 0)
			continue;
		if (dup3(m->fd, first, O_CLOEXEC) < 0)
			return -errno;
		m->fd = first++;
	}
	if (syscall(SYS_close_range, (unsigned int)first, ~0u, 0) < 0)
		return -errno;
	null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null_fd >= 0) {
		dup2(null_fd, STDIN_FILENO);
		dup2(null_fd, STDOUT_FILENO);
		close(null_fd);
	}
	return 0;
}

/* The table of descriptors at its full size, while growing it is cheap; the budget it leaves. */
static unsigned int fd_limits(void)
{
	struct rlimit rl;
	int fd;

	if (getrlimit(RLIMIT_NOFILE, &rl) < 0)
		return 256;
	rl.rlim_cur = rl.rlim_max = MIN(rl.rlim_max, (rlim_t)FD_TABLE);
	if (setrlimit(RLIMIT_NOFILE, &rl) < 0)
		return 256;
	fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, (int)rl.rlim_cur - 1);
	if (fd >= 0)
		close(fd);
	/* Nodes without a name keep theirs beyond the budget: half is left for them. */
	return rl.rlim_cur > 4 * FD_RESERVE ? (unsigned int)rl.rlim_cur / 2 : FD_RESERVE;
}

int gofer_main(int argc, char **argv)
{
	static struct gofer_server server;
	struct args a = { .conn_fd = -1, .nr_workers = NR_WORKERS };
	int ret;

	if (parse_args(argc, argv, &a) < 0) {
		fprintf(stderr,
			"usage: husk gofer --conn-fd N [--workers N] [--new-net] [--host-uds] "
			"--mount {ro|rw},{path=PATH|fd=N} ...\n");
		return 2;
	}
	ret = arrange_fds(&a);
	if (ret < 0) {
		fprintf(stderr, "husk gofer: descriptors: %s\n", strerror(-ret));
		return 1;
	}
	umask(0);
	server.sock = GOFER_CONN_FD;
	server.allow_connect = a.spec.allow_connect;
	server.nr_workers = a.nr_workers;
	server.nr_mounts = a.spec.nr_mounts;
	node_table_init(&server.nodes, fd_limits());
	if (confine_mounts(&a.spec, server.mounts) < 0 || confine_caps() < 0 ||
	    gofer_start_workers(&server) < 0 || confine_seccomp(server.allow_connect) < 0)
		return 1;
	return gofer_serve(&server) < 0 ? 1 : 0;
}
