/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starting one sandbox: a sentry and a gofer, both children of the caller, each confined before its
 * first instruction of the role. See launch.c for who is handed what.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "conf.h"
#include "proto/boot.h"

/* A tree the gofer serves; its index is boot_mount.gofer_mount. */
struct launch_mount {
	char *path; /* owned */
	bool ro;
};

/* A mapping of ids as a new user namespace has it. */
struct id_range {
	uint64_t inside, outside, size;
};
struct id_map {
	struct id_range e[64];
	size_t nr;
};

struct launch_req {
	const struct rt_conf *conf;
	struct boot_conf boot;       /* owned */
	struct launch_mount *mounts; /* owned */
	size_t nr_mounts;
	/* borrowed; -1: the guest has none (the terminal is used) */
	int stdio[3];
	int extra[BOOT_MAX_FDS]; /* borrowed: as boot.fds numbers them */
	bool tty;                /* make a terminal pump */
	int tty_fd;              /* for exec: the sentry's end of it */
	/* borrowed: ids of the files the gofer serves, or NULL: as they are */
	const struct id_map *uids, *gids;
	int listen_fd;   /* borrowed: control socket for other commands, or -1 */
	bool foreground; /* die with the caller, and attend() there */
	bool quiet;      /* the caller's stderr is not kept */
	bool host_net;   /* sockets of the network namespace the caller is in */
};

void launch_req_init(struct launch_req *r, const struct rt_conf *conf);
void launch_req_fini(struct launch_req *r);
/* The boot configuration in a memory file that nobody can change. -errno with *err. */
int launch_conf_fd(const struct boot_conf *c, struct rt_err *err);
/* Adds a tree for the gofer; the same path and mode is shared. ret_index is its number. */
int launch_add_tree(struct launch_req *r, const char *path, bool ro, uint64_t *ret_index);

struct sandbox {
	pid_t sentry, gofer, broker; /* broker: -1 without host networking */
	int sentry_pidfd, gofer_pidfd, broker_pidfd;
	int ctl;            /* SOCK_SEQPACKET to the sentry */
	int tty;            /* SOCK_STREAM: bytes of the terminal, or -1 */
	char *warnings;     /* owned: lines from the sentry, or NULL */
	int killed_by;      /* the signal that ended it from outside, or 0 */
	uint32_t oom_kills; /* known at the end: processes the sentry killed for memory */
	/*
	 * One container of a sandbox that is somebody else's (sentry is -1): its number, and
	 * whether its gofer goes on as long as the sentry wants it.
	 */
	bool joined, gofer_stays;
	uint32_t container;
};

void sandbox_init(struct sandbox *sb);
/*
 * Starts both processes; on failure nothing is left. The sentry reports READY or FAILED on sb->ctl.
 */
int launch(struct launch_req *r, struct sandbox *sb, struct rt_err *err);
/*
 * For a container that joins a sandbox: its gofer alone. conf and gofer are what the sentry is to
 * be sent, tty (or -1) too.
 */
struct launch_joined {
	int conf, gofer, tty; /* owned by the caller */
};
int launch_joining(struct launch_req *r, struct sandbox *sb, struct launch_joined *ret_j,
		   struct rt_err *err);
/* Kills what still runs, reaps it, closes everything. */
void sandbox_kill(struct sandbox *sb);

/* launch_sentry.c: what the child does between clone and exec. Never returns. */
struct sentry_start {
	int exe_fd; /* the husk binary */
	int go_fd;  /* one byte arrives when ids are mapped */
	int ctl_fd, conf_fd, gofer_fd, broker_fd, tty_fd, listen_fd, log_fd, trace_fd, kvm_fd,
		cpuinfo_fd, meminfo_fd;
	int stdio[3];
	const int *extra;
	size_t nr_extra;
	uid_t uid;
	gid_t gid;
	bool groups; /* supplementary groups can be dropped */
	bool pdeath;
	const char *id;
};
__noreturn void launch_sentry_child(const struct sentry_start *s);
/* What the gofer's child does between clone and exec. Never returns. */
struct gofer_start {
	int exe_fd, go_fd, sock_fd;
	/* in a user namespace of its own: ids must be mapped first */
	bool user_ns;
	const struct id_map *uids, *gids; /* of that namespace; NULL: our own user only */
	bool pdeath, allow_connect;
	bool quiet; /* stderr is not kept */
	const struct launch_req *req;
};
__noreturn void launch_gofer_child(const struct gofer_start *s);
/*
 * What the broker's child does between clone and exec; go_fd, sock_fd, exe_fd as above. Never
 * returns.
 */
__noreturn void launch_broker_child(const struct gofer_start *s);
/* Moves descriptors to 3, 4, ... in order (negative ones are left out) and closes all others. */
int launch_move_fds(int *const *fds, size_t nr);
