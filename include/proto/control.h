/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control protocol of a sandbox: control.def has the table of messages, this header the fixed
 * structures and the bounded decoder. One SOCK_SEQPACKET message is one header, the fixed
 * structure, and text. Both sides treat the other as a peer that may lie.
 */
#pragma once

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define CTL_MSG_MAX 65536

struct ctl_hdr {
	uint16_t op;   /* CTL_<NAME> */
	uint16_t pad;  /* 0 */
	uint32_t size; /* of the whole message */
	uint64_t tag;  /* replies carry the tag of their request */
};

/*
 * Sends sig: pid 0 to init, -1 to all processes; foreground: to the terminal's foreground group.
 * Replied.
 */
struct ctl_signal {
	int32_t sig;
	int32_t pid;
	uint32_t foreground;
	uint32_t pad;
};
/* New size of the terminal. Not replied. */
struct ctl_resize {
	uint16_t rows, cols, xpixel, ypixel;
};
/* The program may start (BOOT_WAIT_START). Replied. */
struct ctl_start {
	uint64_t pad;
};
/* Processes: the reply's text is a JSON list. */
struct ctl_ps {
	uint64_t pad;
};
/* "created", "running", "stopped" as the reply's text. */
struct ctl_state {
	uint64_t pad;
};

/* The sandbox is set up and locked down; the program runs, or waits for CTL_START. */
struct ctl_ready {
	uint64_t pad;
};
/* The program ended; the sandbox follows. */
struct ctl_exit {
	uint32_t status; /* as wait(2) gives it */
	uint32_t pad;
};
/* The sandbox could not start: text says why. */
struct ctl_failed {
	uint32_t code;  /* errno */
	uint32_t stage; /* CTL_STAGE_* */
};
#define CTL_STAGE_BOOT 0u
#define CTL_STAGE_EXEC 1u /* everything works but the program cannot be executed */
/* The program was stopped by a signal (job control); the command may stop itself. */
struct ctl_stopped {
	uint32_t sig;
	uint32_t pad;
};
struct ctl_reply {
	int32_t error; /* 0 or -errno */
	uint32_t pad;
};

enum ctl_op {
#define CTL(nr, NAME, name, text) CTL_##NAME = (nr),
#include "proto/control.def"
#undef CTL
};

/*
 * Bytes of the fixed structure of op, and in *ret_text the most bytes behind it; 0: no such
 * message.
 */
static inline size_t ctl_fixed_size(uint16_t op, size_t *ret_text)
{
	switch (op) {
#define CTL(nr, NAME, name, text)                                                                  \
	case nr:                                                                                   \
		*ret_text = (text);                                                                \
		return sizeof(struct ctl_##name);
#include "proto/control.def"
#undef CTL
	default:
		return 0;
	}
}

struct ctl_msg {
	uint16_t op;
	uint64_t tag;
	const void *fixed;
	const char *text; /* not terminated */
	size_t text_size;
};

/* buf is 8-byte aligned. 0 or -EBADMSG. */
static inline int ctl_decode(const void *buf, size_t size, struct ctl_msg *ret_m)
{
	const struct ctl_hdr *h = buf;
	size_t text, fixed;

	if (size < sizeof(*h) || size > CTL_MSG_MAX || h->size != size || h->pad)
		return -EBADMSG;
	fixed = ctl_fixed_size(h->op, &text);
	if (!fixed || size - sizeof(*h) < fixed || size - sizeof(*h) - fixed > text)
		return -EBADMSG;
	*ret_m = (struct ctl_msg){ .op = h->op,
				   .tag = h->tag,
				   .fixed = h + 1,
				   .text = (const char *)(h + 1) + fixed,
				   .text_size = size - sizeof(*h) - fixed };
	return 0;
}

/*
 * Builds a message in buf (CTL_MSG_MAX bytes, aligned); text is cut to what the table allows. Its
 * size.
 */
static inline size_t ctl_encode(void *buf, uint16_t op, uint64_t tag, const void *fixed,
				const char *text, size_t text_size)
{
	struct ctl_hdr *h = buf;
	size_t max, n = ctl_fixed_size(op, &max);

	if (text_size > max)
		text_size = max;
	memcpy(h + 1, fixed, n);
	if (text_size)
		memcpy((char *)(h + 1) + n, text, text_size);
	*h = (struct ctl_hdr){ .op = op,
			       .tag = tag,
			       .size = (uint32_t)(sizeof(*h) + n + text_size) };
	return h->size;
}
