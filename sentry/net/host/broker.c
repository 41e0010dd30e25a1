/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sentry's end of the connection to the network broker: one request at a time, under a mutex;
 * the broker answers at once or is gone. A packet that does not decode ends the connection.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <base/bits.h>
#include <base/lock.h>
#include <host/host.h>
#include <proto/broker.h>

#include "kernel/task.h"
#include "lock_class.h"
#include "net/host/hostnet.h"
#include "vfs/strbuf.h"

#define LOG_TAG "net"
#include "base/log.h"

#define SLICE_MS 500

static struct {
	struct mutex lock; /* LC_BROKER: guards all; held over a round trip */
	int sock;
	uint8_t *rx; /* owned */
} g_broker = { .lock = MUTEX_INIT(LC_BROKER), .sock = -1 };

static const char *const proc_files[] = {
#define NAME(name) name,
	BROKER_PROC_FILES(NAME)
};

bool hostnet_on(void)
{
	return g_broker.rx;
}

int hostnet_init(int fd)
{
	int ret = host_set_recv_timeout(fd, SLICE_MS);

	if (ret < 0)
		return ret;
	g_broker.rx = malloc(sizeof(struct broker_rep) + BROKER_DATA_MAX);
	if (!g_broker.rx)
		return -ENOMEM;
	g_broker.sock = fd;
	return watch_init();
}

static int gone_locked(const char *why) REQUIRES(g_broker.lock);
static int gone_locked(const char *why)
{
	if (g_broker.sock >= 0) {
		log_err("network broker: %s; no new sockets can be made", why);
		host_close(g_broker.sock);
		g_broker.sock = -1;
	}
	return -ENETDOWN;
}

/* One reply. fd: -1 or a descriptor that is the caller's. */
static int receive_locked(const struct broker_rep **ret_rep, int *ret_fd) REQUIRES(g_broker.lock);
static int receive_locked(const struct broker_rep **ret_rep, int *ret_fd)
{
	const struct broker_rep *r;
	unsigned int nr;
	int fd = -1;
	ssize_t n;

	do {
		nr = 1;
		n = host_recv(g_broker.sock, g_broker.rx, sizeof(*r) + BROKER_DATA_MAX, &fd, &nr,
			      HOST_MSG_FDS_LOSSY);
		/* giving up in the middle would leave replies that belong to nobody */
		if (n == -EAGAIN && task_current() && task_killed(task_current()))
			return gone_locked("does not answer");
	} while (n == -EAGAIN);
	if (n <= 0)
		return gone_locked("ended");
	r = broker_rep_decode(g_broker.rx, (size_t)n);
	if (!r || (nr == 1 && r->error)) {
		if (nr == 1)
			host_close(fd);
		return gone_locked("sent something that is no reply");
	}
	if (nr == HOST_FDS_LOST)
		return -ENFILE;
	*ret_rep = r;
	*ret_fd = nr ? fd : -1;
	return 0;
}

static int send_locked(const struct broker_req *q, const void *data, int fd)
	REQUIRES(g_broker.lock);
static int send_locked(const struct broker_req *q, const void *data, int fd)
{
	struct host_iov iov[2] = { { (void *)(uintptr_t)q, sizeof(*q) },
				   { (void *)(uintptr_t)data, q->size } };

	if (g_broker.sock < 0)
		return -ENETDOWN;
	if (host_sendv(g_broker.sock, iov, q->size ? 2 : 1, &fd, fd >= 0, 0) < 0)
		return gone_locked("ended");
	return 0;
}

int broker_socket(int family, int type, int protocol, int *ret_fd)
{
	struct broker_req q = { .op = BROKER_SOCKET, .a = family, .b = type, .c = protocol };
	const struct broker_rep *r;
	int ret, fd = -1;

	mutex_lock(&g_broker.lock);
	ret = send_locked(&q, NULL, -1);
	if (ret == 0)
		ret = receive_locked(&r, &fd);
	if (ret == 0)
		ret = r->error;
	if (ret == 0 && fd < 0)
		ret = gone_locked("sent no descriptor");
	mutex_unlock(&g_broker.lock);
	if (ret == 0)
		*ret_fd = fd;
	return ret;
}

int broker_bind(int sock, const void *addr, uint32_t len)
{
	struct broker_req q = { .op = BROKER_BIND, .size = len };
	const struct broker_rep *r;
	int ret, fd = -1;

	mutex_lock(&g_broker.lock);
	ret = send_locked(&q, addr, sock);
	if (ret == 0)
		ret = receive_locked(&r, &fd);
	if (ret == 0)
		ret = r->error;
	mutex_unlock(&g_broker.lock);
	if (fd >= 0)
		host_close(fd);
	return ret;
}

/* All replies to q; after an error of take the rest is read and thrown away. */
static int converse(const struct broker_req *q, const void *data,
		    int (*take)(void *arg, const void *data, size_t size), void *arg)
{
	const struct broker_rep *r;
	int ret, fd = -1, err = 0;
	bool more = true;

	mutex_lock(&g_broker.lock);
	ret = send_locked(q, data, -1);
	while (ret == 0 && more) {
		ret = receive_locked(&r, &fd);
		if (ret < 0)
			break;
		if (fd >= 0) {
			host_close(fd);
			ret = gone_locked("sent a descriptor nobody asked for");
			break;
		}
		more = r->more;
		if (r->error)
			err = r->error;
		else if (r->size && !err)
			err = take(arg, r->data, r->size);
	}
	mutex_unlock(&g_broker.lock);
	return ret < 0 ? ret : err;
}

int broker_netlink(int protocol, const void *req, size_t size,
		   int (*take)(void *arg, const void *data, size_t size), void *arg)
{
	struct broker_req q = { .op = BROKER_NETLINK, .size = (uint32_t)size, .a = protocol };

	return size > BROKER_DATA_MAX ? -EMSGSIZE : converse(&q, req, take, arg);
}

static int append(void *arg, const void *data, size_t size)
{
	strbuf_add(arg, data, size);
	return 0;
}

int broker_proc(const char *name, struct strbuf *out)
{
	struct broker_req q = { .op = BROKER_PROC };

	for (size_t i = 0; i < ARRAY_SIZE(proc_files); i++) {
		if (strcmp(proc_files[i], name) == 0) {
			q.a = (int32_t)i;
			return converse(&q, NULL, append, out);
		}
	}
	return -ENOENT;
}
