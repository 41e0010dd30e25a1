/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The zygote's loop: C inside the stub image, freestanding, on a stack of its own. It runs no guest
 * code and talks to the sentry only: takes descriptors into the table it shares with the stubs,
 * closes them, and forks stubs.
 */
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "layout.h"
#include "rawcall.h"

#define MREMAP_MOVE_FIXED 3

void stub_zygote_main(uint64_t vdso, uint64_t vdso_size, uint32_t slots);
__attribute__((noreturn)) void stub_child(uint32_t index, uint32_t slots);

/* What compilers call for initialisers, even here. */
void *memset(void *dst, int c, size_t n);
void *memset(void *dst, int c, size_t n)
{
	for (volatile unsigned char *p = dst; n > 0; n--)
		*p++ = (unsigned char)c;
	return dst;
}

void *memcpy(void *dst, const void *src, size_t n);
void *memcpy(void *dst, const void *src, size_t n)
{
	volatile unsigned char *d = dst;

	for (const unsigned char *s = src; n > 0; n--)
		*d++ = *s++;
	return dst;
}

static __attribute__((noreturn)) void quit(int code)
{
	for (;;)
		HOST_CALL(SYS_exit_group, code);
}

union control {
	struct cmsghdr hdr;
	unsigned char room[CMSG_SPACE(sizeof(int) * STUB_ZYGOTE_MAX)];
};

static long receive(struct stub_zygote_msg *m, union control *c)
{
	struct iovec iov = { m, sizeof(*m) };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = c, .msg_controllen = sizeof(*c)
	};
	long ret;

	c->hdr.cmsg_len = 0;
	ret = HOST_CALL(SYS_recvmsg, STUB_FD_CONTROL, &msg, MSG_CMSG_CLOEXEC);
	if (ret == (long)sizeof(*m) && msg.msg_controllen == 0)
		c->hdr.cmsg_len = 0;
	return ret;
}

static void answer(struct stub_zygote_msg *m)
{
	HOST_CALL(SYS_sendto, STUB_FD_CONTROL, m, sizeof(*m), MSG_NOSIGNAL, 0, 0);
}

/* The numbers are those the kernel chose. */
static void take_files(struct stub_zygote_msg *m, const union control *c)
{
	unsigned int got = 0;

	if (c->hdr.cmsg_len >= CMSG_LEN(0) && c->hdr.cmsg_type == SCM_RIGHTS)
		got = (unsigned int)((c->hdr.cmsg_len - CMSG_LEN(0)) / sizeof(int));
	for (unsigned int i = 0; i < m->nr; i++)
		m->val[i] = i < got ? ((const int *)CMSG_DATA(&c->hdr))[i] : -24 /* -EMFILE */;
	answer(m);
}

static void make_stubs(struct stub_zygote_msg *m, uint32_t slots)
{
	for (unsigned int i = 0; i < m->nr; i++) {
		uint32_t index = (uint32_t)m->val[i];
		long pid = HOST_CALL(SYS_clone, STUB_CLONE_STUB, 0, 0, 0, 0);

		if (pid == 0)
			stub_child(index, slots);
		m->val[i] = (int32_t)pid;
	}
	answer(m);
}

void stub_zygote_main(uint64_t vdso, uint64_t vdso_size, uint32_t slots)
{
	struct stub_zygote_msg m;
	union control c;

	/* everything that was the sentry's, and what else may lie above or between our own pages */
	if (HOST_CALL(SYS_munmap, 0, STUB_BASE) < 0)
		quit(2);
	for (;;) {
		long ret = receive(&m, &c);

		if (ret == -4 /* EINTR */)
			continue;
		if (ret != (long)sizeof(m) || m.nr > STUB_ZYGOTE_MAX)
			quit(0); /* the sentry is gone */
		switch (m.op) {
		case STUB_ZOP_FILES:
			take_files(&m, &c);
			break;
		case STUB_ZOP_CLOSE:
			for (unsigned int i = 0; i < m.nr; i++)
				HOST_CALL(SYS_close, m.val[i]);
			break;
		case STUB_ZOP_STUBS:
			make_stubs(&m, slots);
			break;
		default:
			quit(3);
		}
	}
}
