/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The N_TTY line discipline: what becomes of a byte on its way from the keyboard to the reader and
 * from the writer to the screen. See termios(3). Locking: the caller holds tty->lock. Differs from
 * Linux: PARMRK and parity have no meaning on a pseudo-terminal and are ignored; delays too (as in
 * Linux).
 */
#include <string.h>

#include <abi/linux/poll.h>
#include <abi/linux/signal.h>

#include "fs/devpts/tty.h"

#define LX_POSIX_VDISABLE 0
#define IN(tty, pos)      ((tty)->in[(pos) & (TTY_IN_SIZE - 1)])
#define MARK(tty, pos)    ((tty)->in_mark[(pos) & (TTY_IN_SIZE - 1)])

static bool iflag(const struct tty *tty, uint32_t f)
{
	return tty->tio.c_iflag & f;
}

static bool lflag(const struct tty *tty, uint32_t f)
{
	return tty->tio.c_lflag & f;
}

static bool is_cc(const struct tty *tty, unsigned int cc, uint8_t c)
{
	return tty->tio.c_cc[cc] != LX_POSIX_VDISABLE && tty->tio.c_cc[cc] == c;
}

static uint32_t out_room(const struct tty *tty)
{
	return TTY_OUT_SIZE - (tty->out_head - tty->out_tail);
}

static void put_raw(struct tty *tty, uint8_t c)
{
	if (out_room(tty) == 0)
		return; /* echo into a full queue is lost, as in Linux */
	tty->out[tty->out_head++ & (TTY_OUT_SIZE - 1)] = c;
}

static bool is_utf8_tail(const struct tty *tty, uint8_t c)
{
	return iflag(tty, LX_IUTF8) && (c & 0xc0) == 0x80;
}

/*
 * How many bytes c becomes at most; the caller asks before so that output is never cut in the
 * middle.
 */
#define OUT_MAX 8u

/* Output processing of one byte. */
static void put_processed(struct tty *tty, uint8_t c)
{
	uint32_t oflag = tty->tio.c_oflag;
	unsigned int spaces;

	if (!(oflag & LX_OPOST)) {
		put_raw(tty, c);
		return;
	}
	switch (c) {
	case '\n':
		if (oflag & LX_ONLRET)
			tty->column = 0;
		if (oflag & LX_ONLCR) {
			tty->column = 0;
			tty->canon_column = 0;
			put_raw(tty, '\r');
		}
		break;
	case '\r':
		if ((oflag & LX_ONOCR) && tty->column == 0)
			return;
		if (oflag & LX_OCRNL) {
			c = '\n';
			if (oflag & LX_ONLRET)
				tty->column = 0;
			break;
		}
		tty->column = 0;
		tty->canon_column = 0;
		break;
	case '\t':
		spaces = 8 - (tty->column & 7);
		tty->column += spaces;
		if ((oflag & LX_TABDLY) == LX_XTABS) {
			while (spaces--)
				put_raw(tty, ' ');
			return;
		}
		break;
	case '\b':
		if (tty->column > 0)
			tty->column--;
		break;
	default:
		if (c >= 0x20 && c != 0x7f) {
			if ((oflag & LX_OLCUC) && c >= 'a' && c <= 'z')
				c -= 'a' - 'A';
			if (!is_utf8_tail(tty, c))
				tty->column++;
		}
		break;
	}
	put_raw(tty, c);
}

size_t ldisc_output_locked(struct tty *tty, const uint8_t *buf, size_t n, struct tty_after *after)
{
	size_t i;

	if (tty->stopped)
		return 0;
	for (i = 0; i < n && out_room(tty) >= OUT_MAX; i++)
		put_processed(tty, buf[i]);
	if (i > 0)
		after->wake_master |= LX_POLLIN;
	return i;
}

static bool is_control(uint8_t c)
{
	return c < 0x20 || c == 0x7f;
}

static void echo_byte(struct tty *tty, uint8_t c)
{
	if (lflag(tty, LX_ECHOCTL) && is_control(c) && c != '\t' && c != '\n') {
		put_raw(tty, '^');
		put_raw(tty, c ^ 0x40);
		tty->column += 2;
		return;
	}
	put_processed(tty, c);
}

static void echo(struct tty *tty, uint8_t c, struct tty_after *after)
{
	after->wake_master |= LX_POLLIN;
	if (!lflag(tty, LX_ECHO)) {
		if (c == '\n' && lflag(tty, LX_ECHONL) && lflag(tty, LX_ICANON))
			put_processed(tty, c);
		return;
	}
	echo_byte(tty, c);
}

