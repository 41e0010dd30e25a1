/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Terminals: ioctls, job control and hang-up. See tty.h, tty_ioctl(4), credentials(7). Locking:
 * tty.lock for state; sessions through kernel/session.h, never with tty.lock held. Differs from
 * Linux: BREAK, modem lines and locked termios do not exist on pseudo-terminals (as there).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <abi/linux/capability.h>
#include <abi/linux/errno.h>
#include <abi/linux/fcntl.h>
#include <abi/linux/ioctl.h>
#include <abi/linux/poll.h>
#include <abi/linux/signal.h>

#include "fs/devpts/devpts.h"
#include "fs/devpts/tty.h"
#include "kernel/kernel.h"
#include "kernel/session.h"
#include "kernel/task.h"
#include "lock_class.h"

static const struct lx_termios2 g_default_termios = {
	.c_iflag = LX_ICRNL | LX_IXON,
	.c_oflag = LX_OPOST | LX_ONLCR,
	.c_cflag = LX_B38400 | LX_CS8 | LX_CREAD,
	.c_lflag = LX_ISIG | LX_ICANON | LX_ECHO | LX_ECHOE | LX_ECHOK | LX_ECHOCTL | LX_ECHOKE |
		   LX_IEXTEN,
	.c_cc = { 3, 034, 0177, 025, 4, 0, 1, 0, 021, 023, 032, 0, 022, 017, 027, 026, 0 },
	.c_ispeed = 38400,
	.c_ospeed = 38400,
};

int tty_new(unsigned int index, struct tty **ret_tty)
{
	struct tty *tty = calloc(1, sizeof(*tty));

	if (!tty)
		return -ENOMEM;
	tty->out = malloc(TTY_OUT_SIZE);
	if (!tty->out) {
		free(tty);
		return -ENOMEM;
	}
	ref_init(&tty->ref);
	tty->index = index;
	tty->tio = g_default_termios;
	tty->locked = true;
	mutex_init(&tty->lock, LC_TTY);
	waitq_init(&tty->master_wq);
	waitq_init(&tty->slave_wq);
	*ret_tty = tty;
	return 0;
}

struct tty *tty_get(struct tty *tty)
{
	ref_get(&tty->ref);
	return tty;
}

void tty_put(struct tty *tty)
{
	if (!tty || !ref_put(&tty->ref))
		return;
	pgroup_put(tty->fg);
	waitq_fini(&tty->master_wq);
	waitq_fini(&tty->slave_wq);
	mutex_fini(&tty->lock);
	free(tty->out);
	free(tty);
}

uint32_t tty_dev(const struct tty *tty)
{
	return (136u << 8) | (tty->index & 0xff) | ((tty->index & ~0xffu) << 12);
}

void tty_after_signal_locked(struct tty *tty, struct tty_after *after, int sig)
{
	if (!tty->fg || after->nr_sig == TTY_PENDING_SIGNALS)
		return;
	if (!after->pg)
		after->pg = pgroup_get(tty->fg);
	after->sig[after->nr_sig++] = sig;
}

void tty_after_run(struct tty *tty, struct tty_after *after)
{
	for (unsigned int i = 0; i < after->nr_sig; i++)
		signal_send_pgrp(after->pg, after->sig[i], NULL);
	pgroup_put(after->pg);
	if (after->wake_master)
		waitq_wake(&tty->master_wq, after->wake_master);
	if (after->wake_slave)
		waitq_wake(&tty->slave_wq, after->wake_slave);
	memset(after, 0, sizeof(*after));
}

struct tty *tty_of_task(struct task *t)
{
	struct session *s = task_session(t);
	struct tty *tty;

	if (!s)
		return NULL;
	tty = session_tty(t->kernel, s);
	session_put(s);
	return tty;
}

