/* SPDX-License-Identifier: Apache-2.0 */
/* eventfd(2). */
#pragma once

#include <stdint.h>

struct cred;
struct file;

/* flags: LX_EFD_SEMAPHORE, LX_EFD_NONBLOCK. */
int eventfd_new(unsigned int initval, int flags, const struct cred *cred, struct file **ret_file);
