/* SPDX-License-Identifier: Apache-2.0 */
/*
 * POSIX message queues.
 */
#pragma once

#include <stdint.h>

#define LX_MQ_PRIO_MAX		32768
#define LX_MQ_BYTES_MAX		819200
#define LX_NOTIFY_COOKIE_LEN	32
struct lx_mq_attr {
	int64_t mq_flags;
	int64_t mq_maxmsg;
	int64_t mq_msgsize;
	int64_t mq_curmsgs;
	int64_t reserved[4];
};