int tty_check_background(struct tty *tty, struct task *t, int sig)
{
	struct session *s = task_session(t);
	struct pgroup *pg = task_pgroup(t);
	struct tty *ctty = s ? session_tty(t->kernel, s) : NULL;
	bool background;
	int ret = 0;

	mutex_lock(&tty->lock);
	background = ctty == tty && tty->fg && tty->fg != pg;
	mutex_unlock(&tty->lock);
	if (background && pg) {
		ksigset_t bit = 1ull << (sig - 1);
		bool deaf = (t->blocked & bit) || signal_is_ignored(t->tg, sig);

		if (deaf) {
			/*
			 * A background writer that will not stop may write; a reader gets an error.
			 */
			ret = sig == LX_SIGTTIN ? -EIO : 0;
		} else if (pgroup_is_orphaned(t->kernel, pg)) {
			ret = -EIO;
		} else {
			signal_send_pgrp(pg, sig, NULL);
			ret = -LX_ERESTARTSYS;
		}
	}
	if (ctty)
		tty_put(ctty);
	pgroup_put(pg);
	session_put(s);
	return ret;
}

static void set_foreground(struct tty *tty, struct session *s, struct pgroup *pg /* consumed */)
{
	struct pgroup *old;

	mutex_lock(&tty->lock);
	old = tty->fg;
	tty->fg = pg;
	tty->session = s;
	mutex_unlock(&tty->lock);
	pgroup_put(old);
}

void tty_open_ctty(struct tty *tty, struct task *t)
{
	struct session *s = task_session(t);
	bool taken;

	if (!s)
		return;
	mutex_lock(&tty->lock);
	taken = tty->session != NULL;
	mutex_unlock(&tty->lock);
	if (!taken && task_is_session_leader(t) && session_set_tty(t->kernel, s, NULL, tty))
		set_foreground(tty, s, task_pgroup(t));
	session_put(s);
}

static void signal_hangup(struct pgroup *pg)
{
	if (!pg)
		return;
	signal_send_pgrp(pg, LX_SIGHUP, NULL);
	signal_send_pgrp(pg, LX_SIGCONT, NULL);
}

/*
 * Before anybody is told: who handles the signal finds the terminal gone already. The foreground
 * group that was, or NULL, is the caller's.
 */
static struct pgroup *part(struct tty *tty, struct session *s)
{
	struct pgroup *fg = NULL;

	mutex_lock(&tty->lock);
	if (tty->session == s) {
		fg = tty->fg;
		tty->fg = NULL;
		tty->session = NULL;
	}
	mutex_unlock(&tty->lock);
	session_set_tty(g_kernel, s, tty, NULL);
	return fg;
}

void tty_session_gone(struct tty *tty, struct session *s, bool hangup)
{
	struct pgroup *fg = part(tty, s);

	if (hangup)
		signal_hangup(fg);
	pgroup_put(fg);
}

void tty_hangup(struct tty *tty)
{
	struct session *s;
	struct tgroup *leader = NULL;

	mutex_lock(&tty->lock);
	tty->hung_up = true;
	s = tty->session ? session_get(tty->session) : NULL;
	mutex_unlock(&tty->lock);
	if (s) {
		struct pgroup *fg = part(tty, s);

		mutex_lock(&g_kernel->tasklist_lock);
		if (s->leader)
			leader = tgroup_get(s->leader);
		mutex_unlock(&g_kernel->tasklist_lock);
		if (leader) {
			signal_send_tgroup(leader, LX_SIGHUP, NULL);
			signal_send_tgroup(leader, LX_SIGCONT, NULL);
			tgroup_put(leader);
		}
		signal_hangup(fg);
		pgroup_put(fg);
		session_put(s);
	}
	waitq_wake(&tty->slave_wq, LX_POLLIN | LX_POLLOUT | LX_POLLHUP | LX_POLLERR);
	waitq_wake(&tty->master_wq, LX_POLLIN | LX_POLLOUT | LX_POLLHUP);
}

/* --- ioctls --- */

static long ioctl_sctty(struct tty *tty, struct task *t, uint64_t arg)
{
	struct session *s = task_session(t);
	struct tty *have = s ? session_tty(t->kernel, s) : NULL;
	struct session *other;
	long ret = -EPERM;

	if (!s)
		return -EPERM;
	if (have == tty && task_is_session_leader(t)) {
		ret = 0;
		goto out;
	}
	if (have || !task_is_session_leader(t))
		goto out;
	mutex_lock(&tty->lock);
	other = tty->session ? session_get(tty->session) : NULL;
	mutex_unlock(&tty->lock);
	if (other) {
		if (arg != 1 || !task_capable(t, LX_CAP_SYS_ADMIN)) {
			session_put(other);
			goto out;
		}
		tty_session_gone(tty, other, false); /* stolen */
		session_put(other);
	}
	if (session_set_tty(t->kernel, s, NULL, tty)) {
		set_foreground(tty, s, task_pgroup(t));
		ret = 0;
	}
out:
	if (have)
		tty_put(have);
	session_put(s);
	return ret;
}