static void finish_erasing(struct tty *tty)
{
	if (tty->erasing) {
		put_processed(tty, '/');
		tty->erasing = false;
	}
}

/* Cells the bytes [from, to) of the line take on the screen, beginning at column col. */
static uint32_t width_of(const struct tty *tty, uint32_t from, uint32_t to, uint32_t col)
{
	uint32_t start = col;

	for (; from != to; from++) {
		uint8_t c = IN(tty, from);

		if (c == '\t')
			col += 8 - (col & 7);
		else if (is_control(c))
			col += lflag(tty, LX_ECHOCTL) ? 2 : 0;
		else if (!is_utf8_tail(tty, c))
			col++;
	}
	return col - start;
}

static void rub_out(struct tty *tty, uint32_t cells)
{
	while (cells--) {
		put_raw(tty, '\b');
		put_raw(tty, ' ');
		put_raw(tty, '\b');
		if (tty->column > 0)
			tty->column--;
	}
}

/* One character (all its UTF-8 bytes) off the end of the line. */
static void erase_char(struct tty *tty, uint8_t typed)
{
	uint32_t head = tty->in_head;
	uint32_t cells;

	do {
		head--;
	} while (head != tty->in_canon && is_utf8_tail(tty, IN(tty, head)));

	cells = width_of(tty, tty->in_canon, tty->in_head, tty->canon_column) -
		width_of(tty, tty->in_canon, head, tty->canon_column);
	if (lflag(tty, LX_ECHO)) {
		if (lflag(tty, LX_ECHOPRT)) {
			if (!tty->erasing) {
				put_processed(tty, '\\');
				tty->erasing = true;
			}
			for (uint32_t p = head; p != tty->in_head; p++)
				echo_byte(tty, IN(tty, p));
		} else if (!lflag(tty, LX_ECHOE)) {
			echo_byte(tty, typed);
		} else {
			rub_out(tty, cells);
		}
	}
	tty->in_head = head;
}

static bool is_word(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       c == '_' || c >= 0x80;
}

static void erase_word(struct tty *tty, uint8_t typed)
{
	bool seen = false;

	while (tty->in_head != tty->in_canon) {
		bool word = is_word(IN(tty, tty->in_head - 1));

		if (seen && !word)
			break;
		seen |= word;
		erase_char(tty, typed);
	}
}

static void erase_line(struct tty *tty, uint8_t typed)
{
	if (lflag(tty, LX_ECHO) && lflag(tty, LX_ECHOK) && lflag(tty, LX_ECHOKE) &&
	    lflag(tty, LX_ECHOE)) {
		while (tty->in_head != tty->in_canon)
			erase_char(tty, typed);
		return;
	}
	tty->in_head = tty->in_canon;
	if (lflag(tty, LX_ECHO)) {
		finish_erasing(tty);
		echo_byte(tty, typed);
		if (lflag(tty, LX_ECHOK))
			put_processed(tty, '\n');
	}
}

static bool is_edit_key(struct tty *tty, uint8_t c, struct tty_after *after)
{
	bool ext = lflag(tty, LX_IEXTEN);

	if (is_cc(tty, LX_VERASE, c) || is_cc(tty, LX_VKILL, c) ||
	    (ext && is_cc(tty, LX_VWERASE, c))) {
		after->wake_master |= LX_POLLIN;
		if (tty->in_head == tty->in_canon)
			return true;
		if (is_cc(tty, LX_VKILL, c))
			erase_line(tty, c);
		else if (is_cc(tty, LX_VERASE, c))
			erase_char(tty, c);
		else
			erase_word(tty, c);
		if (tty->in_head == tty->in_canon)
			finish_erasing(tty);
		return true;
	}
	if (ext && is_cc(tty, LX_VLNEXT, c)) {
		tty->lnext = true;
		if (lflag(tty, LX_ECHO)) {
			finish_erasing(tty);
			if (lflag(tty, LX_ECHOCTL)) {
				put_raw(tty, '^');
				put_raw(tty, '\b');
				after->wake_master |= LX_POLLIN;
			}
		}
		return true;
	}
	if (ext && lflag(tty, LX_ECHO) && is_cc(tty, LX_VREPRINT, c)) {
		finish_erasing(tty);
		echo_byte(tty, c);
		put_processed(tty, '\n');
		for (uint32_t p = tty->in_canon; p != tty->in_head; p++)
			echo_byte(tty, IN(tty, p));
		after->wake_master |= LX_POLLIN;
		return true;
	}
	return false;
}

