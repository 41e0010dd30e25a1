/* SPDX-License-Identifier: Apache-2.0 */
/*
 * struct epoll_event, packed so that 32-bit programs share it.
 */
#pragma once

#include <stdint.h>

struct lx_epoll_event {
	uint32_t events;
	uint64_t data;
} __attribute__((packed));
