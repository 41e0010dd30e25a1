/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One traced host thread: what differs between architectures, and the ptrace calls themselves. All
 * are made by the thread that seized it. 0 or -errno; -ESRCH: it is dead or dying.
 */
#pragma once

#include <platform/platform.h>
#include <signal.h>

/* A signal that says "come out", sent by kick(); nothing else in a stub uses it. */
#define TRACEE_KICK SIGUSR1

long tracee_ptrace(int request, int tid, unsigned long addr, unsigned long data);
/* Wait status of tid; -ECHILD when somebody else took it. */
int tracee_wait(int tid, int *ret_status);
int tracee_siginfo(int tid, siginfo_t *si);

/* --- arch/<cpu>.c --- */

int tracee_get_regs(int tid, struct regs *r);
/* r is sanitised and valid. */
int tracee_set_regs(int tid, const struct regs *r);
/* At a system call stop: false if it was entered in a way that we do not offer (int 0x80). */
bool tracee_syscall_native(int tid, struct regs *r);
/* At a SIGSYS of our filter: a call through the vsyscall page; sets number, true. */
bool tracee_vsyscall(const siginfo_t *si, struct regs *r);
/* Fills in what the host tells about a fault or trap: ev->access, trapno, error_code. */
void tracee_describe(const siginfo_t *si, const struct regs *r, struct guest_event *ev);

int tracee_init(void);
size_t tracee_fp_size(void);
int tracee_fp_get(int tid, void *buf, size_t size);
int tracee_fp_set(int tid, const void *buf, size_t size);
int tracee_fp_reset(int tid);
