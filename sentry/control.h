/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control channel of a sandbox: what commands ask of a running sentry, and what it tells them.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct console;
struct tgroup;

struct control;

/*
 * Starts the control thread. ctl: the command that started us, listen: others may connect (-1:
 * none); both stay the caller's. foreground: the end of the command is the end of the sandbox.
 */
int control_start(int ctl, int listen, bool foreground, struct control **ret_ctl);
/* From here on signals have somebody to go to. Both are borrowed. */
void control_set_init(struct control *c, struct tgroup *init, struct console *con);
/* Blocks until a command said START. */
void control_wait_start(struct control *c);
/* Messages to the command; errors mean it is gone, which the thread notices. */
void control_send_ready(struct control *c);
void control_send_exit(struct control *c, int wait_status);
void control_send_stopped(struct control *c, int sig);
/* Also before control_start(): only the socket is needed. */
void control_send_failed(int ctl, int err, bool exec, const char *text);
