/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Socket options of level SOL_SOCKET (socket(7)). Options that would do nothing here answer
 * ENOPROTOOPT instead of success.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <abi/linux/capability.h>
#include <abi/linux/poll.h>
#include <abi/linux/time.h>
#include <base/bits.h>

#include "kernel/task.h"
#include "net/socket.h"

static int get_int(const void *val, size_t size, int *ret_v)
{
	if (size < sizeof(int))
		return -EINVAL;
	memcpy(ret_v, val, sizeof(int));
	return 0;
}

static int set_timeout(const void *val, size_t size, int64_t *ret_ns)
{
	struct lx_timeval tv;

	if (size < sizeof(tv))
		return -EINVAL;
	memcpy(&tv, val, sizeof(tv));
	if (tv.tv_usec < 0 || tv.tv_usec >= 1000000)
		return -EDOM;
	if (tv.tv_sec < 0) {
		*ret_ns = 1; /* as Linux: no waiting at all */
		return 0;
	}
	*ret_ns = tv.tv_sec > INT64_MAX / 1000000000 - 1 ?
			  0 :
			  tv.tv_sec * 1000000000 + tv.tv_usec * 1000;
	return 0;
}

/* The value asked for is doubled, as Linux does to pay for its book-keeping. */
static uint32_t buffer_size(int v, uint32_t low)
{
	uint32_t u = v < 0 || (uint32_t)v > SOCK_BUF_MAX ? SOCK_BUF_MAX : (uint32_t)v;

	return MAX(u * 2, low);
}

static void apply_limit(struct socket *s)
{
	struct skq *rx = sock_rx(s);

	if (!rx)
		return;
	mutex_lock(&rx->lock);
	if (s->rcvbuf > rx->limit || s->state != SS_CONNECTED)
		rx->limit = s->rcvbuf;
	mutex_unlock(&rx->lock);
	skq_put(rx);
}

static int set_linger(struct socket *s, const void *val, size_t size)
{
	struct lx_linger l;

	if (size < sizeof(l))
		return -EINVAL;
	memcpy(&l, val, sizeof(l));
	s->linger = l;
	return 0;
}

static int bind_device(struct socket *s, struct task *t, const char *val, size_t size)
{
	char name[LX_IFNAMSIZ] = "";

	memcpy(name, val, MIN(size, sizeof(name) - 1));
	if (name[0] && strcmp(name, "lo") != 0)
		return -ENODEV;
	memcpy(s->bound_dev, name, sizeof(name));
	return 0;
}

int sock_setsockopt(struct socket *s, struct task *t, int opt, const void *val, size_t size)
{
	int v = 0, ret;

	switch (opt) {
	case LX_SO_LINGER:
		return set_linger(s, val, size);
	case LX_SO_RCVTIMEO:
	case LX_SO_RCVTIMEO_NEW:
		return set_timeout(val, size, &s->rcvtimeo_ns);
	case LX_SO_SNDTIMEO:
	case LX_SO_SNDTIMEO_NEW:
		return set_timeout(val, size, &s->sndtimeo_ns);
	case LX_SO_BINDTODEVICE:
		return bind_device(s, t, val, size);
	default:
		break;
	}
	ret = get_int(val, size, &v);
	if (ret < 0)
		return ret;
	switch (opt) {
	case LX_SO_DEBUG:
		return v && !task_capable(t, LX_CAP_NET_ADMIN) ? -EACCES : 0;
	case LX_SO_REUSEADDR:
		s->reuseaddr = v;
		return 0;
	case LX_SO_REUSEPORT:
		s->reuseport = v;
		return 0;
	case LX_SO_TYPE:
	case LX_SO_PROTOCOL:
	case LX_SO_DOMAIN:
	case LX_SO_ERROR:
	case LX_SO_ACCEPTCONN:
	case LX_SO_PEERCRED:
		return -ENOPROTOOPT;
	case LX_SO_DONTROUTE:
		s->dontroute = v;
		return 0;
	case LX_SO_BROADCAST:
		s->broadcast = v;
		return 0;
	case LX_SO_SNDBUFFORCE:
	case LX_SO_RCVBUFFORCE:
		if (!task_capable(t, LX_CAP_NET_ADMIN))
			return -EPERM;
		/* fall through */
	case LX_SO_SNDBUF:
	case LX_SO_RCVBUF:
		if (opt == LX_SO_SNDBUF || opt == LX_SO_SNDBUFFORCE)
			s->sndbuf = buffer_size(v, SOCK_BUF_MIN);
		else
			s->rcvbuf = buffer_size(v, 2304);
		apply_limit(s);
		return 0;
	case LX_SO_KEEPALIVE:
		s->keepalive = v;
		return 0;
	case LX_SO_OOBINLINE:
		s->oobinline = v;
		return 0;
	case LX_SO_NO_CHECK:
		s->no_check = v;
		return 0;
	case LX_SO_PRIORITY:
		if ((v < 0 || v > 6) && !task_capable(t, LX_CAP_NET_ADMIN))
			return -EPERM;
		s->priority = v;
		return 0;
	case LX_SO_PASSCRED:
		s->passcred = v;
		return 0;
	case LX_SO_RCVLOWAT:
		s->rcvlowat = v < 0 ? INT32_MAX : v ? v : 1;
		return 0;
	case LX_SO_TIMESTAMP:
		s->timestamp = v;
		return 0;
	case LX_SO_TIMESTAMPNS:
		s->timestampns = v;
		return 0;
	case LX_SO_MARK:
		if (!task_capable(t, LX_CAP_NET_ADMIN))
			return -EPERM;
		s->mark = v;
		return 0;
	case LX_SO_PEEK_OFF:
		if (s->family != LX_AF_UNIX)
			return -EOPNOTSUPP;
		s->peek_off = v;
		return 0;
	case LX_SO_RXQ_OVFL:
		s->rxq_ovfl = v;
		return 0;
	default:
		return -ENOPROTOOPT;
	}
}

