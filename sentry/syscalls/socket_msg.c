/* SPDX-License-Identifier: Apache-2.0 */
/*
 * send(2), recv(2) and their kin: messages, addresses and control data between guest memory and
 * sockets. This is where sockets sleep. See cmsg(3), unix(7).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <abi/linux/capability.h>
#include <abi/linux/errno.h>
#include <abi/linux/fcntl.h>
#include <abi/linux/poll.h>
#include <abi/linux/resource.h>
#include <abi/linux/signal.h>
#include <abi/linux/time.h>
#include <base/bits.h>

#include "kernel/task.h"
#include "net/host/hostnet.h"
#include "net/loopback/inet.h"
#include "net/socket.h"
#include "syscalls/handlers.h"
#include "syscalls/socket_int.h"
#include "time/clock.h"

#define CONTROL_MAX  20480u
#define CONTROL_RECV 1024u /* more than the options of one socket can ask for */

struct io {
	struct socket *s;
	struct task *t;
	struct sock_msg m;
};

/* --- sending --- */

static long try_send(void *arg)
{
	struct io *io = arg;

	return io->s->ops->send(io->s, io->t, &io->m);
}

/* A stream goes on until all is sent; what was sent before an error counts. */
static long send_loop(struct io *io, bool nonblock)
{
	bool stream = io->s->type == LX_SOCK_STREAM;
	int64_t deadline = nonblock ? 0 : sock_deadline(io->s->sndtimeo_ns);
	long total = 0, n;

	for (;;) {
		n = try_send(io);
		if (n == -EAGAIN && !nonblock)
			n = sock_wait_result(task_wait_until(io->t, &io->s->wq,
							     LX_POLLOUT | LX_POLLERR | LX_POLLHUP,
							     deadline, try_send, io),
					     io->s->sndtimeo_ns);
		if (n < 0)
			break;
		total += n;
		if (!stream || uio_left(io->m.uio) == 0 || (nonblock && n == 0))
			return total;
	}
	if (total)
		return total;
	if (n == -EPIPE && io->s->type != LX_SOCK_DGRAM && !(io->m.flags & LX_MSG_NOSIGNAL))
		signal_send_task(io->t, LX_SIGPIPE, NULL);
	return n;
}

static int take_rights(struct task *t, const uint8_t *data, size_t size, struct sock_msg *m)
{
	size_t nr = size / sizeof(int32_t);
	struct scm *scm;
	int ret;

	if (m->scm && m->scm->nr_files + nr > LX_SCM_MAX_FD)
		return -EINVAL;
	if (nr > LX_SCM_MAX_FD)
		return -EINVAL;
	if (nr == 0)
		return 0;
	if (!m->scm) {
		m->scm = calloc(1, sizeof(*m->scm));
		if (!m->scm)
			return -ENOMEM;
	}
	scm = m->scm;
	for (size_t i = 0; i < nr; i++) {
		struct file *f;
		int32_t fd;

		memcpy(&fd, data + i * sizeof(fd), sizeof(fd));
		f = fd_get_any(t->fds, fd);
		if (!f)
			return -EBADF;
		ret = scm_charge(1, task_capable(t, LX_CAP_SYS_RESOURCE) ||
						    task_capable(t, LX_CAP_SYS_ADMIN) ?
					    UINT32_MAX :
					    task_rlimit(t, LX_RLIMIT_NOFILE));
		if (ret < 0) {
			file_put(f);
			return ret;
		}
		scm->files[scm->nr_files++] = f;
	}
	return 0;
}

static int take_credentials(struct task *t, const uint8_t *data, size_t size, struct sock_msg *m)
{
	const struct cred *c = t->cred;
	struct lx_ucred u;

	if (size != sizeof(u))
		return -EINVAL;
	memcpy(&u, data, sizeof(u));
	if (u.pid != t->tg->tgid && !task_capable(t, LX_CAP_SYS_ADMIN))
		return -EPERM;
	if (u.uid != c->uid && u.uid != c->euid && u.uid != c->suid &&
	    !task_capable(t, LX_CAP_SETUID))
		return -EPERM;
	if (u.gid != c->gid && u.gid != c->egid && u.gid != c->sgid &&
	    !task_capable(t, LX_CAP_SETGID))
		return -EPERM;
	m->cred = u;
	return 0;
}

