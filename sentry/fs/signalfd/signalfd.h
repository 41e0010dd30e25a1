/* SPDX-License-Identifier: Apache-2.0 */
/* signalfd(2). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct cred;
struct file;
struct tgroup;

/* tg: whose signals wake pollers; the reader's own are read. */
int signalfd_new(struct tgroup *tg, uint64_t mask, unsigned int flags, const struct cred *cred,
		 struct file **ret_file);
bool file_is_signalfd(const struct file *f);
void signalfd_set_mask(struct file *f, uint64_t mask);
