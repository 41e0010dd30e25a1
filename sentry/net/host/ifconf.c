/* SPDX-License-Identifier: Apache-2.0 */
/* SIOCGIF* on the interfaces of the container's network namespace (netdevice(7)); reading only. */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <abi/linux/capability.h>
#include <abi/linux/ioctl.h>
#include <abi/linux/socket.h>
#include <base/bits.h>
#include <base/lock.h>
#include <host/net.h>

#include "kernel/task.h"
#include "net/host/hostnet.h"

#define IFREQ_SIZE 40
#define CONF_MAX   16384

/* A socket to ask with, made once. */
static int ask_fd(void)
{
	static _Atomic int have = -1;
	int fd = have, none = -1, ret;

	if (fd >= 0)
		return fd;
	ret = broker_socket(LX_AF_INET, LX_SOCK_DGRAM, 0, &fd);
	if (ret < 0)
		return ret;
	if (atomic_compare_exchange_strong(&have, &none, fd))
		return fd;
	host_close(fd);
	return none;
}

static long get_conf(struct task *t, int fd, uaddr_t arg)
{
	struct {
		int32_t len, pad;
		uint64_t buf;
	} guest, host;
	auto_free char *buf = malloc(CONF_MAX);
	long ret = copyin(t, &guest, arg, sizeof(guest));

	if (ret < 0)
		return ret;
	if (!buf)
		return -ENOMEM;
	host = guest;
	if (guest.buf) {
		if (guest.len < 0)
			return -EINVAL;
		host.len = MIN(guest.len, CONF_MAX);
		host.buf = (uint64_t)(uintptr_t)buf;
	}
	ret = host_net_ioctl(fd, LX_SIOCGIFCONF, &host);
	if (ret == 0 && guest.buf && host.len > 0 && host.len <= CONF_MAX)
		ret = copyout(t, guest.buf, buf, (size_t)host.len);
	guest.len = host.len;
	return ret < 0 ? ret : copyout(t, arg, &guest, sizeof(guest));
}

long hostnet_ifioctl(struct task *t, unsigned int cmd, uaddr_t arg)
{
	char req[IFREQ_SIZE];
	long ret;
	int fd;

	switch (cmd) {
	case LX_SIOCSIFFLAGS:
	case LX_SIOCSIFADDR:
	case LX_SIOCSIFNETMASK:
	case LX_SIOCSIFMTU:
	case LX_SIOCSIFHWADDR:
	case LX_SIOCADDRT:
	case LX_SIOCDELRT:
		return task_capable(t, LX_CAP_NET_ADMIN) ? -EOPNOTSUPP : -EPERM;
	case LX_SIOCGIFCONF:
	case LX_SIOCGIFNAME:
	case LX_SIOCGIFFLAGS:
	case LX_SIOCGIFADDR:
	case LX_SIOCGIFDSTADDR:
	case LX_SIOCGIFBRDADDR:
	case LX_SIOCGIFNETMASK:
	case LX_SIOCGIFMETRIC:
	case LX_SIOCGIFMTU:
	case LX_SIOCGIFHWADDR:
	case LX_SIOCGIFINDEX:
	case LX_SIOCGIFTXQLEN:
	case LX_SIOCGIFMAP:
		break;
	default:
		return -ENOTTY;
	}
	fd = ask_fd();
	if (fd < 0)
		return fd;
	if (cmd == LX_SIOCGIFCONF)
		return get_conf(t, fd, arg);
	ret = copyin(t, req, arg, sizeof(req));
	if (ret == 0)
		ret = host_net_ioctl(fd, cmd, req);
	return ret < 0 ? ret : copyout(t, arg, req, sizeof(req));
}
