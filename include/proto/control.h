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
	/* which container of the sandbox; 0: the first, which ends the sandbox with it */
	uint32_t container;
	uint32_t pad2; /* 0 */
};

/*
 * Sends sig: pid 0 to the program of this connection (the container's first process unless EXEC
 * came over it), -1 to all processes of the container; foreground: to the terminal's foreground
 * group. Replied.
 */
struct ctl_signal {
	int32_t sig;
	int32_t pid;
	uint32_t foreground;
	uint32_t pad;
};
/* New size of the terminal of this connection's program. Not replied. */
struct ctl_resize {
	uint16_t rows, cols, xpixel, ypixel;
};
/* The program may start (BOOT_WAIT_START). Replied once it runs, or with why it does not. */
struct ctl_start {
	uint64_t pad;
};
/*
 * Processes of the container: the reply's text is a JSON list of objects with pid, ppid, uid,
 * state, time (CPU, ms), start (seconds ago), tty, cmd, and host
 * (pid of the monitor) where there is one.
 */
struct ctl_ps {
	uint64_t pad;
};
/* "created", "running", "stopped" as the reply's text. */
struct ctl_state {
	uint64_t pad;
};

/*
 * One more program in a running container. Descriptors come with it, in this order: its
 * configuration (struct boot_conf in a sealed memory file), those that CTL_FD_* name, and as many
 * more as the configuration has numbers for (fds). Replied
 * when it runs, with its pid as the value; EXIT with the same tag follows when it ended. It is
 * killed when the connection ends.
 */
struct ctl_exec {
	uint32_t fds;     /* CTL_FD_* */
	int32_t host_pid; /* of its monitor, only to be told by PS; 0: none */
};
#define CTL_FD_STDIN 0x1u /* << 1, << 2: standard output and error */
#define CTL_FD_TTY   0x8u /* bytes of a terminal */
#define CTL_FD_ALL   0xfu
#define CTL_FDS_MAX  53u
/*
 * EXIT with this tag when the process (0: the container's first) ended; REPLY if there is none.
 * held: a container that joined the sandbox is killed when this connection ends, which is that of
 * its monitor.
 */
struct ctl_wait {
	int32_t pid;
	uint32_t held; /* 0 or 1 */
};

/* No task of the container runs guest code until it is resumed. Replied when that is so. */
struct ctl_pause {
	uint32_t resume; /* 0 or 1 */
	uint32_t pad;
};
/* What the sandbox uses: the reply's text is a JSON object with memory (bytes), pids, cpu (ns). */
struct ctl_usage {
	uint64_t pad;
};

/*
 * One more container in a running sandbox, up to the point of running its program. Descriptors come
 * with it: its configuration as at boot (struct boot_conf in a sealed memory file, BOOT_WAIT_START
 * whether said or not), those that fds names in the order of their bits, and as many more as the
 * configuration has numbers for. The reply's value is the container's number for ctl_hdr.container,
 * never reused in this sandbox, its text lines about what could not be had; on failure a sentence.
 * The container does not end with this connection: START runs its program, WAIT (pid 0) tells its
 * end at any time until DELETE, SIGNAL, EXEC, PS, STATE, PAUSE, USAGE, RESIZE with its number are
 * about it alone. It ends with the sandbox, which ends when its first container does.
 */
struct ctl_create {
	uint32_t fds; /* CTL_FD_*, with CTL_FD_GOFER */
	uint32_t pad;
};
/* connection to the container's own gofer, behind the terminal */
#define CTL_FD_GOFER 0x10u
/*
 * What is left of a container other than the first is killed, its mounts and its gofer's connection
 * go, its number names nothing any more. Replied when that is done.
 */
struct ctl_delete {
	uint64_t pad;
};

/*
 * New limits of a container, all of them: 0 is none, as at boot. What its processes see of memory
 * and CPUs follows; total_memory and nr_cpus are the sandbox's, of its first container only.
 */
struct ctl_update {
	uint64_t memory_max, total_memory, pids_max, max_tasks, cpu_quota, cpu_period;
	uint32_t nr_cpus;
	uint32_t pad;
};

/*
 * The sandbox is set up and locked down; the program runs, or waits for CTL_START. Text: lines
 * about what could not be had.
 */
struct ctl_ready {
	uint64_t pad;
};
/* The program ended; the sandbox follows if it was the container's. */
struct ctl_exit {
	uint32_t status;    /* as wait(2) gives it */
	uint32_t oom_kills; /* processes of its container that were killed for memory */
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
/* Text: an error's sentence, or the answer. */
struct ctl_reply {
	int32_t error; /* 0 or -errno */
	int32_t value; /* of EXEC: pid; of a failed START or EXEC: CTL_STAGE_* */
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
	uint32_t container;
	const void *fixed;
	const char *text; /* not terminated */
	size_t text_size;
};

/* buf is 8-byte aligned. 0 or -EBADMSG. */
static inline int ctl_decode(const void *buf, size_t size, struct ctl_msg *ret_m)
{
	const struct ctl_hdr *h = buf;
	size_t text, fixed;

	if (size < sizeof(*h) || size > CTL_MSG_MAX || h->size != size || h->pad || h->pad2)
		return -EBADMSG;
	fixed = ctl_fixed_size(h->op, &text);
	if (!fixed || size - sizeof(*h) < fixed || size - sizeof(*h) - fixed > text)
		return -EBADMSG;
	*ret_m = (struct ctl_msg){ .op = h->op,
				   .tag = h->tag,
				   .container = h->container,
				   .fixed = h + 1,
				   .text = (const char *)(h + 1) + fixed,
				   .text_size = size - sizeof(*h) - fixed };
	return 0;
}

/*
 * Builds a message in buf (CTL_MSG_MAX bytes, aligned); text is cut to what the table allows. Its
 * size.
 */
static inline size_t ctl_encode_for(void *buf, uint32_t container, uint16_t op, uint64_t tag,
				    const void *fixed, const char *text, size_t text_size)
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
			       .container = container,
			       .size = (uint32_t)(sizeof(*h) + n + text_size) };
	return h->size;
}

static inline size_t ctl_encode(void *buf, uint16_t op, uint64_t tag, const void *fixed,
				const char *text, size_t text_size)
{
	return ctl_encode_for(buf, 0, op, tag, fixed, text, text_size);
}
