/* SPDX-License-Identifier: Apache-2.0 */
/* A command's side of the control protocol: see ctl_client.h. */
#include "ctl_client.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "base/auto.h"
#include "base/bits.h"

#define ANSWER_SECONDS 15

int ctl_send(int sock, const struct container *c, uint16_t op, uint64_t tag, const void *fixed,
	     const int *fds, unsigned int nr, struct rt_err *err)
{
	union {
		char buf[CMSG_SPACE(CTL_FDS_MAX * sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	uint64_t buf[64];
	struct iovec iov = { buf, ctl_encode(buf, op, tag, fixed, NULL, 0) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	((struct ctl_hdr *)buf)->container = c->number;
	if (nr > CTL_FDS_MAX)
		return rt_fail(err, EINVAL, "too many descriptors for a control message");
	if (nr > 0) {
		struct cmsghdr *h = &control.align;

		msg.msg_control = control.buf;
		msg.msg_controllen = CMSG_SPACE(nr * sizeof(int));
		h->cmsg_level = SOL_SOCKET;
		h->cmsg_type = SCM_RIGHTS;
		h->cmsg_len = CMSG_LEN(nr * sizeof(int));
		memcpy(CMSG_DATA(h), fds, nr * sizeof(int));
	}
	if (sendmsg(sock, &msg, MSG_NOSIGNAL) < 0)
		return rt_fail(err, errno, "container '%s': %s", c->id, strerror(errno));
	return 0;
}

int ctl_answer(int sock, const struct container *c, struct ctl_answer *ret_a, struct rt_err *err)
{
	static char buf[CTL_MSG_MAX] __aligned(8);
	const struct ctl_reply *r;
	struct ctl_msg m;
	ssize_t n;

	do {
		n = recv(sock, buf, sizeof(buf), 0);
	} while (n < 0 && errno == EINTR);
	if (n <= 0)
		return rt_fail(err, n < 0 ? errno : EPIPE, "container '%s' did not answer: %s",
			       c->id, n < 0 ? strerror(errno) : "it ended");
	if (ctl_decode(buf, (size_t)n, &m) < 0 || m.op != CTL_REPLY)
		return rt_fail(err, EPROTO, "container '%s' answered something else", c->id);
	r = m.fixed;
	n = (ssize_t)MIN(m.text_size, sizeof(ret_a->text) - 1);
	memcpy(ret_a->text, m.text, (size_t)n);
	ret_a->text[n] = '\0';
	ret_a->value = r->value;
	if (r->error < 0 && n > 0)
		return rt_fail(err, -r->error, "%s", ret_a->text);
	if (r->error < 0)
		return rt_fail(err, -r->error, "container '%s': %s", c->id, strerror(-r->error));
	return 0;
}

int ctl_request(struct container *c, uint16_t op, const void *fixed, struct ctl_answer *ret_a,
		struct rt_err *err)
{
	auto_close int fd = state_connect(c);
	struct timeval tv = { .tv_sec = ANSWER_SECONDS };

	if (fd < 0)
		return rt_fail(err, -fd, "container '%s' does not answer: %s", c->id,
			       strerror(-fd));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	if (ctl_send(fd, c, op, 1, fixed, NULL, 0, err) < 0)
		return -err->code;
	return ctl_answer(fd, c, ret_a, err);
}
