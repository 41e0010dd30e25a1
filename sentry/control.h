/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control channel of a sandbox: what commands ask of a running sentry, and what it tells them.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct container;
struct console;
struct kernel;
struct mntns;
struct super_block;
struct tgroup;

struct control;

/*
 * Starts the control thread. ctl: the command that started us, listen: others may connect (-1:
 * none); both stay the caller's. foreground: the end of the command is the end of the sandbox.
 */
int control_start(int ctl, int listen, bool foreground, struct control **ret_ctl);
/* From here on signals have somebody to go to. Both are borrowed. */
void control_set_init(struct control *c, struct tgroup *init, struct console *con);
/* Where programs that commands start (EXEC) live. Borrowed; before control_set_init(). */
void control_set_space(struct control *c, struct kernel *k, struct mntns *ns,
		       struct super_block *pts);
/* Whoever held control.lock when this was called has let it go. */
void control_barrier(struct control *c);
/* Blocks until a command said START. */
void control_wait_start(struct control *c);
/* Answers that command: 0, or why the program does not run (exec: all else is well). */
void control_started(struct control *c, int err, bool exec, const char *text);
/* No program that a command started runs any more, or some time passed. */
void control_wait_idle(struct control *c);
/* Messages to the command; errors mean it is gone, which the thread notices. */
/* warnings: lines for whoever wrote the configuration. */
void control_send_ready(struct control *c, const char *warnings);
void control_send_exit(struct control *c, int wait_status);
/* On a connection, for a request with this tag. */
void control_send_exit_to(int fd, uint64_t tag, const struct container *ct, int wait_status);
void control_reply(int fd, uint64_t tag, int err, int value, const char *text);
void control_send_stopped(struct control *c, int sig);
/* Also before control_start(): only the socket is needed. */
void control_send_failed(int ctl, int err, bool exec, const char *text);

/* A connection as those see it who work for it on threads of their own. */
struct control_conn {
	unsigned int slot;
	uint32_t gen;
};
/*
 * Signals and sizes on this connection go to tg and con (borrowed) from here on. False if the
 * connection has ended: whoever asked is gone.
 */
bool control_attach(struct control *c, struct control_conn conn, struct tgroup *tg,
		    struct console *con);
/* Of the monitor of the program tg, or 0. */
int control_host_pid(struct control *c, const struct tgroup *tg);
/* tg and con are not used any more when this returns. */
void control_detach(struct control *c, struct control_conn conn);
