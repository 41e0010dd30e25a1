/* SPDX-License-Identifier: Apache-2.0 */
/*
 * poll(2) and select(2).
 */
#pragma once

#include <stdint.h>

#define LX_POLLIN	0x1
#define LX_POLLPRI	0x2
#define LX_POLLOUT	0x4
#define LX_POLLERR	0x8
#define LX_POLLHUP	0x10
#define LX_POLLNVAL	0x20
#define LX_POLLRDNORM	0x40
#define LX_POLLRDBAND	0x80
#define LX_POLLWRNORM	0x100
#define LX_POLLWRBAND	0x200
#define LX_POLLMSG	0x400
#define LX_POLLREMOVE	0x1000
#define LX_POLLRDHUP	0x2000
#define LX_FD_SETSIZE	1024
struct lx_pollfd {
	int32_t fd;
	int16_t events;
	int16_t revents;
};
