/* SPDX-License-Identifier: Apache-2.0 */
/* The interface ioctls (netdevice(7)) for the one interface there is. */
#pragma once

#include <platform/platform.h>

struct task;

/* -ENOTTY when cmd is not one of them. */
long ifconf_ioctl(struct task *t, unsigned int cmd, uaddr_t arg);
