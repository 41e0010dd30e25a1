/* SPDX-License-Identifier: Apache-2.0 */
/* memfd_create(2). */
#pragma once

struct cred;
struct file;
struct vfs_caller;

/* Makes the file system behind memfds; once at start, after vfs_init. */
int memfd_init(void);
/* flags: LX_MFD_*; checked by the caller. */
int memfd_new(const char *name, unsigned int flags, const struct vfs_caller *c,
	      struct file **ret_file);
