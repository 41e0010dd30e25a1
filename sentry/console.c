/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Carries bytes between a pseudo-terminal's master and the command's socket: see console.h. One
 * thread; when a side is slow, the other is not read.
 *
 * Locking: stop is atomic; everything else belongs to the thread.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "abi/linux/poll.h"
#include "abi/linux/tty.h"
#include "console.h"
#include "fs/devpts/tty.h"
#include "host/host.h"
#include "vfs/file.h"

struct console {
	int sock;            /* owned */
	int event;           /* owned: the guest's side moved, or stop */
	struct file *master; /* owned */
	struct tty *tty;     /* borrowed: master holds it */
	struct host_thread *thread;
	struct waiter waiter;
	_Atomic bool stop;
	char in[4096], out[32768];
	size_t in_off, in_len, out_off, out_len;
	bool in_eof;
};

static void guest_moved(struct waiter *w, uint32_t events)
{
	struct console *c = (struct console *)((char *)w - offsetof(struct console, waiter));

	host_eventfd_signal(c->event);
}

/* Guest to host as far as it goes: true if something moved. */
static bool pump_out(struct console *c)
{
	struct uio u;
	ssize_t n;

	if (c->out_len == 0) {
		uio_init_kernel(&u, c->out, sizeof(c->out));
		n = vfs_read(c->master, &u, NULL, 0);
		if (n <= 0)
			return false;
		c->out_off = 0;
		c->out_len = (size_t)n;
	}
	n = host_send(c->sock, c->out + c->out_off, c->out_len, NULL, 0, HOST_MSG_DONTWAIT);
	if (n == -EAGAIN)
		return false;
	if (n < 0)
		n = (ssize_t)c->out_len; /* nobody is there any more: the bytes go nowhere */
	c->out_off += (size_t)n;
	c->out_len -= (size_t)n;
	return true;
}

static bool pump_in(struct console *c)
{
	unsigned int nr_fds = 0;
	struct uio u;
	ssize_t n;

	if (c->in_len == 0) {
		if (c->in_eof)
			return false;
		n = host_recv(c->sock, c->in, sizeof(c->in), NULL, &nr_fds, HOST_MSG_DONTWAIT);
		if (n == -EAGAIN)
			return false;
		if (n <= 0) {
			/* the command's terminal is gone: as a modem line that drops */
			c->in_eof = true;
			tty_hangup(c->tty);
			return false;
		}
		c->in_off = 0;
		c->in_len = (size_t)n;
	}
	uio_init_kernel(&u, c->in + c->in_off, c->in_len);
	n = vfs_write(c->master, &u, NULL, 0);
	if (n == -EAGAIN)
		return false;
	if (n < 0)
		n = (ssize_t)c->in_len;
	c->in_off += (size_t)n;
	c->in_len -= (size_t)n;
	return true;
}

static void console_main(void *arg)
{
	struct console *c = arg;

	while (!atomic_load(&c->stop)) {
		struct host_pollfd p[2] = {
			{ .fd = c->event, .events = HOST_POLLIN },
			{ .fd = c->sock },
		};
		bool moved = pump_out(c);

		moved |= pump_in(c);
		if (moved)
			continue;
		if (c->in_len == 0 && !c->in_eof)
			p[1].events |= HOST_POLLIN;
		if (c->out_len > 0)
			p[1].events |= HOST_POLLOUT;
		if (!p[1].events)
			p[1].fd = -1;
		if (host_poll(p, 2, HOST_NO_DEADLINE) > 0 && p[0].revents)
			host_eventfd_drain(c->event);
	}
}

/*
 * What the guest wrote before its end still has to be seen; a command that does not read ends the
 * wait.
 */
static void drain(struct console *c)
{
	uint64_t deadline = host_now_ns() + 2000000000u;

	for (;;) {
		struct host_pollfd p = { .fd = c->sock, .events = HOST_POLLOUT };

		if (pump_out(c))
			continue;
		if (c->out_len == 0 || host_poll(&p, 1, deadline) <= 0)
			return;
	}
}

int console_start(int sock, struct file *master, struct tty *tty, struct console **ret_con)
{
	struct console *c = calloc(1, sizeof(*c));
	int ret;

	if (!c)
		return -ENOMEM;
	c->sock = sock;
	c->master = master;
	c->tty = tty;
	c->event = host_eventfd();
	if (c->event < 0) {
		ret = c->event;
		free(c);
		return ret;
	}
	c->waiter = (struct waiter){ .fn = guest_moved,
				     .mask = LX_POLLIN | LX_POLLOUT | LX_POLLHUP | LX_POLLERR };
	waitq_add(master->wq, &c->waiter);
	ret = host_thread_start("husk-console", HOST_STACK_TASK, console_main, c, &c->thread);
	if (ret < 0) {
		waitq_del(master->wq, &c->waiter);
		host_close(c->event);
		free(c);
		return ret;
	}
	*ret_con = c;
	return 0;
}

void console_stop(struct console *c)
{
	if (!c)
		return;
	atomic_store(&c->stop, true);
	host_eventfd_signal(c->event);
	host_thread_join(c->thread);
	drain(c);
	waitq_del(c->master->wq, &c->waiter);
	file_put(c->master);
	host_close(c->sock);
	host_close(c->event);
	free(c);
}

void console_resize(struct console *c, uint16_t rows, uint16_t cols, uint16_t xpixel,
		    uint16_t ypixel)
{
	const struct lx_winsize w = {
		.ws_row = rows, .ws_col = cols, .ws_xpixel = xpixel, .ws_ypixel = ypixel
	};

	if (c)
		tty_resize(c->tty, &w);
}

struct pgroup *console_foreground(struct console *con)
{
	return tty_foreground(con->tty);
}