static int control_in(struct task *t, struct socket *s, uaddr_t addr, uint64_t size,
		      struct sock_msg *m)
{
	struct lx_cmsghdr h;
	uint64_t at = 0;
	uint8_t *buf;
	int ret;

	if (size > CONTROL_MAX)
		return -ENOBUFS;
	if (size < sizeof(h))
		return 0;
	buf = malloc(size);
	if (!buf)
		return -ENOMEM;
	ret = copyin(t, buf, addr, size);
	while (ret == 0 && size - at >= sizeof(h)) {
		memcpy(&h, buf + at, sizeof(h));
		if (h.cmsg_len < sizeof(h) || h.cmsg_len > size - at) {
			ret = -EINVAL;
			break;
		}
		if (s->ops->own_options) {
			ret = hostnet_cmsg_ok(h.cmsg_level, h.cmsg_type) ? 0 : -EINVAL;
		} else if (h.cmsg_level == LX_SOL_SOCKET && s->family == LX_AF_UNIX) {
			const uint8_t *data = buf + at + sizeof(h);
			size_t n = h.cmsg_len - sizeof(h);

			if (h.cmsg_type == LX_SCM_RIGHTS)
				ret = take_rights(t, data, n, m);
			else if (h.cmsg_type == LX_SCM_CREDENTIALS)
				ret = take_credentials(t, data, n, m);
			else
				ret = -EINVAL;
		} else if (h.cmsg_level == LX_SOL_SOCKET) {
			ret = h.cmsg_type == LX_SCM_RIGHTS || h.cmsg_type == LX_SCM_CREDENTIALS ?
				      0 :
				      -EINVAL;
		}
		/* IP_PKTINFO and its like choose a source address: there is only loopback */
		at += MIN(LX_CMSG_ALIGN(h.cmsg_len), size - at);
	}
	if (ret == 0 && s->ops->own_options) {
		m->ctl = buf; /* freed by send_one */
		m->ctl_len = size;
		return 0;
	}
	free(buf);
	return ret;
}

/* hdr is a copy; the iovecs and control data are still the guest's. */
static long send_one(struct task *t, struct file *f, struct socket *s, const struct lx_msghdr *hdr,
		     unsigned int flags)
{
	struct uio_seg inline_seg[8], *seg = inline_seg;
	struct io io = { .s = s, .t = t };
	struct sock_addr name = { 0 };
	struct uio u;
	long ret;

	if (hdr->msg_name && hdr->msg_namelen) {
		ret = hdr->msg_namelen < 0 ?
			      -EINVAL :
			      sockaddr_in(t, hdr->msg_name, MIN(hdr->msg_namelen, 128), &name);
		if (ret < 0)
			return ret;
		io.m.name = &name;
	}
	ret = copyin_iovec(t, hdr->msg_iov, hdr->msg_iovlen, inline_seg, &seg, &u);
	if (ret < 0)
		return ret == -EINVAL && hdr->msg_iovlen > 1024 ? -EMSGSIZE : ret;
	io.m.uio = &u;
	io.m.flags = flags;
	io.m.cred = task_ucred(t);
	if (hdr->msg_control && hdr->msg_controllen)
		ret = control_in(t, s, hdr->msg_control, hdr->msg_controllen, &io.m);
	if (ret >= 0)
		ret = send_loop(&io, (flags & LX_MSG_DONTWAIT) || (f->flags & LX_O_NONBLOCK));
	scm_free(io.m.scm);
	free(io.m.ctl);
	if (seg != inline_seg)
		free(seg);
	return ret;
}

