/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a guest sends to a netlink socket, and what comes back: answers are whole messages. Input:
 * pieces, each a length (two bytes) and as many bytes, sent one after the other.
 */
#include "fuzz.h"

#include <errno.h>
#include <string.h>

#include <abi/linux/netlink.h>
#include <abi/linux/socket.h>

#include "kernel/cred.h"
#include "kernel/kernel_int.h"
#include "mm/uio.h"
#include "net/socket.h"

#define PIECES 4

static struct tgroup g_tg;
static struct task g_t;

static void setup(void)
{
	static struct cred cred;

	ref_init(&cred.ref);
	ref_get(&cred.ref);
	g_tg.tgid = 1;
	g_t.tg = &g_tg;
	g_t.cred = &cred;
}

static void receive_all(struct socket *s)
{
	static uint8_t buf[65536];

	for (;;) {
		struct sock_msg m = { 0 };
		struct uio u;
		ssize_t n;

		uio_init_kernel(&u, buf, sizeof(buf));
		m.uio = &u;
		n = s->ops->recv(s, &g_t, &m);
		if (n <= 0)
			return;
		for (ssize_t at = 0; at < n;) {
			struct lx_nlmsghdr h;

			FUZZ_CHECK((size_t)(n - at) >= sizeof(h));
			memcpy(&h, buf + at, sizeof(h));
			FUZZ_CHECK(h.nlmsg_len >= sizeof(h) && h.nlmsg_len <= n - at);
			at += (h.nlmsg_len + 3) & ~3u;
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct socket *s;

	if (!g_t.tg)
		setup();
	if (socket_new(LX_AF_NETLINK, LX_SOCK_RAW, LX_NETLINK_ROUTE, &g_t, &s) < 0)
		return 0;
	for (int i = 0; i < PIECES && size >= 2; i++) {
		size_t n = data[0] | (size_t)data[1] << 8;
		struct sock_msg m = { 0 };
		struct uio u;
		uint8_t *copy;

		data += 2;
		size -= 2;
		n = n < size ? n : size;
		copy = malloc(n ? n : 1);
		if (!copy)
			abort();
		memcpy(copy, data, n);
		uio_init_kernel(&u, copy, n);
		m.uio = &u;
		s->ops->send(s, &g_t, &m);
		free(copy);
		data += n;
		size -= n;
		receive_all(s);
	}
	s->ops->release(s);
	socket_put(s);
	return 0;
}

size_t fuzz_seed(unsigned int nr, uint8_t *buf, size_t buf_size)
{
	static const uint16_t types[] = { 1, 16, 18, 20, 22, 26, 30, 34 };
	struct lx_nlmsghdr h = { .nlmsg_len = 17 + nr % 7, .nlmsg_flags = nr & 1 ? 0x301 : 5 };

	if (nr >= 16)
		return 0;
	h.nlmsg_type = types[nr / 2];
	memset(buf, 0, 128);
	buf[0] = (uint8_t)(nr & 4 ? 60 : h.nlmsg_len);
	memcpy(buf + 2, &h, sizeof(h));
	memcpy(buf + 2 + 24, &h, sizeof(h));
	if (nr == 15) {
		/* as long as it may be, its last message without padding */
		buf[0] = 0xff;
		buf[1] = 0x0f;
		h.nlmsg_len = 4095;
		memcpy(buf + 2, &h, sizeof(h));
		memset(buf + 2 + sizeof(h), 0, 4095 - sizeof(h));
		return 2 + 4095;
	}
	return 128;
}
