/* SPDX-License-Identifier: Apache-2.0 */
/*
 * getifaddrs and if_nametoindex see lo with its addresses. Other interfaces differ between hosts
 * and are left out. Requests of odd lengths are taken for what they are.
 */
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "lib/show.h"

static void odd_lengths(void)
{
	static const unsigned int sizes[] = { 16, 17, 19, 31, 33, 1023, 4093, 4094, 4095 };
	static char buf[4096];
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
	struct nlmsghdr h = { .nlmsg_type = NLMSG_NOOP, .nlmsg_flags = NLM_F_REQUEST };

	for (int round = 0; round < 40; round++) {
		for (unsigned int i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			h.nlmsg_len = sizes[i];
			/* two in one, the first of which leaves room for a header or not quite */
			if (round & 1)
				h.nlmsg_len -= 1 + (unsigned int)round % 16;
			memcpy(buf, &h, sizeof(h));
			NEED(send(fd, buf, sizes[i], 0) == (ssize_t)sizes[i]);
		}
	}
	SHOW(recv(fd, buf, sizeof(buf), MSG_DONTWAIT));
	close(fd);
}

int main(void)
{
	struct ifaddrs *list, *i;
	struct ifreq r = { .ifr_name = "lo" };
	char text[64];
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	SHOW(getifaddrs(&list));
	for (i = list; i; i = i->ifa_next) {
		if (strcmp(i->ifa_name, "lo") != 0 || !i->ifa_addr)
			continue;
		if (i->ifa_addr->sa_family == AF_INET)
			printf("lo %s\n",
			       inet_ntop(AF_INET, &((struct sockaddr_in *)i->ifa_addr)->sin_addr,
					 text, 64));
		else if (i->ifa_addr->sa_family == AF_PACKET)
			printf("lo packet\n");
	}
	SHOW(if_nametoindex("lo"));
	SHOWS(if_indextoname(1, text));
	SHOW(if_nametoindex("nosuch0"));
	SHOW(ioctl(fd, SIOCGIFMTU, &r));
	SHOW(r.ifr_mtu);
	SHOW(ioctl(fd, SIOCGIFADDR, &r));
	SHOWS(inet_ntoa(((struct sockaddr_in *)&r.ifr_addr)->sin_addr));
	odd_lengths();
	return 0;
}