static int put_timeout(int64_t ns, void *buf, size_t *size)
{
	struct lx_timeval tv = { .tv_sec = ns / 1000000000, .tv_usec = ns % 1000000000 / 1000 };

	*size = MIN(*size, sizeof(tv));
	memcpy(buf, &tv, *size);
	return 0;
}

static int put_bytes(const void *from, size_t n, void *buf, size_t *size)
{
	*size = MIN(*size, n);
	memcpy(buf, from, *size);
	return 0;
}

static int get_peername(struct socket *s, void *buf, size_t *size)
{
	struct sock_addr a = { 0 };
	int ret = s->ops->getname(s, true, &a);

	if (ret < 0)
		return -ENOTCONN;
	if (*size > a.len)
		*size = a.len;
	else if (*size < a.len)
		return -EINVAL;
	memcpy(buf, &a.storage, *size);
	return 0;
}

int sock_getsockopt(struct socket *s, struct task *t, int opt, void *buf, size_t *size)
{
	int v;

	switch (opt) {
	case LX_SO_DEBUG:
		v = 0;
		break;
	case LX_SO_REUSEADDR:
		v = s->reuseaddr;
		break;
	case LX_SO_REUSEPORT:
		v = s->reuseport;
		break;
	case LX_SO_TYPE:
		v = s->type;
		break;
	case LX_SO_PROTOCOL:
		v = s->protocol;
		break;
	case LX_SO_DOMAIN:
		v = s->family;
		break;
	case LX_SO_ERROR:
		v = -sock_take_error(s);
		break;
	case LX_SO_DONTROUTE:
		v = s->dontroute;
		break;
	case LX_SO_BROADCAST:
		v = s->broadcast;
		break;
	case LX_SO_SNDBUF:
		v = (int)s->sndbuf;
		break;
	case LX_SO_RCVBUF:
		v = (int)s->rcvbuf;
		break;
	case LX_SO_KEEPALIVE:
		v = s->keepalive;
		break;
	case LX_SO_OOBINLINE:
		v = s->oobinline;
		break;
	case LX_SO_NO_CHECK:
		v = s->no_check;
		break;
	case LX_SO_PRIORITY:
		v = s->priority;
		break;
	case LX_SO_PASSCRED:
		v = s->passcred;
		break;
	case LX_SO_RCVLOWAT:
		v = s->rcvlowat;
		break;
	case LX_SO_SNDLOWAT:
		v = 1;
		break;
	case LX_SO_TIMESTAMP:
		v = s->timestamp;
		break;
	case LX_SO_TIMESTAMPNS:
		v = s->timestampns;
		break;
	case LX_SO_ACCEPTCONN:
		v = s->state == SS_LISTENING;
		break;
	case LX_SO_MARK:
		v = s->mark;
		break;
	case LX_SO_PEEK_OFF:
		if (s->family != LX_AF_UNIX)
			return -EOPNOTSUPP;
		v = s->peek_off;
		break;
	case LX_SO_RXQ_OVFL:
		v = s->rxq_ovfl;
		break;
	case LX_SO_INCOMING_CPU:
		v = 0;
		break;
	case LX_SO_LINGER:
		return put_bytes(&s->linger, sizeof(s->linger), buf, size);
	case LX_SO_RCVTIMEO:
	case LX_SO_RCVTIMEO_NEW:
		return put_timeout(s->rcvtimeo_ns, buf, size);
	case LX_SO_SNDTIMEO:
	case LX_SO_SNDTIMEO_NEW:
		return put_timeout(s->sndtimeo_ns, buf, size);
	case LX_SO_PEERCRED: {
		struct lx_ucred none = { .pid = 0, .uid = UINT32_MAX, .gid = UINT32_MAX };

		return put_bytes(s->family == LX_AF_UNIX && s->peer_cred.pid ? &s->peer_cred :
									       &none,
				 sizeof(none), buf, size);
	}
	case LX_SO_PEERNAME:
		return get_peername(s, buf, size);
	case LX_SO_BINDTODEVICE:
		if (!s->bound_dev[0]) {
			*size = 0;
			return 0;
		}
		if (*size < sizeof(s->bound_dev))
			return -EINVAL;
		return put_bytes(s->bound_dev, strlen(s->bound_dev) + 1, buf, size);
	case LX_SO_COOKIE:
		if (*size < sizeof(s->ino))
			return -EINVAL;
		return put_bytes(&s->ino, sizeof(s->ino), buf, size);
	default:
		return -ENOPROTOOPT;
	}
	return put_bytes(&v, sizeof(v), buf, size);
}