static void store(struct tty *tty, uint8_t c, uint8_t mark)
{
	IN(tty, tty->in_head) = c;
	MARK(tty, tty->in_head) = mark;
	tty->in_head++;
}

static void complete_line(struct tty *tty, struct tty_after *after)
{
	tty->in_canon = tty->in_head;
	tty->canon_column = tty->column;
	after->wake_slave |= LX_POLLIN;
}

/* Signal keys. True when c was one. */
static bool is_signal_key(struct tty *tty, uint8_t c, struct tty_after *after)
{
	int sig;

	if (is_cc(tty, LX_VINTR, c))
		sig = LX_SIGINT;
	else if (is_cc(tty, LX_VQUIT, c))
		sig = LX_SIGQUIT;
	else if (is_cc(tty, LX_VSUSP, c))
		sig = LX_SIGTSTP;
	else
		return false;
	if (!lflag(tty, LX_NOFLSH)) {
		ldisc_flush_input_locked(tty);
		ldisc_flush_output_locked(tty);
	}
	if (iflag(tty, LX_IXON))
		tty->stopped = false;
	if (lflag(tty, LX_ECHO)) {
		finish_erasing(tty);
		echo_byte(tty, c);
		after->wake_master |= LX_POLLIN;
	}
	tty_after_signal_locked(tty, after, sig);
	return true;
}

static void set_stopped(struct tty *tty, bool stopped, struct tty_after *after)
{
	if (tty->stopped == stopped)
		return;
	tty->stopped = stopped;
	if (tty->packet) {
		tty->packet_events &= (uint8_t) ~(LX_TIOCPKT_STOP | LX_TIOCPKT_START);
		tty->packet_events |= stopped ? LX_TIOCPKT_STOP : LX_TIOCPKT_START;
		after->wake_master |= LX_POLLIN | LX_POLLPRI;
	}
	if (!stopped)
		after->wake_slave |= LX_POLLOUT;
}

static void input_canonical(struct tty *tty, uint8_t c, struct tty_after *after)
{
	bool eol = c == '\n' || is_cc(tty, LX_VEOL, c) ||
		   (lflag(tty, LX_IEXTEN) && is_cc(tty, LX_VEOL2, c));

	if (is_edit_key(tty, c, after))
		return;
	if (is_cc(tty, LX_VEOF, c)) {
		store(tty, c, TTY_MARK_EOL | TTY_MARK_EOF);
		complete_line(tty, after);
		return;
	}
	if (eol) {
		finish_erasing(tty);
		echo(tty, c, after);
		store(tty, c, TTY_MARK_EOL);
		complete_line(tty, after);
		return;
	}
	/* One place is kept for the byte that ends the line. */
	if (tty->in_head - tty->in_tail >= TTY_IN_SIZE - 1) {
		if (iflag(tty, LX_IMAXBEL)) {
			put_raw(tty, '\a');
			after->wake_master |= LX_POLLIN;
		}
		return;
	}
	finish_erasing(tty);
	echo(tty, c, after);
	store(tty, c, 0);
}

bool ldisc_can_take_locked(struct tty *tty)
{
	uint32_t used = tty->in_head - tty->in_tail;

	/*
	 * In canonical mode a line that grew too long goes on to be taken (and dropped), else
	 * editing would be stuck.
	 */
	if (lflag(tty, LX_ICANON) && tty->in_canon == tty->in_tail)
		return used < TTY_IN_SIZE;
	return used < TTY_IN_SIZE - 1;
}

void ldisc_input_locked(struct tty *tty, uint8_t c, struct tty_after *after)
{
	if (tty->lnext) {
		tty->lnext = false;
		if (tty->in_head - tty->in_tail < TTY_IN_SIZE - 1) {
			finish_erasing(tty);
			echo(tty, c, after);
			store(tty, c, 0);
			if (!lflag(tty, LX_ICANON))
				complete_line(tty, after);
		}
		return;
	}
	if (iflag(tty, LX_ISTRIP))
		c &= 0x7f;
	if (iflag(tty, LX_IUCLC) && lflag(tty, LX_IEXTEN) && c >= 'A' && c <= 'Z')
		c += 'a' - 'A';
	if (iflag(tty, LX_IXON)) {
		if (is_cc(tty, LX_VSTART, c)) {
			set_stopped(tty, false, after);
			return;
		}
		if (is_cc(tty, LX_VSTOP, c)) {
			set_stopped(tty, true, after);
			return;
		}
	}
	if (lflag(tty, LX_ISIG) && is_signal_key(tty, c, after))
		return;
	if (tty->stopped && iflag(tty, LX_IXON) && iflag(tty, LX_IXANY))
		set_stopped(tty, false, after);
	if (c == '\r') {
		if (iflag(tty, LX_IGNCR))
			return;
		if (iflag(tty, LX_ICRNL))
			c = '\n';
	} else if (c == '\n' && iflag(tty, LX_INLCR)) {
		c = '\r';
	}
	if (lflag(tty, LX_ICANON)) {
		input_canonical(tty, c, after);
		return;
	}
	if (tty->in_head - tty->in_tail >= TTY_IN_SIZE - 1)
		return;
	finish_erasing(tty);
	echo(tty, c, after);
	store(tty, c, c == '\n' ? TTY_MARK_EOL : 0);
	tty->in_canon = tty->in_head;
	after->wake_slave |= LX_POLLIN;
}

