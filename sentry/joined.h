/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Containers that join a running sandbox (a pod): made by CTL_CREATE, started by CTL_START, gone
 * with CTL_DELETE. Each has its own gofer, mounts, terminal and first process; what its processes
 * share is a struct container of the kernel.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "exec.h"

struct boot_conf;
struct console;
struct container;
struct joined;
struct mntns;
struct super_block;
struct tgroup;

/*
 * Each takes over the job (and fds[nr]), does the rest on a thread of its own, and replies there.
 * -errno with nothing left open: the caller replies.
 */
int joined_create_begin(const struct exec_job *job, uint32_t which, const int *fds,
			unsigned int nr);
int joined_start_begin(const struct exec_job *job, struct joined *j);
/* Its first process's end, which may have been long ago: EXIT. */
int joined_wait_begin(const struct exec_job *job, struct joined *j);
int joined_delete_begin(const struct exec_job *job, struct joined *j);

/* By number. Referenced, NULL: none. */
struct joined *joined_find(uint32_t nr);
void joined_put(struct joined *j);

/* Const once it is found. Borrowed, as long as j. */
struct container *joined_container(const struct joined *j);
struct mntns *joined_mntns(const struct joined *j);
struct super_block *joined_pts(const struct joined *j);
/* Its first process, referenced; NULL before the start and after the end. */
struct tgroup *joined_init(struct joined *j);
/* While its first process lives: to be used under control.lock only, see joined_set_detach(). */
struct console *joined_console(struct joined *j);
/* "created", "running", "stopped" */
const char *joined_state(struct joined *j);
/* A signal before the start that would have ended it: it ends now, with this. False: too late. */
bool joined_end_unstarted(struct joined *j, int sig);

/* Nobody attends to it any more: what runs is killed, what does not run never will. */
void joined_abandon(uint32_t nr);

/*
 * Mounts that several containers of the pod share by name: the file system made for it, referenced;
 * NULL: the caller makes it, and says so with volume_add().
 */
struct super_block *volume_find(const char *name);
int volume_add(const char *name, struct super_block *sb);
/* The volumes of this configuration have one user less. */
void volumes_release(const struct boot_conf *c);
