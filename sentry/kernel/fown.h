/* SPDX-License-Identifier: Apache-2.0 */
/* Owners of open files: F_SETOWN, F_SETSIG, and the SIGIO that O_ASYNC asks for, fcntl(2). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <platform/platform.h>

struct file;
struct task;

/*
 * F_SETOWN, F_GETOWN, F_SETSIG, F_GETSIG, F_SETOWN_EX, F_GETOWN_EX, F_GETOWNER_UIDS; ioctl's
 * FIOSETOWN uses F_SETOWN.
 */
long fown_fcntl(struct task *t, struct file *f, int cmd, uint64_t arg);
int fown_set_async(struct file *f, bool on);
/* With the file: called by file_put through vfs_fown_free. */
void fown_free(struct file *f);
