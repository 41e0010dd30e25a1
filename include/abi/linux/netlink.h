/* SPDX-License-Identifier: Apache-2.0 */
/*
 * netlink(7) and the part of rtnetlink(7) that getaddrinfo, getifaddrs and ip(8) read.
 */
#pragma once

#include <stdint.h>

#define LX_NETLINK_ROUTE		0
#define LX_NETLINK_USERSOCK		2
#define LX_NETLINK_SOCK_DIAG		4
#define LX_NETLINK_NFLOG		5
#define LX_NETLINK_XFRM			6
#define LX_NETLINK_SELINUX		7
#define LX_NETLINK_AUDIT		9
#define LX_NETLINK_NETFILTER		12
#define LX_NETLINK_KOBJECT_UEVENT	15
#define LX_NETLINK_GENERIC		16
#define LX_NETLINK_CRYPTO		21
#define LX_NLM_F_REQUEST		0x1
#define LX_NLM_F_MULTI			0x2
#define LX_NLM_F_ACK			0x4
#define LX_NLM_F_ECHO			0x8
#define LX_NLM_F_DUMP_INTR		0x10
#define LX_NLM_F_DUMP_FILTERED		0x20
#define LX_NLM_F_ROOT			0x100
#define LX_NLM_F_MATCH			0x200
#define LX_NLM_F_ATOMIC			0x400
#define LX_NLM_F_DUMP			0x300
#define LX_NLM_F_REPLACE		0x100
#define LX_NLM_F_EXCL			0x200
#define LX_NLM_F_CREATE			0x400
#define LX_NLM_F_APPEND			0x800
#define LX_NLM_F_CAPPED			0x100
#define LX_NLM_F_ACK_TLVS		0x200
#define LX_NLMSG_NOOP			1
#define LX_NLMSG_ERROR			2
#define LX_NLMSG_DONE			3
#define LX_NLMSG_OVERRUN		4
#define LX_NLMSG_MIN_TYPE		16
#define LX_NETLINK_ADD_MEMBERSHIP	1
#define LX_NETLINK_DROP_MEMBERSHIP	2
#define LX_NETLINK_PKTINFO		3
#define LX_NETLINK_BROADCAST_ERROR	4
#define LX_NETLINK_NO_ENOBUFS		5
#define LX_NETLINK_LISTEN_ALL_NSID	8
#define LX_NETLINK_LIST_MEMBERSHIPS	9
#define LX_NETLINK_CAP_ACK		10
#define LX_NETLINK_EXT_ACK		11
#define LX_NETLINK_GET_STRICT_CHK	12
#define LX_RTM_NEWLINK			16
#define LX_RTM_DELLINK			17
#define LX_RTM_GETLINK			18
#define LX_RTM_SETLINK			19
#define LX_RTM_NEWADDR			20
#define LX_RTM_DELADDR			21
#define LX_RTM_GETADDR			22
#define LX_RTM_NEWROUTE			24
#define LX_RTM_DELROUTE			25
#define LX_RTM_GETROUTE			26
#define LX_RTM_NEWNEIGH			28
#define LX_RTM_DELNEIGH			29
#define LX_RTM_GETNEIGH			30
#define LX_RTM_NEWRULE			32
#define LX_RTM_DELRULE			33
#define LX_RTM_GETRULE			34
#define LX_IFLA_UNSPEC			0
#define LX_IFLA_ADDRESS			1
#define LX_IFLA_BROADCAST		2
#define LX_IFLA_IFNAME			3
#define LX_IFLA_MTU			4
#define LX_IFLA_LINK			5
#define LX_IFLA_QDISC			6
#define LX_IFLA_STATS			7
#define LX_IFLA_MASTER			10
#define LX_IFLA_TXQLEN			13
#define LX_IFLA_OPERSTATE		16
#define LX_IFLA_LINKMODE		17
#define LX_IFLA_LINKINFO		18
#define LX_IFLA_STATS64			23
#define LX_IFLA_GROUP			27
#define LX_IFLA_EXT_MASK		29
#define LX_IFLA_PROMISCUITY		30
#define LX_IFLA_NUM_TX_QUEUES		31
#define LX_IFLA_NUM_RX_QUEUES		32
#define LX_IFLA_CARRIER			33
#define LX_IFLA_CARRIER_CHANGES		35
#define LX_IFLA_PROTO_DOWN		39
#define LX_IFLA_INFO_KIND		1
#define LX_IFA_UNSPEC			0
#define LX_IFA_ADDRESS			1
#define LX_IFA_LOCAL			2
#define LX_IFA_LABEL			3
#define LX_IFA_BROADCAST		4
#define LX_IFA_ANYCAST			5
#define LX_IFA_CACHEINFO		6
#define LX_IFA_MULTICAST		7
#define LX_IFA_FLAGS			8
#define LX_IFA_F_SECONDARY		0x1
#define LX_IFA_F_NODAD			0x2
#define LX_IFA_F_PERMANENT		0x80
#define LX_IFA_F_NOPREFIXROUTE		0x200
#define LX_RTA_UNSPEC			0
#define LX_RTA_DST			1
#define LX_RTA_SRC			2
#define LX_RTA_IIF			3
#define LX_RTA_OIF			4
#define LX_RTA_GATEWAY			5
#define LX_RTA_PRIORITY			6
#define LX_RTA_PREFSRC			7
#define LX_RTA_METRICS			8
#define LX_RTA_MULTIPATH		9
#define LX_RTA_CACHEINFO		12
#define LX_RTA_TABLE			15
#define LX_RTN_UNSPEC			0
#define LX_RTN_UNICAST			1
#define LX_RTN_LOCAL			2
#define LX_RTN_BROADCAST		3
#define LX_RTN_ANYCAST			4
#define LX_RTN_MULTICAST		5
#define LX_RTN_BLACKHOLE		6
#define LX_RTN_UNREACHABLE		7
#define LX_RTPROT_UNSPEC		0
#define LX_RTPROT_REDIRECT		1
#define LX_RTPROT_KERNEL		2
#define LX_RTPROT_BOOT			3
#define LX_RTPROT_STATIC		4
#define LX_RT_SCOPE_UNIVERSE		0
#define LX_RT_SCOPE_SITE		200
#define LX_RT_SCOPE_LINK		253
#define LX_RT_SCOPE_HOST		254
#define LX_RT_SCOPE_NOWHERE		255
#define LX_RT_TABLE_UNSPEC		0
#define LX_RT_TABLE_DEFAULT		253
#define LX_RT_TABLE_MAIN		254
#define LX_RT_TABLE_LOCAL		255
#define LX_RTNLGRP_LINK			1
#define LX_RTNLGRP_NEIGH		3
#define LX_RTNLGRP_IPV4_IFADDR		5
#define LX_RTNLGRP_IPV4_ROUTE		7
#define LX_RTNLGRP_IPV6_IFADDR		9
#define LX_RTNLGRP_IPV6_ROUTE		11
#define LX_RTMGRP_LINK			0x1
#define LX_RTMGRP_NEIGH			0x4
#define LX_RTMGRP_IPV4_IFADDR		0x10
#define LX_RTMGRP_IPV4_ROUTE		0x40
#define LX_RTMGRP_IPV6_IFADDR		0x100
#define LX_RTMGRP_IPV6_ROUTE		0x400

