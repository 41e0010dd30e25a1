/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program that is started from outside: a container's first process, or one more in it (exec).
 * Made from a boot configuration and the descriptors that came with it; then started; then waited
 * for by whoever asked.
 */
#pragma once

#include <stdbool.h>

#include "abi/linux/resource.h"
#include "kernel/kernel.h"
#include "proto/boot.h"

struct console;
struct mntns;
struct super_block;

struct program {
	const struct boot_conf *conf; /* borrowed until started */
	struct kernel *kernel;
	struct mntns *ns;
	struct spawn_request req;
	struct lx_rlimit rlim[LX_RLIM_NLIMITS];
	char *path;                    /* owned: what is executed */
	struct boot_strv env;          /* owned: with HOME */
	struct file *tty_slave;        /* owned */
	struct tty *tty;               /* borrowed from tty_slave */
	struct console *console;       /* owned */
	struct seccomp_filter *filter; /* owned */
	char why[512];                 /* the first failure's sentence */
	bool exec_failed;              /* all is well but for the program itself */
};

/* Host descriptors for it; -1: none. Those that were taken over become -1. */
struct program_fds {
	int stdio[3];
	int extra[BOOT_MAX_FDS]; /* as conf->fds names them */
};

void program_init(struct program *p, struct kernel *k, const struct boot_conf *c, struct mntns *ns);
/* Its terminal (BOOT_TTY), carried over sock, which is taken over on success. */
int program_console(struct program *p, struct super_block *pts, int sock);
/*
 * Everything up to the point of running it: credentials, directory, descriptors (consumed on
 * success; -1: none), and which file is executed. make_cwd: a missing working directory is made.
 */
int program_prepare(struct program *p, struct program_fds *fds, bool make_cwd);
/* *ret_tg is referenced. The errno of execve if that is what failed. */
int program_start(struct program *p, struct tgroup **ret_tg);
/* Without the console, which outlives the start: console_stop(). */
void program_fini(struct program *p);

/* kernel_upcalls.exec_load */
int program_load(struct task *t, const struct exec_request *req, struct exec_image *ret_img);
