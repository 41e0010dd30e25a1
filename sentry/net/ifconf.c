/* SPDX-License-Identifier: Apache-2.0 */
/* The interface ioctls (netdevice(7)): lo, 127.0.0.1/8, up. Nothing can be changed yet. */
#include "net/ifconf.h"

#include <errno.h>
#include <string.h>

#include <abi/linux/capability.h>
#include <abi/linux/socket.h>

#include "kernel/task.h"

#define LO_INDEX   1
#define LO_MTU     65536
#define IFREQ_SIZE 40u

/* Bytes 16.. of struct ifreq hold the answer. */
struct ifreq_raw {
	char name[LX_IFNAMSIZ];
	uint8_t u[24];
};

static void put_in(struct ifreq_raw *r, uint32_t addr_be)
{
	struct lx_sockaddr_in in = { .sin_family = LX_AF_INET, .sin_addr.s_addr = addr_be };

	memcpy(r->u, &in, sizeof(in));
}

static long get_conf(struct task *t, uaddr_t arg)
{
	struct {
		int32_t len, pad;
		uint64_t buf;
	} c;
	struct ifreq_raw r = { .name = "lo" };
	int ret = copyin(t, &c, arg, sizeof(c));

	if (ret < 0)
		return ret;
	if (c.buf && c.len >= (int)IFREQ_SIZE) {
		put_in(&r, __builtin_bswap32(0x7f000001u));
		ret = copyout(t, c.buf, &r, IFREQ_SIZE);
		c.len = IFREQ_SIZE;
	} else {
		c.len = c.buf ? 0 : (int)IFREQ_SIZE;
	}
	return ret < 0 ? ret : copyout(t, arg, &c, sizeof(c));
}

long ifconf_ioctl(struct task *t, unsigned int cmd, uaddr_t arg)
{
	struct ifreq_raw r;
	int32_t v;
	int16_t flags = LX_IFF_UP | LX_IFF_LOOPBACK | LX_IFF_RUNNING;
	int ret;

	switch (cmd) {
	case LX_SIOCGIFCONF:
		return get_conf(t, arg);
	case LX_SIOCSIFFLAGS:
	case LX_SIOCSIFADDR:
	case LX_SIOCSIFNETMASK:
	case LX_SIOCSIFMTU:
	case LX_SIOCSIFHWADDR:
	case LX_SIOCADDRT:
	case LX_SIOCDELRT:
		return task_capable(t, LX_CAP_NET_ADMIN) ? -EOPNOTSUPP : -EPERM;
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
	ret = copyin(t, &r, arg, sizeof(r));
	if (ret < 0)
		return ret;
	r.name[LX_IFNAMSIZ - 1] = 0;
	if (cmd == LX_SIOCGIFNAME) {
		memcpy(&v, r.u, sizeof(v));
		if (v != LO_INDEX)
			return -ENODEV;
		memset(r.name, 0, sizeof(r.name));
		strcpy(r.name, "lo");
		return copyout(t, arg, &r, sizeof(r));
	}
	if (strcmp(r.name, "lo") != 0)
		return -ENODEV;
	memset(r.u, 0, sizeof(r.u));
	switch (cmd) {
	case LX_SIOCGIFFLAGS:
		memcpy(r.u, &flags, sizeof(flags));
		break;
	case LX_SIOCGIFADDR:
	case LX_SIOCGIFDSTADDR:
		put_in(&r, __builtin_bswap32(0x7f000001u));
		break;
	case LX_SIOCGIFBRDADDR:
		put_in(&r, 0);
		break;
	case LX_SIOCGIFNETMASK:
		put_in(&r, __builtin_bswap32(0xff000000u));
		break;
	case LX_SIOCGIFHWADDR:
		r.u[0] = (uint8_t)LX_ARPHRD_LOOPBACK;
		r.u[1] = (uint8_t)(LX_ARPHRD_LOOPBACK >> 8);
		break;
	default:
		v = cmd == LX_SIOCGIFMTU    ? LO_MTU :
		    cmd == LX_SIOCGIFINDEX  ? LO_INDEX :
		    cmd == LX_SIOCGIFTXQLEN ? 1000 :
					      0;
		memcpy(r.u, &v, sizeof(v));
		break;
	}
	return copyout(t, arg, &r, sizeof(r));
}
