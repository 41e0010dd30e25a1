/* SPDX-License-Identifier: Apache-2.0 */
/*
 * struct epoll_event, with natural alignment.
 */
#pragma once

#include <stdint.h>

struct lx_epoll_event {
	uint32_t events;
	uint64_t data;
};
