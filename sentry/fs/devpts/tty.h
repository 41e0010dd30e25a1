/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Terminals: a pseudo-terminal pair with the N_TTY line discipline between its ends (termios(3),
 * tty_ioctl(4), pty(7)). What the master writes is input: edited, echoed, turned into lines and
 * signals. What the slave writes is output: post-processed into the master's queue.
 *
 * References: each open file holds one; the session whose controlling terminal it is holds one; the
 * devpts instance holds one while the master is open. Locking: tty.lock (LC_TTY) guards everything;
 * signals are sent after it was dropped.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <abi/linux/tty.h>
#include <base/lock.h>
#include <base/ref.h>

#include "vfs/waitq.h"

struct devpts;
struct file;
struct inode;
struct pgroup;
struct session;
struct task;
struct uio;
struct vfs_caller;

#define TTY_IN_SIZE  4096u  /* N_TTY_BUF_SIZE; a power of two */
#define TTY_OUT_SIZE 65536u /* a power of two */

struct tty {
	struct ref ref;
	struct devpts *fs;  /* borrowed; NULL once the instance is gone */
	unsigned int index; /* const after init */
	struct mutex lock;  /* LC_TTY */

	/* all below: GUARDED_BY(lock) */
	struct lx_termios2 tio;
	struct lx_winsize win;
	/*
	 * input: ring of bytes; line_end marks bytes that end a canonical line (EOF ends one
	 * without being read)
	 */
	uint8_t in[TTY_IN_SIZE];
	uint8_t in_mark[TTY_IN_SIZE];
	uint32_t in_head;              /* next byte to write (free running) */
	uint32_t in_tail;              /* next byte to read */
	uint32_t in_canon;             /* everything before is complete lines */
	uint32_t column, canon_column; /* of the cursor; where the line under edit began */
	bool lnext, erasing;
	uint8_t *out; /* owned; TTY_OUT_SIZE */
	uint32_t out_head, out_tail;
	bool stopped; /* ^S or TCOOFF */
	bool packet;
	uint8_t packet_events;
	bool locked; /* TIOCSPTLCK */
	bool exclusive;
	bool hung_up;                     /* master closed, or vhangup */
	unsigned int nr_master, nr_slave; /* open files */
	bool slave_opened;                /* ever: before that the master does not see a hang-up */
	int64_t read_deadline;            /* VTIME in progress, CLOCK_MONOTONIC ns; 0 none */
	struct ktimer *vtimer;            /* owned, lazily */
	/* whose controlling terminal this is; borrowed: cleared by tty_session_gone */
	struct session *session;
	struct pgroup *fg;         /* owned: foreground process group */
	struct inode *slave_inode; /* borrowed by devpts' directory: owned reference */

	struct waitq master_wq, slave_wq;
};

#define TTY_PENDING_SIGNALS 8
/* Work that must wait until tty.lock is dropped. */
struct tty_after {
	int sig[TTY_PENDING_SIGNALS];
	unsigned int nr_sig;
	struct pgroup *pg;                /* owned reference: whom */
	uint32_t wake_master, wake_slave; /* poll events */
};

/* mark values in in_mark */
#define TTY_MARK_EOL 1u /* the byte ends a line */
#define TTY_MARK_EOF 2u /* VEOF: ends a line, is not delivered */

int tty_new(unsigned int index, struct tty **ret_tty);
struct tty *tty_get(struct tty *tty);
void tty_put(struct tty *tty);

/* --- ldisc.c: called with tty->lock held --- */
bool ldisc_can_take_locked(struct tty *tty);
/* One byte typed at the terminal. */
void ldisc_input_locked(struct tty *tty, uint8_t c, struct tty_after *after);
/* Output of the slave: bytes consumed; 0 when there is no room. */
size_t ldisc_output_locked(struct tty *tty, const uint8_t *buf, size_t n, struct tty_after *after);
/*
 * Bytes the slave may read now; *ret_eof: an end of file comes first. Canonical mode: complete
 * lines only.
 */
size_t ldisc_readable_locked(struct tty *tty, bool *ret_eof);
/* At most n bytes, one line in canonical mode. */
size_t ldisc_read_locked(struct tty *tty, uint8_t *buf, size_t n);
void ldisc_flush_input_locked(struct tty *tty);
void ldisc_flush_output_locked(struct tty *tty);
/* termios changed from old to tty->tio. */
void ldisc_termios_changed_locked(struct tty *tty, const struct lx_termios2 *old,
				  struct tty_after *after);
void tty_after_signal_locked(struct tty *tty, struct tty_after *after, int sig);
void tty_after_run(struct tty *tty, struct tty_after *after);

/* --- tty.c: the calls of either end --- */
long tty_ioctl(struct tty *tty, bool master, struct file *f, struct task *t, unsigned int cmd,
	       uint64_t arg);
/*
 * Job control: 0 if the task may go on, -ERESTARTSYS after it was sent sig (SIGTTIN, SIGTTOU), -EIO
 * where the signal cannot be taken (ignored, blocked, orphaned group).
 */
int tty_check_background(struct tty *tty, struct task *t, int sig);
/*
 * Makes tty the controlling terminal of t's session if it has none and t leads it (open without
 * O_NOCTTY).
 */
void tty_open_ctty(struct tty *tty, struct task *t);
/* The controlling terminal of t: referenced, or NULL. */
struct tty *tty_of_task(struct task *t);
/*
 * The session leader of s exits or gives its terminal up. hangup: SIGHUP and SIGCONT to the
 * foreground group.
 */
void tty_session_gone(struct tty *tty, struct session *s, bool hangup);
void tty_hangup(struct tty *tty);
/* A new window size: SIGWINCH to the foreground group if it is another one. */
void tty_resize(struct tty *tty, const struct lx_winsize *win);
/* The foreground process group: referenced, or NULL. */
struct pgroup *tty_foreground(struct tty *tty);
/* device number for /proc/pid/stat: major 136, minor index */
uint32_t tty_dev(const struct tty *tty);

/* --- pts.c: for boot: a console in the devpts instance; both ends open. --- */
struct super_block;
int devpts_open_pair(struct super_block *sb, struct file **ret_master, struct file **ret_slave);