static long ioctl_notty(struct tty *tty, struct task *t)
{
	struct tty *have = tty_of_task(t);
	struct session *s;

	if (have != tty) {
		if (have)
			tty_put(have);
		return -ENOTTY;
	}
	s = task_session(t);
	if (task_is_session_leader(t))
		tty_session_gone(tty, s, true);
	session_put(s);
	tty_put(have);
	return 0;
}

static long ioctl_gpgrp(struct tty *tty, bool master, struct task *t, uint64_t arg)
{
	struct tty *have = tty_of_task(t);
	bool mine = have == tty;
	int pgid;

	if (have)
		tty_put(have);
	if (!master && !mine)
		return -ENOTTY;
	mutex_lock(&tty->lock);
	pgid = tty->fg ? tty->fg->pgid : 0;
	mutex_unlock(&tty->lock);
	return copyout(t, arg, &pgid, sizeof(pgid));
}

static long ioctl_spgrp(struct tty *tty, struct task *t, uint64_t arg)
{
	struct tty *have;
	struct session *s;
	struct pgroup *pg;
	int pgid;
	long ret;

	ret = tty_check_background(tty, t, LX_SIGTTOU);
	if (ret == -EIO)
		return -ENOTTY;
	if (ret < 0)
		return ret;
	have = tty_of_task(t);
	if (have)
		tty_put(have);
	if (have != tty)
		return -ENOTTY;
	ret = copyin(t, &pgid, arg, sizeof(pgid));
	if (ret < 0)
		return ret;
	if (pgid < 0)
		return -EINVAL;
	pg = pgroup_find(t->kernel, pgid);
	if (!pg)
		return -ESRCH;
	s = task_session(t);
	if (pg->session == s)
		set_foreground(tty, s, pgroup_get(pg));
	else
		ret = -EPERM;
	session_put(s);
	pgroup_put(pg);
	return ret;
}

static long ioctl_gsid(struct tty *tty, bool master, struct task *t, uint64_t arg)
{
	struct tty *have = tty_of_task(t);
	bool mine = have == tty;
	int sid;

	if (have)
		tty_put(have);
	if (!master && !mine)
		return -ENOTTY;
	mutex_lock(&tty->lock);
	sid = tty->session ? tty->session->sid : 0;
	mutex_unlock(&tty->lock);
	if (!sid)
		return -ENOTTY;
	return copyout(t, arg, &sid, sizeof(sid));
}

static const uint32_t g_speeds[] = {
	0, 50, 75, 110, 134, 150, 200, 300, 600, 1200, 1800, 2400, 4800, 9600, 19200, 38400,
};
static const uint32_t g_fast_speeds[] = {
	0,       57600,   115200,  230400,  460800,  500000,  576000,  921600,
	1000000, 1152000, 1500000, 2000000, 2500000, 3000000, 3500000, 4000000,
};

static uint32_t speed_of(uint32_t cflag)
{
	return cflag & LX_CBAUDEX ? g_fast_speeds[cflag & 017] : g_speeds[cflag & 017];
}