#define LX_NLMSG_ALIGN(len)	(((len) + 3) & ~3u)
#define LX_NLMSG_HDRLEN		16
#define LX_NLA_ALIGN(len)	(((len) + 3) & ~3u)
#define LX_NLA_HDRLEN		4
#define LX_NLA_TYPE_MASK	0x3fff

struct lx_nlmsghdr {
	uint32_t nlmsg_len;
	uint16_t nlmsg_type;
	uint16_t nlmsg_flags;
	uint32_t nlmsg_seq;
	uint32_t nlmsg_pid;
};

struct lx_nlmsgerr {
	int32_t error;
	struct lx_nlmsghdr msg;
};

struct lx_nlattr {
	uint16_t nla_len;
	uint16_t nla_type;
};

struct lx_rtgenmsg {
	uint8_t rtgen_family;
};

struct lx_ifinfomsg {
	uint8_t ifi_family;
	uint8_t pad0;
	uint16_t ifi_type;
	int32_t ifi_index;
	uint32_t ifi_flags;
	uint32_t ifi_change;
};

struct lx_ifaddrmsg {
	uint8_t ifa_family;
	uint8_t ifa_prefixlen;
	uint8_t ifa_flags;
	uint8_t ifa_scope;
	uint32_t ifa_index;
};

struct lx_ifa_cacheinfo {
	uint32_t ifa_prefered;
	uint32_t ifa_valid;
	uint32_t cstamp;
	uint32_t tstamp;
};

struct lx_rtmsg {
	uint8_t rtm_family;
	uint8_t rtm_dst_len;
	uint8_t rtm_src_len;
	uint8_t rtm_tos;
	uint8_t rtm_table;
	uint8_t rtm_protocol;
	uint8_t rtm_scope;
	uint8_t rtm_type;
	uint32_t rtm_flags;
};

struct lx_rtattr {
	uint16_t rta_len;
	uint16_t rta_type;
};
