/* SPDX-License-Identifier: Apache-2.0 */
/*
 * getifaddrs and if_nametoindex see lo with its addresses. Other interfaces differ between hosts
 * and are left out.
 */
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "lib/show.h"

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
	return 0;
}
