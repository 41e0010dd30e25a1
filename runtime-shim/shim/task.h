/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Containers and processes through their lives: what the task methods do, apart from decoding and
 * encoding. Functions fail with a code for the answer, set in the call.
 */
#pragma once

#include "server.h"
#include "shim.h"

/* Of task.proto. */
struct Shim__CreateRequest;
struct Shim__ExecRequest;
struct Shim__DeleteResponse;
struct Shim__StateResponse;
struct Shim__Time;

int task_create(struct call *call, const struct Shim__CreateRequest *r, pid_t *ret_pid);
int task_exec(struct call *call, const struct Shim__ExecRequest *r);
int task_start(struct call *call, struct proc *p, pid_t *ret_pid);
/* Fills *ret; the caller holds a reference on p. */
int task_delete(struct call *call, struct proc *p, struct Shim__DeleteResponse *ret,
		struct Shim__Time *ret_time);
int task_kill(struct call *call, struct proc *p, unsigned int sig, bool all);
int task_pause(struct call *call, struct proc *p, bool pause);
/* Answers call when p has ended. */
int task_wait(struct call *call, struct proc *p);
void task_state(struct proc *p, struct Shim__StateResponse *ret, struct Shim__Time *ret_time);
