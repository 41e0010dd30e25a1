/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pidfd_open(2) and friends, kcmp(2).
 */
#pragma once

#include <stdint.h>

#define LX_PIDFD_NONBLOCK		04000
#define LX_PIDFD_THREAD			0200
#define LX_PIDFD_SIGNAL_THREAD		0x1
#define LX_PIDFD_SIGNAL_THREAD_GROUP	0x2
#define LX_PIDFD_SIGNAL_PROCESS_GROUP	0x4
#define LX_KCMP_FILE			0
#define LX_KCMP_VM			1
#define LX_KCMP_FILES			2
#define LX_KCMP_FS			3
#define LX_KCMP_SIGHAND			4
#define LX_KCMP_IO			5
#define LX_KCMP_SYSVSEM			6
#define LX_KCMP_EPOLL_TFD		7
struct lx_kcmp_epoll_slot {
	uint32_t efd;
	uint32_t tfd;
	uint32_t toff;
};