/* size tells the form: termio, termios or termios2. */
static long ioctl_tcset(struct tty *tty, bool master, struct task *t, uint64_t arg, size_t size,
			bool flush)
{
	struct lx_termios2 old, new;
	struct tty_after after = { 0 };
	struct lx_termio tio;
	long ret;

	if (!master) {
		ret = tty_check_background(tty, t, LX_SIGTTOU);
		if (ret < 0)
			return ret;
	}
	mutex_lock(&tty->lock);
	new = tty->tio;
	mutex_unlock(&tty->lock);
	if (size == sizeof(tio)) {
		ret = copyin(t, &tio, arg, size);
		if (ret < 0)
			return ret;
		new.c_iflag = (new.c_iflag & 0xffff0000u) | tio.c_iflag;
		new.c_oflag = (new.c_oflag & 0xffff0000u) | tio.c_oflag;
		new.c_cflag = (new.c_cflag & 0xffff0000u) | tio.c_cflag;
		new.c_lflag = (new.c_lflag & 0xffff0000u) | tio.c_lflag;
		memcpy(new.c_cc, tio.c_cc, sizeof(tio.c_cc));
	} else {
		ret = copyin(t, &new, arg, size);
		if (ret < 0)
			return ret;
	}
	if (size != sizeof(new) || (new.c_cflag &LX_CBAUD) != LX_BOTHER) {
		new.c_ospeed = speed_of(new.c_cflag);
		new.c_ispeed = new.c_ospeed;
	}
	/* A pseudo-terminal is always eight bits without parity. */
	new.c_cflag = (new.c_cflag & ~(uint32_t)(LX_CSIZE | LX_PARENB)) | LX_CS8 | LX_CREAD;
	mutex_lock(&tty->lock);
	if (flush)
		ldisc_flush_input_locked(tty);
	old = tty->tio;
	tty->tio = new;
	ldisc_termios_changed_locked(tty, &old, &after);
	mutex_unlock(&tty->lock);
	tty_after_run(tty, &after);
	return 0;
}

static long ioctl_tcget(struct tty *tty, struct task *t, uint64_t arg, size_t size)
{
	struct lx_termios2 tio;
	struct lx_termio old;

	mutex_lock(&tty->lock);
	tio = tty->tio;
	mutex_unlock(&tty->lock);
	if (size != sizeof(old))
		return copyout(t, arg, &tio, size);
	memset(&old, 0, sizeof(old));
	old.c_iflag = (uint16_t)tio.c_iflag;
	old.c_oflag = (uint16_t)tio.c_oflag;
	old.c_cflag = (uint16_t)tio.c_cflag;
	old.c_lflag = (uint16_t)tio.c_lflag;
	old.c_line = tio.c_line;
	memcpy(old.c_cc, tio.c_cc, sizeof(old.c_cc));
	return copyout(t, arg, &old, size);
}

void tty_resize(struct tty *tty, const struct lx_winsize *win)
{
	struct tty_after after = { 0 };

	mutex_lock(&tty->lock);
	if (memcmp(win, &tty->win, sizeof(*win)) != 0) {
		tty->win = *win;
		tty_after_signal_locked(tty, &after, LX_SIGWINCH);
	}
	mutex_unlock(&tty->lock);
	tty_after_run(tty, &after);
}

struct pgroup *tty_foreground(struct tty *tty)
{
	struct pgroup *pg;

	mutex_lock(&tty->lock);
	pg = tty->fg ? pgroup_get(tty->fg) : NULL;
	mutex_unlock(&tty->lock);
	return pg;
}

static long ioctl_swinsz(struct tty *tty, struct task *t, uint64_t arg)
{
	struct lx_winsize win;
	int ret = copyin(t, &win, arg, sizeof(win));

	if (ret < 0)
		return ret;
	tty_resize(tty, &win);
	return 0;
}

static long ioctl_flush(struct tty *tty, bool master, struct task *t, uint64_t arg)
{
	struct tty_after after = { 0 };
	long ret = 0;

	if (!master) {
		ret = tty_check_background(tty, t, LX_SIGTTOU);
		if (ret < 0)
			return ret;
	}
	if (arg > LX_TCIOFLUSH)
		return -EINVAL;
	mutex_lock(&tty->lock);
	/* Seen from the master, input and output trade places. */
	if ((arg == LX_TCIFLUSH) != master || arg == LX_TCIOFLUSH) {
		ldisc_flush_input_locked(tty);
		after.wake_master |= LX_POLLOUT;
		tty->packet_events |= tty->packet ? LX_TIOCPKT_FLUSHREAD : 0;
	}
	if ((arg == LX_TCOFLUSH) != master || arg == LX_TCIOFLUSH) {
		ldisc_flush_output_locked(tty);
		after.wake_slave |= LX_POLLOUT;
		tty->packet_events |= tty->packet ? LX_TIOCPKT_FLUSHWRITE : 0;
	}
	mutex_unlock(&tty->lock);
	tty_after_run(tty, &after);
	return 0;
}