size_t ldisc_readable_locked(struct tty *tty, bool *ret_eof)
{
	*ret_eof = false;
	if (!lflag(tty, LX_ICANON))
		return tty->in_head - tty->in_tail;
	if (tty->in_canon == tty->in_tail)
		return 0;
	*ret_eof = MARK(tty, tty->in_tail) & TTY_MARK_EOF;
	return tty->in_canon - tty->in_tail;
}

size_t ldisc_read_locked(struct tty *tty, uint8_t *buf, size_t n)
{
	bool canon = lflag(tty, LX_ICANON);
	uint32_t end = canon ? tty->in_canon : tty->in_head;
	size_t got = 0;

	while (got < n && tty->in_tail != end) {
		uint8_t mark = MARK(tty, tty->in_tail);
		uint8_t c = IN(tty, tty->in_tail);

		tty->in_tail++;
		if (canon && (mark & TTY_MARK_EOF))
			break;
		buf[got++] = c;
		if (canon && (mark & TTY_MARK_EOL))
			break;
	}
	/* A line read to its last byte by a buffer just as long: its EOF mark goes with it. */
	if (canon && got == n && n > 0 && tty->in_tail != end &&
	    (MARK(tty, tty->in_tail) & TTY_MARK_EOF) &&
	    !(MARK(tty, tty->in_tail - 1) & TTY_MARK_EOL))
		tty->in_tail++;
	if ((int32_t)(tty->in_canon - tty->in_tail) < 0)
		tty->in_canon = tty->in_tail;
	return got;
}

void ldisc_flush_input_locked(struct tty *tty)
{
	tty->in_tail = tty->in_head;
	tty->in_canon = tty->in_head;
	tty->lnext = false;
	tty->erasing = false;
	tty->canon_column = tty->column;
}

void ldisc_flush_output_locked(struct tty *tty)
{
	tty->out_tail = tty->out_head;
}

void ldisc_termios_changed_locked(struct tty *tty, const struct lx_termios2 *old,
				  struct tty_after *after)
{
	bool was = old->c_lflag & LX_ICANON;
	bool is = lflag(tty, LX_ICANON);

	if (was != is) {
		/*
		 * Raw readers see what was typed so far; a new canonical reader takes it as one
		 * finished line.
		 */
		if (is && tty->in_head != tty->in_tail)
			MARK(tty, tty->in_head - 1) |= TTY_MARK_EOL;
		tty->in_canon = tty->in_head;
		tty->lnext = false;
		tty->erasing = false;
		tty->canon_column = tty->column;
		if (tty->in_head != tty->in_tail)
			after->wake_slave |= LX_POLLIN;
	}
	if ((old->c_iflag & LX_IXON) && !iflag(tty, LX_IXON))
		set_stopped(tty, false, after);
	if (tty->packet) {
		bool was_flow = (old->c_iflag & LX_IXON) && old->c_cc[LX_VSTOP] == 023 &&
				old->c_cc[LX_VSTART] == 021;
		bool is_flow = iflag(tty, LX_IXON) && tty->tio.c_cc[LX_VSTOP] == 023 &&
			       tty->tio.c_cc[LX_VSTART] == 021;

		if (was_flow != is_flow) {
			tty->packet_events &= (uint8_t) ~(LX_TIOCPKT_DOSTOP | LX_TIOCPKT_NOSTOP);
			tty->packet_events |= is_flow ? LX_TIOCPKT_DOSTOP : LX_TIOCPKT_NOSTOP;
			after->wake_master |= LX_POLLIN | LX_POLLPRI;
		}
	}
}