long sys_sendto(struct task *t, const struct sysargs *a)
{
	struct uio_seg seg;
	struct sock_addr name;
	struct io io = { .t = t };
	struct uio u;
	int ret = -EBADF;
	auto_put(file) struct file *f = sock_fd(t, arg_int(a, 0), &io.s, &ret);
	unsigned int flags = arg_uint(a, 3);

	if (!f)
		return ret;
	if (arg_addr(a, 4)) {
		ret = sockaddr_in(t, arg_addr(a, 4), arg_int(a, 5), &name);
		if (ret < 0)
			return ret;
		io.m.name = &name;
	}
	uio_init_user1(&u, t->mm, &seg, arg_addr(a, 1),
		       MIN(arg_ulong(a, 2), (unsigned long)INT32_MAX));
	io.m.uio = &u;
	io.m.flags = flags;
	io.m.cred = task_ucred(t);
	return send_loop(&io, (flags & LX_MSG_DONTWAIT) || (f->flags & LX_O_NONBLOCK));
}

long sys_sendmsg(struct task *t, const struct sysargs *a)
{
	struct lx_msghdr hdr;
	struct socket *s;
	int ret = -EBADF;
	auto_put(file) struct file *f = sock_fd(t, arg_int(a, 0), &s, &ret);

	if (!f)
		return ret;
	ret = copyin(t, &hdr, arg_addr(a, 1), sizeof(hdr));
	return ret < 0 ? ret : send_one(t, f, s, &hdr, arg_uint(a, 2));
}

long sys_sendmmsg(struct task *t, const struct sysargs *a)
{
	unsigned int vlen = MIN(arg_uint(a, 2), 1024u), n;
	struct socket *s;
	long ret = 0;
	int err = -EBADF;
	auto_put(file) struct file *f = sock_fd(t, arg_int(a, 0), &s, &err);

	if (!f)
		return err;
	for (n = 0; n < vlen; n++) {
		uaddr_t at = arg_addr(a, 1) + n * sizeof(struct lx_mmsghdr);
		struct lx_mmsghdr mh;
		uint32_t len;

		ret = copyin(t, &mh, at, sizeof(mh));
		if (ret == 0)
			ret = send_one(t, f, s, &mh.msg_hdr, arg_uint(a, 3));
		if (ret < 0)
			break;
		len = (uint32_t)ret;
		ret = copyout(t, at + offsetof(struct lx_mmsghdr, msg_len), &len, sizeof(len));
		if (ret < 0)
			break;
	}
	return n ? (long)n : ret;
}

/* --- receiving --- */

static long try_recv(void *arg)
{
	struct io *io = arg;

	return io->s->ops->recv(io->s, io->t, &io->m);
}

/* MSG_WAITALL and SO_RCVLOWAT keep a stream reading. */
static long recv_loop(struct io *io, bool nonblock)
{
	bool stream = io->s->type == LX_SOCK_STREAM;
	int64_t deadline = nonblock ? 0 : sock_deadline(io->s->rcvtimeo_ns);
	size_t want = uio_left(io->m.uio), target = 1;
	long total = 0, n;

	if (stream && want == 0)
		return 0;
	if (stream && (io->m.flags & LX_MSG_WAITALL) && !(io->m.flags & LX_MSG_PEEK))
		target = want;
	else if (stream && !(io->m.flags & LX_MSG_PEEK))
		target = MIN(want, (size_t)io->s->rcvlowat);
	for (;;) {
		n = try_recv(io);
		if (n == -EAGAIN && !nonblock)
			n = sock_wait_result(task_wait_until(io->t, &io->s->wq,
							     LX_POLLIN | LX_POLLERR | LX_POLLHUP |
								     LX_POLLRDHUP,
							     deadline, try_recv, io),
					     io->s->rcvtimeo_ns);
		if (n <= 0)
			break;
		total += n;
		if (!stream || (size_t)total >= target || io->m.scm || (io->m.flags & LX_MSG_TRUNC))
			return total;
	}
	return total ? total : n;
}