static long ioctl_flow(struct tty *tty, bool master, struct task *t, uint64_t arg)
{
	struct tty_after after = { 0 };
	long ret = 0;

	if (!master) {
		ret = tty_check_background(tty, t, LX_SIGTTOU);
		if (ret < 0)
			return ret;
	}
	mutex_lock(&tty->lock);
	switch (arg) {
	case LX_TCOOFF:
		tty->stopped = true;
		break;
	case LX_TCOON:
		tty->stopped = false;
		after.wake_slave |= LX_POLLOUT;
		break;
	case LX_TCIOFF:
	case LX_TCION: {
		uint8_t c = tty->tio.c_cc[arg == LX_TCIOFF ? LX_VSTOP : LX_VSTART];

		/* Sends the character to the other end. */
		if (c != 0)
			ldisc_output_locked(tty, &c, 1, &after);
		break;
	}
	default:
		ret = -EINVAL;
	}
	mutex_unlock(&tty->lock);
	tty_after_run(tty, &after);
	return ret;
}

static long ioctl_sti(struct tty *tty, struct task *t, uint64_t arg)
{
	struct tty_after after = { 0 };
	struct tty *have = tty_of_task(t);
	uint8_t c;
	int ret;

	if (have)
		tty_put(have);
	/*
	 * Pushing input is how a program escapes to the shell above it: as with
	 * dev.tty.legacy_tiocsti=0.
	 */
	if (!task_capable(t, LX_CAP_SYS_ADMIN))
		return have == tty ? -EIO : -EPERM;
	ret = copyin(t, &c, arg, 1);
	if (ret < 0)
		return ret;
	mutex_lock(&tty->lock);
	ldisc_input_locked(tty, c, &after);
	mutex_unlock(&tty->lock);
	tty_after_run(tty, &after);
	return 0;
}

static long put_int(struct task *t, uint64_t arg, int v)
{
	return copyout(t, arg, &v, sizeof(v));
}

static long get_flag(struct tty *tty, struct task *t, uint64_t arg, bool *flag)
{
	int v;

	mutex_lock(&tty->lock);
	v = *flag;
	mutex_unlock(&tty->lock);
	return put_int(t, arg, v);
}

static long set_flag(struct tty *tty, struct task *t, uint64_t arg, bool *flag)
{
	int v, ret = copyin(t, &v, arg, sizeof(v));

	if (ret < 0)
		return ret;
	mutex_lock(&tty->lock);
	*flag = v != 0;
	mutex_unlock(&tty->lock);
	return 0;
}

static long queue_size(struct tty *tty, struct task *t, uint64_t arg, bool input)
{
	bool eof;
	int v;

	mutex_lock(&tty->lock);
	v = input ? (int)ldisc_readable_locked(tty, &eof) : (int)(tty->out_head - tty->out_tail);
	mutex_unlock(&tty->lock);
	return put_int(t, arg, v);
}

static long master_ioctl(struct tty *tty, struct file *f, struct task *t, unsigned int cmd,
			 uint64_t arg)
{
	switch (cmd) {
	case LX_TIOCGPTN:
		return put_int(t, arg, (int)tty->index);
	case LX_TIOCSPTLCK:
		return set_flag(tty, t, arg, &tty->locked);
	case LX_TIOCGPTLCK:
		return get_flag(tty, t, arg, &tty->locked);
	case LX_TIOCPKT:
		return set_flag(tty, t, arg, &tty->packet);
	case LX_TIOCGPKT:
		return get_flag(tty, t, arg, &tty->packet);
	case LX_TIOCGPTPEER:
		return devpts_open_peer(tty, t, (unsigned int)arg);
	case LX_TIOCSIG: {
		struct tty_after after = { 0 };

		if (arg < 1 || arg > 64)
			return -EINVAL;
		mutex_lock(&tty->lock);
		tty_after_signal_locked(tty, &after, (int)arg);
		mutex_unlock(&tty->lock);
		tty_after_run(tty, &after);
		return 0;
	}
	case LX_FIONREAD:
		return queue_size(tty, t, arg, false);
	case LX_TIOCOUTQ:
		return put_int(t, arg, 0);
	default:
		return -LX_ENOIOCTLCMD;
	}
}

