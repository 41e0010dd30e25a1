/* SPDX-License-Identifier: Apache-2.0 */
/*
 * epoll(7). The event structure is packed on x86-64 only: arch/epoll.h.
 */
#pragma once

#include <stdint.h>

#include <abi/linux/arch/epoll.h>

#define LX_EPOLL_CTL_ADD	1
#define LX_EPOLL_CTL_DEL	2
#define LX_EPOLL_CTL_MOD	3
#define LX_EPOLL_CLOEXEC	02000000
#define LX_EPOLLIN		0x1
#define LX_EPOLLPRI		0x2
#define LX_EPOLLOUT		0x4
#define LX_EPOLLERR		0x8
#define LX_EPOLLHUP		0x10
#define LX_EPOLLNVAL		0x20
#define LX_EPOLLRDNORM		0x40
#define LX_EPOLLRDBAND		0x80
#define LX_EPOLLWRNORM		0x100
#define LX_EPOLLWRBAND		0x200
#define LX_EPOLLMSG		0x400
#define LX_EPOLLRDHUP		0x2000
#define LX_EPOLLEXCLUSIVE	0x10000000u
#define LX_EPOLLWAKEUP		0x20000000u
#define LX_EPOLLONESHOT		0x40000000u
#define LX_EPOLLET		0x80000000u
#define LX_EP_MAX_NESTS		4