/* Appends one control message at *at; sets MSG_CTRUNC when it does not fit whole. */
static int put_cmsg(struct task *t, uaddr_t ctl, uint64_t room, uint64_t *at, int level, int type,
		    const void *data, size_t size, unsigned int *flags)
{
	struct lx_cmsghdr h = { .cmsg_len = LX_CMSG_LEN(size),
				.cmsg_level = level,
				.cmsg_type = type };
	int ret;

	if (!ctl || room < *at || room - *at < sizeof(h)) {
		*flags |= LX_MSG_CTRUNC;
		return 0;
	}
	if (room - *at < h.cmsg_len) {
		*flags |= LX_MSG_CTRUNC;
		h.cmsg_len = room - *at;
	}
	ret = copyout(t, ctl + *at, &h, sizeof(h));
	if (ret == 0 && h.cmsg_len > sizeof(h))
		ret = copyout(t, ctl + *at + sizeof(h), data, h.cmsg_len - sizeof(h));
	*at += MIN(LX_CMSG_ALIGN(h.cmsg_len), room - *at);
	return ret;
}

static int put_rights(struct task *t, uaddr_t ctl, uint64_t room, uint64_t *at, struct scm *scm,
		      unsigned int in_flags, unsigned int *flags)
{
	int32_t fds[LX_SCM_MAX_FD];
	unsigned int fit = 0, n;

	if (ctl && room >= *at + sizeof(struct lx_cmsghdr))
		fit = (unsigned int)MIN((room - *at - sizeof(struct lx_cmsghdr)) / sizeof(int32_t),
					(uint64_t)scm->nr_files);
	for (n = 0; n < fit; n++) {
		fds[n] = fd_install(t->fds, scm->files[n],
				    in_flags & LX_MSG_CMSG_CLOEXEC ? LX_FD_CLOEXEC_FLAG : 0);
		if (fds[n] < 0)
			break;
	}
	if (n < scm->nr_files)
		*flags |= LX_MSG_CTRUNC;
	return n ? put_cmsg(t, ctl, room, at, LX_SOL_SOCKET, LX_SCM_RIGHTS, fds, n * sizeof(fds[0]),
			    flags) :
		   0;
}

static int put_pktinfo(struct task *t, struct socket *s, uaddr_t ctl, uint64_t room, uint64_t *at,
		       const struct sock_msg *m, unsigned int *flags)
{
	int ret = 0;

	if (s->family == LX_AF_INET && inet_opt(s, LX_SOL_IP, LX_IP_PKTINFO)) {
		struct lx_in_pktinfo pi = { .ipi_ifindex = 1,
					    .ipi_spec_dst = m->dst.in.sin_addr,
					    .ipi_addr = m->dst.in.sin_addr };

		ret = put_cmsg(t, ctl, room, at, LX_SOL_IP, LX_IP_PKTINFO, &pi, sizeof(pi), flags);
	}
	if (ret == 0 && s->family == LX_AF_INET6 && inet_opt(s, LX_SOL_IPV6, LX_IPV6_RECVPKTINFO)) {
		struct lx_in6_pktinfo pi = { .ipi6_addr = m->dst.in6.sin6_addr, .ipi6_ifindex = 1 };

		ret = put_cmsg(t, ctl, room, at, LX_SOL_IPV6, LX_IPV6_PKTINFO, &pi, sizeof(pi),
			       flags);
	}
	if (ret == 0 && s->family == LX_AF_INET && inet_opt(s, LX_SOL_IP, LX_IP_RECVTTL)) {
		int ttl = 64;

		ret = put_cmsg(t, ctl, room, at, LX_SOL_IP, LX_IP_TTL, &ttl, sizeof(ttl), flags);
	}
	if (ret == 0 && s->family == LX_AF_INET && inet_opt(s, LX_SOL_IP, LX_IP_RECVTOS)) {
		uint8_t tos = 0;

		ret = put_cmsg(t, ctl, room, at, LX_SOL_IP, LX_IP_TOS, &tos, sizeof(tos), flags);
	}
	return ret;
}

static int put_stamp(struct task *t, struct socket *s, uaddr_t ctl, uint64_t room, uint64_t *at,
		     int64_t ns, unsigned int *flags)
{
	struct lx_timeval tv = { .tv_sec = ns / 1000000000, .tv_usec = ns % 1000000000 / 1000 };
	struct lx_timespec ts = { .tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000 };

	if (!ns)
		return 0;
	if (s->timestampns)
		return put_cmsg(t, ctl, room, at, LX_SOL_SOCKET, LX_SO_TIMESTAMPNS, &ts, sizeof(ts),
				flags);
	return s->timestamp ? put_cmsg(t, ctl, room, at, LX_SOL_SOCKET, LX_SO_TIMESTAMP, &tv,
				       sizeof(tv), flags) :
			      0;
}