static long termios_ioctl(struct tty *tty, bool master, struct task *t, unsigned int cmd,
			  uint64_t arg)
{
	switch (cmd) {
	case LX_TCGETS:
		return ioctl_tcget(tty, t, arg, sizeof(struct lx_termios));
	case LX_TCGETS2:
		return ioctl_tcget(tty, t, arg, sizeof(struct lx_termios2));
	case LX_TCGETA:
		return ioctl_tcget(tty, t, arg, sizeof(struct lx_termio));
	case LX_TCSETS:
	case LX_TCSETSW:
	case LX_TCSETSF:
		return ioctl_tcset(tty, master, t, arg, sizeof(struct lx_termios),
				   cmd == LX_TCSETSF);
	case LX_TCSETS2:
	case LX_TCSETSW2:
	case LX_TCSETSF2:
		return ioctl_tcset(tty, master, t, arg, sizeof(struct lx_termios2),
				   cmd == LX_TCSETSF2);
	case LX_TCSETA:
	case LX_TCSETAW:
	case LX_TCSETAF:
		return ioctl_tcset(tty, master, t, arg, sizeof(struct lx_termio),
				   cmd == LX_TCSETAF);
	case LX_TCFLSH:
		return ioctl_flush(tty, master, t, arg);
	case LX_TCXONC:
		return ioctl_flow(tty, master, t, arg);
	case LX_TCSBRK:
	case LX_TCSBRKP:
		return master ? 0 : tty_check_background(tty, t, LX_SIGTTOU);
	default:
		return -LX_ENOIOCTLCMD;
	}
}

long tty_ioctl(struct tty *tty, bool master, struct file *f, struct task *t, unsigned int cmd,
	       uint64_t arg)
{
	struct lx_winsize win;
	long ret = master ? master_ioctl(tty, f, t, cmd, arg) : -LX_ENOIOCTLCMD;

	if (ret == -LX_ENOIOCTLCMD)
		ret = termios_ioctl(tty, master, t, cmd, arg);
	if (ret != -LX_ENOIOCTLCMD)
		return ret;
	switch (cmd) {
	case LX_TIOCGWINSZ:
		mutex_lock(&tty->lock);
		win = tty->win;
		mutex_unlock(&tty->lock);
		return copyout(t, arg, &win, sizeof(win));
	case LX_TIOCSWINSZ:
		return ioctl_swinsz(tty, t, arg);
	case LX_TIOCGPGRP:
		return ioctl_gpgrp(tty, master, t, arg);
	case LX_TIOCSPGRP:
		return master ? -ENOTTY : ioctl_spgrp(tty, t, arg);
	case LX_TIOCGSID:
		return ioctl_gsid(tty, master, t, arg);
	case LX_TIOCSCTTY:
		return master ? -EIO : ioctl_sctty(tty, t, arg);
	case LX_TIOCNOTTY:
		return ioctl_notty(tty, t);
	case LX_FIONREAD:
		return queue_size(tty, t, arg, true);
	case LX_TIOCOUTQ:
		return queue_size(tty, t, arg, false);
	case LX_TIOCSTI:
		return ioctl_sti(tty, t, arg);
	case LX_TIOCEXCL:
	case LX_TIOCNXCL:
		mutex_lock(&tty->lock);
		tty->exclusive = cmd == LX_TIOCEXCL;
		mutex_unlock(&tty->lock);
		return 0;
	case LX_TIOCGEXCL:
		return get_flag(tty, t, arg, &tty->exclusive);
	case LX_TIOCGETD:
		return put_int(t, arg, 0);
	case LX_TIOCSETD: {
		int disc;

		ret = copyin(t, &disc, arg, sizeof(disc));
		return ret < 0 ? ret : disc == 0 ? 0 : -EINVAL;
	}
	case LX_TIOCGDEV:
		return put_int(t, arg, (int)tty_dev(tty));
	case LX_TIOCVHANGUP:
		if (!task_capable(t, LX_CAP_SYS_ADMIN))
			return -EPERM;
		tty_hangup(tty);
		return 0;
	default:
		return -ENOTTY;
	}
}