/* Control data as the host's socket gave it. */
static int control_raw(struct io *io, uaddr_t ctl, uint64_t room, uint64_t *at, unsigned int *flags)
{
	const uint8_t *p = io->m.ctl;
	size_t left = io->m.ctl_len;
	struct lx_cmsghdr h;
	int ret = 0;

	while (ret == 0 && left >= sizeof(h)) {
		memcpy(&h, p, sizeof(h));
		if (h.cmsg_len < sizeof(h) || h.cmsg_len > left)
			break;
		ret = put_cmsg(io->t, ctl, room, at, h.cmsg_level, h.cmsg_type, p + sizeof(h),
			       h.cmsg_len - sizeof(h), flags);
		p += MIN(LX_CMSG_ALIGN(h.cmsg_len), left);
		left -= MIN(LX_CMSG_ALIGN(h.cmsg_len), left);
	}
	return ret;
}

/* What came besides the bytes; *ret_len is how much of the control buffer was used. */
static int control_out(struct io *io, uaddr_t ctl, uint64_t room, uint64_t *ret_len,
		       unsigned int *flags)
{
	struct sock_msg *m = &io->m;
	uint64_t at = 0;
	int ret = put_stamp(io->t, io->s, ctl, room, &at, m->stamp_ns, flags);

	if (ret == 0 && m->has_cred && io->s->passcred)
		ret = put_cmsg(io->t, ctl, room, &at, LX_SOL_SOCKET, LX_SCM_CREDENTIALS, &m->cred,
			       sizeof(m->cred), flags);
	if (ret == 0 && m->scm)
		ret = put_rights(io->t, ctl, room, &at, m->scm, m->flags, flags);
	if (ret == 0 && m->has_pktinfo)
		ret = put_pktinfo(io->t, io->s, ctl, room, &at, m, flags);
	if (ret == 0 && m->ctl)
		ret = control_raw(io, ctl, room, &at, flags);
	*ret_len = at;
	return ret;
}

static long recv_one(struct task *t, struct file *f, struct socket *s, struct lx_msghdr *hdr,
		     uaddr_t hdr_addr, unsigned int flags)
{
	struct uio_seg inline_seg[8], *seg = inline_seg;
	struct io io = { .s = s, .t = t };
	struct sock_addr name = { 0 };
	unsigned int out_flags = 0;
	uint64_t ctl_len = 0;
	struct uio u;
	long ret;
	int err;

	if (hdr->msg_name && hdr->msg_namelen < 0)
		return -EINVAL;
	ret = copyin_iovec(t, hdr->msg_iov, hdr->msg_iovlen, inline_seg, &seg, &u);
	if (ret < 0)
		return ret == -EINVAL && hdr->msg_iovlen > 1024 ? -EMSGSIZE : ret;
	io.m.uio = &u;
	io.m.flags = flags;
	io.m.name = &name;
	if (s->ops->own_options && hdr->msg_control && hdr->msg_controllen) {
		io.m.ctl_room = CONTROL_RECV;
		io.m.ctl = malloc(io.m.ctl_room);
	}
	ret = recv_loop(&io, (flags & LX_MSG_DONTWAIT) || (f->flags & LX_O_NONBLOCK));
	if (ret >= 0) {
		int32_t namelen = (int32_t)name.len;

		out_flags = io.m.ret_flags | (flags & LX_MSG_CMSG_CLOEXEC);
		err = 0;
		if (hdr->msg_name) {
			if (name.len)
				err = copyout(t, hdr->msg_name, &name.storage,
					      MIN((size_t)hdr->msg_namelen, (size_t)name.len));
			if (err == 0)
				err = copyout(t, hdr_addr + offsetof(struct lx_msghdr, msg_namelen),
					      &namelen, sizeof(namelen));
		}
		if (err == 0)
			err = control_out(&io, hdr->msg_control,
					  hdr->msg_control ? hdr->msg_controllen : 0, &ctl_len,
					  &out_flags);
		if (err == 0)
			err = copyout(t, hdr_addr + offsetof(struct lx_msghdr, msg_flags),
				      &out_flags, sizeof(out_flags));
		if (err == 0)
			err = copyout(t, hdr_addr + offsetof(struct lx_msghdr, msg_controllen),
				      &ctl_len, sizeof(ctl_len));
		if (err < 0)
			ret = err;
	}
	free(io.m.ctl);
	scm_free(io.m.scm);
	if (seg != inline_seg)
		free(seg);
	return ret;
}

long sys_recvfrom(struct task *t, const struct sysargs *a)
{
	struct sock_addr name = { 0 };
	struct uio_seg seg;
	struct io io = { .t = t };
	struct uio u;
	int err = -EBADF;
	auto_put(file) struct file *f = sock_fd(t, arg_int(a, 0), &io.s, &err);
	unsigned int flags = arg_uint(a, 3);
	long ret;

	if (!f)
		return err;
	uio_init_user1(&u, t->mm, &seg, arg_addr(a, 1),
		       MIN(arg_ulong(a, 2), (unsigned long)INT32_MAX));
	io.m.uio = &u;
	io.m.flags = flags;
	io.m.name = &name;
	ret = recv_loop(&io, (flags & LX_MSG_DONTWAIT) || (f->flags & LX_O_NONBLOCK));
	scm_free(io.m.scm);
	if (ret >= 0 && arg_addr(a, 4)) {
		err = sockaddr_out(t, &name, arg_addr(a, 4), arg_addr(a, 5));
		if (err < 0)
			return err;
	}
	return ret;
}

long sys_recvmsg(struct task *t, const struct sysargs *a)
{
	struct lx_msghdr hdr;
	struct socket *s;
	int ret = -EBADF;
	auto_put(file) struct file *f = sock_fd(t, arg_int(a, 0), &s, &ret);

	if (!f)
		return ret;
	ret = copyin(t, &hdr, arg_addr(a, 1), sizeof(hdr));
	return ret < 0 ? ret : recv_one(t, f, s, &hdr, arg_addr(a, 1), arg_uint(a, 2));
}

long sys_recvmmsg(struct task *t, const struct sysargs *a)
{
	unsigned int vlen = MIN(arg_uint(a, 2), 1024u), flags = arg_uint(a, 3), n;
	int64_t deadline = TASK_NO_DEADLINE;
	struct lx_timespec ts;
	struct socket *s;
	long ret = 0;
	int err = -EBADF;
	auto_put(file) struct file *f = sock_fd(t, arg_int(a, 0), &s, &err);

	if (!f)
		return err;
	if (arg_addr(a, 4)) {
		ret = copyin(t, &ts, arg_addr(a, 4), sizeof(ts));
		if (ret < 0)
			return ret;
		if (ts.tv_sec < 0 || ts.tv_nsec < 0 || ts.tv_nsec >= 1000000000)
			return -EINVAL;
		if (ts.tv_sec < INT64_MAX / 1000000000 / 2)
			deadline = clock_monotonic_ns() + ts.tv_sec * 1000000000 + ts.tv_nsec;
	}
	for (n = 0; n < vlen; n++) {
		uaddr_t at = arg_addr(a, 1) + n * sizeof(struct lx_mmsghdr);
		struct lx_mmsghdr mh;
		uint32_t len;

		ret = copyin(t, &mh, at, sizeof(mh));
		if (ret == 0)
			ret = recv_one(t, f, s, &mh.msg_hdr, at,
				       flags & ~(unsigned int)LX_MSG_WAITFORONE);
		if (ret < 0)
			break;
		len = (uint32_t)ret;
		ret = copyout(t, at + offsetof(struct lx_mmsghdr, msg_len), &len, sizeof(len));
		if (ret < 0)
			break;
		if (flags & LX_MSG_WAITFORONE)
			flags |= LX_MSG_DONTWAIT;
		if (clock_monotonic_ns() >= deadline) {
			n++;
			break;
		}
	}
	return n ? (long)n : ret;
}
