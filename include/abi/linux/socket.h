/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sockets: families, options, addresses, messages, control messages, SIOC* requests.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define LX_AF_UNSPEC		0
#define LX_AF_UNIX		1
#define LX_AF_INET		2
#define LX_AF_AX25		3
#define LX_AF_IPX		4
#define LX_AF_APPLETALK		5
#define LX_AF_INET6		10
#define LX_AF_KEY		15
#define LX_AF_NETLINK		16
#define LX_AF_PACKET		17
#define LX_AF_ALG		38
#define LX_AF_BLUETOOTH		31
#define LX_AF_TIPC		30
#define LX_AF_VSOCK		40
#define LX_AF_XDP		44
#define LX_AF_MAX		46
#define LX_SOCK_STREAM		1
#define LX_SOCK_DGRAM		2
#define LX_SOCK_RAW		3
#define LX_SOCK_RDM		4
#define LX_SOCK_SEQPACKET	5
#define LX_SOCK_DCCP		6
#define LX_SOCK_PACKET		10
#define LX_SOCK_TYPE_MASK	0xf
#define LX_SOCK_CLOEXEC		02000000
#define LX_SOCK_NONBLOCK	04000
#define LX_SHUT_RD		0
#define LX_SHUT_WR		1
#define LX_SHUT_RDWR		2
#define LX_SOMAXCONN		4096

/* levels */
#define LX_SOL_SOCKET	1
#define LX_SOL_IP	0
#define LX_SOL_TCP	6
#define LX_SOL_UDP	17
#define LX_SOL_IPV6	41
#define LX_SOL_ICMPV6	58
#define LX_SOL_RAW	255
#define LX_SOL_PACKET	263
#define LX_SOL_NETLINK	270
/* SOL_SOCKET */
#define LX_SO_DEBUG			1
#define LX_SO_REUSEADDR			2
#define LX_SO_TYPE			3
#define LX_SO_ERROR			4
#define LX_SO_DONTROUTE			5
#define LX_SO_BROADCAST			6
#define LX_SO_SNDBUF			7
#define LX_SO_RCVBUF			8
#define LX_SO_KEEPALIVE			9
#define LX_SO_OOBINLINE			10
#define LX_SO_NO_CHECK			11
#define LX_SO_PRIORITY			12
#define LX_SO_LINGER			13
#define LX_SO_BSDCOMPAT			14
#define LX_SO_REUSEPORT			15
#define LX_SO_PASSCRED			16
#define LX_SO_PEERCRED			17
#define LX_SO_RCVLOWAT			18
#define LX_SO_SNDLOWAT			19
#define LX_SO_RCVTIMEO			20
#define LX_SO_SNDTIMEO			21
#define LX_SO_BINDTODEVICE		25
#define LX_SO_ATTACH_FILTER		26
#define LX_SO_DETACH_FILTER		27
#define LX_SO_PEERNAME			28
#define LX_SO_TIMESTAMP			29
#define LX_SO_ACCEPTCONN		30
#define LX_SO_PEERSEC			31
#define LX_SO_SNDBUFFORCE		32
#define LX_SO_RCVBUFFORCE		33
#define LX_SO_PASSSEC			34
#define LX_SO_TIMESTAMPNS		35
#define LX_SO_MARK			36
#define LX_SO_TIMESTAMPING		37
#define LX_SO_PROTOCOL			38
#define LX_SO_DOMAIN			39
#define LX_SO_RXQ_OVFL			40
#define LX_SO_WIFI_STATUS		41
#define LX_SO_PEEK_OFF			42
#define LX_SO_NOFCS			43
#define LX_SO_LOCK_FILTER		44
#define LX_SO_SELECT_ERR_QUEUE		45
#define LX_SO_BUSY_POLL			46
#define LX_SO_MAX_PACING_RATE		47
#define LX_SO_BPF_EXTENSIONS		48
#define LX_SO_INCOMING_CPU		49
#define LX_SO_ATTACH_BPF		50
#define LX_SO_ATTACH_REUSEPORT_CBPF	51
#define LX_SO_ATTACH_REUSEPORT_EBPF	52
#define LX_SO_CNX_ADVICE		53
#define LX_SO_MEMINFO			55
#define LX_SO_INCOMING_NAPI_ID		56
#define LX_SO_COOKIE			57
#define LX_SO_PEERGROUPS		59
#define LX_SO_ZEROCOPY			60
#define LX_SO_TXTIME			61
#define LX_SO_BINDTOIFINDEX		62
#define LX_SO_TIMESTAMP_NEW		63
#define LX_SO_TIMESTAMPNS_NEW		64
#define LX_SO_TIMESTAMPING_NEW		65
#define LX_SO_RCVTIMEO_NEW		66
#define LX_SO_SNDTIMEO_NEW		67
#define LX_SO_DETACH_REUSEPORT_BPF	68
#define LX_SO_PREFER_BUSY_POLL		69
#define LX_SO_BUSY_POLL_BUDGET		70
#define LX_SO_NETNS_COOKIE		71
#define LX_SO_BUF_LOCK			72
#define LX_SO_RESERVE_MEM		73
#define LX_SO_TXREHASH			74
#define LX_SO_RCVMARK			75
#define LX_SO_PASSPIDFD			76
#define LX_SO_PEERPIDFD			77

/* message flags */
#define LX_MSG_OOB		0x1
#define LX_MSG_PEEK		0x2
#define LX_MSG_DONTROUTE	0x4
#define LX_MSG_CTRUNC		0x8
#define LX_MSG_PROXY		0x10
#define LX_MSG_TRUNC		0x20
#define LX_MSG_DONTWAIT		0x40
#define LX_MSG_EOR		0x80
#define LX_MSG_WAITALL		0x100
#define LX_MSG_FIN		0x200
#define LX_MSG_SYN		0x400
#define LX_MSG_CONFIRM		0x800
#define LX_MSG_RST		0x1000
#define LX_MSG_ERRQUEUE		0x2000
#define LX_MSG_NOSIGNAL		0x4000
#define LX_MSG_MORE		0x8000
#define LX_MSG_WAITFORONE	0x10000
#define LX_MSG_BATCH		0x40000
#define LX_MSG_SPLICE_PAGES	0x8000000
#define LX_MSG_ZEROCOPY		0x4000000
#define LX_MSG_FASTOPEN		0x20000000
#define LX_MSG_CMSG_CLOEXEC	0x40000000
#define LX_MSG_CMSG_COMPAT	0x80000000u

/* control messages */
#define LX_SCM_RIGHTS		1
#define LX_SCM_CREDENTIALS	2
#define LX_SCM_SECURITY		3
#define LX_SCM_PIDFD		4
#define LX_SCM_MAX_FD		253

/* protocols and their options */
#define LX_IPPROTO_IP			0
#define LX_IPPROTO_ICMP			1
#define LX_IPPROTO_IGMP			2
#define LX_IPPROTO_TCP			6
#define LX_IPPROTO_UDP			17
#define LX_IPPROTO_IPV6			41
#define LX_IPPROTO_ICMPV6		58
#define LX_IPPROTO_SCTP			132
#define LX_IPPROTO_UDPLITE		136
#define LX_IPPROTO_RAW			255
#define LX_IPPROTO_MPTCP		262
#define LX_IP_TOS			1
#define LX_IP_TTL			2
#define LX_IP_HDRINCL			3
#define LX_IP_OPTIONS			4
#define LX_IP_ROUTER_ALERT		5
#define LX_IP_RECVOPTS			6
#define LX_IP_RETOPTS			7
#define LX_IP_PKTINFO			8
#define LX_IP_PKTOPTIONS		9
#define LX_IP_MTU_DISCOVER		10
#define LX_IP_RECVERR			11
#define LX_IP_RECVTTL			12
#define LX_IP_RECVTOS			13
#define LX_IP_MTU			14
#define LX_IP_FREEBIND			15
#define LX_IP_TRANSPARENT		19
#define LX_IP_ORIGDSTADDR		20
#define LX_IP_MINTTL			21
#define LX_IP_NODEFRAG			22
#define LX_IP_CHECKSUM			23
#define LX_IP_BIND_ADDRESS_NO_PORT	24
#define LX_IP_RECVFRAGSIZE		25
#define LX_IP_MULTICAST_IF		32
#define LX_IP_MULTICAST_TTL		33
#define LX_IP_MULTICAST_LOOP		34
#define LX_IP_ADD_MEMBERSHIP		35
#define LX_IP_DROP_MEMBERSHIP		36
#define LX_IP_UNBLOCK_SOURCE		37
#define LX_IP_BLOCK_SOURCE		38
#define LX_IP_ADD_SOURCE_MEMBERSHIP	39
#define LX_IP_DROP_SOURCE_MEMBERSHIP	40
#define LX_IP_MULTICAST_ALL		49
#define LX_IP_UNICAST_IF		50
#define LX_IP_PMTUDISC_DONT		0
#define LX_IP_PMTUDISC_WANT		1
#define LX_IP_PMTUDISC_DO		2
#define LX_IP_PMTUDISC_PROBE		3
#define LX_IP_LOCAL_PORT_RANGE		51
#define LX_IPV6_ADDRFORM		1
#define LX_IPV6_2292PKTINFO		2
#define LX_IPV6_CHECKSUM		7
#define LX_IPV6_2292HOPLIMIT		8
#define LX_IPV6_UNICAST_HOPS		16
#define LX_IPV6_MULTICAST_IF		17
#define LX_IPV6_MULTICAST_HOPS		18
#define LX_IPV6_MULTICAST_LOOP		19
#define LX_IPV6_ADD_MEMBERSHIP		20
#define LX_IPV6_DROP_MEMBERSHIP		21
#define LX_IPV6_ROUTER_ALERT		22
#define LX_IPV6_MTU_DISCOVER		23
#define LX_IPV6_MTU			24
#define LX_IPV6_RECVERR			25
#define LX_IPV6_V6ONLY			26
#define LX_IPV6_JOIN_ANYCAST		27
#define LX_IPV6_LEAVE_ANYCAST		28
#define LX_IPV6_RECVPKTINFO		49
#define LX_IPV6_PKTINFO			50
#define LX_IPV6_RECVHOPLIMIT		51
#define LX_IPV6_HOPLIMIT		52
#define LX_IPV6_RECVHOPOPTS		53
#define LX_IPV6_RECVTCLASS		66
#define LX_IPV6_TCLASS			67
#define LX_IPV6_AUTOFLOWLABEL		70
#define LX_IPV6_ADDR_PREFERENCES	72
#define LX_IPV6_MINHOPCOUNT		73
#define LX_IPV6_RECVORIGDSTADDR		74
#define LX_IPV6_TRANSPARENT		75
#define LX_IPV6_UNICAST_IF		76
#define LX_IPV6_FREEBIND		78
#define LX_IPV6_MULTICAST_ALL		29
#define LX_TCP_NODELAY			1
#define LX_TCP_MAXSEG			2
#define LX_TCP_CORK			3
#define LX_TCP_KEEPIDLE			4
#define LX_TCP_KEEPINTVL		5
#define LX_TCP_KEEPCNT			6
#define LX_TCP_SYNCNT			7
#define LX_TCP_LINGER2			8
#define LX_TCP_DEFER_ACCEPT		9
#define LX_TCP_WINDOW_CLAMP		10
#define LX_TCP_INFO			11
#define LX_TCP_QUICKACK			12
#define LX_TCP_CONGESTION		13
#define LX_TCP_MD5SIG			14
#define LX_TCP_THIN_LINEAR_TIMEOUTS	16
#define LX_TCP_THIN_DUPACK		17
#define LX_TCP_USER_TIMEOUT		18
#define LX_TCP_REPAIR			19
#define LX_TCP_REPAIR_QUEUE		20
#define LX_TCP_QUEUE_SEQ		21
#define LX_TCP_REPAIR_OPTIONS		22
#define LX_TCP_FASTOPEN			23
#define LX_TCP_TIMESTAMP		24
#define LX_TCP_NOTSENT_LOWAT		25
#define LX_TCP_CC_INFO			26
#define LX_TCP_SAVE_SYN			27
#define LX_TCP_SAVED_SYN		28
#define LX_TCP_REPAIR_WINDOW		29
#define LX_TCP_FASTOPEN_CONNECT		30
#define LX_TCP_ULP			31
#define LX_TCP_MD5SIG_EXT		32
#define LX_TCP_FASTOPEN_KEY		33
#define LX_TCP_FASTOPEN_NO_COOKIE	34
#define LX_TCP_ZEROCOPY_RECEIVE		35
#define LX_TCP_INQ			36
#define LX_TCP_TX_DELAY			37
#define LX_TCP_ESTABLISHED		1
#define LX_TCP_SYN_SENT			2
#define LX_TCP_SYN_RECV			3
#define LX_TCP_FIN_WAIT1		4
#define LX_TCP_FIN_WAIT2		5
#define LX_TCP_TIME_WAIT		6
#define LX_TCP_CLOSE			7
#define LX_TCP_CLOSE_WAIT		8
#define LX_TCP_LAST_ACK			9
#define LX_TCP_LISTEN			10
#define LX_TCP_CLOSING			11
#define LX_UDP_CORK			1
#define LX_UDP_ENCAP			100
#define LX_UDP_SEGMENT			103
#define LX_UDP_GRO			104

/* interface requests */
#define LX_SIOCGIFNAME		0x8910
#define LX_SIOCGIFCONF		0x8912
#define LX_SIOCGIFFLAGS		0x8913
#define LX_SIOCSIFFLAGS		0x8914
#define LX_SIOCGIFADDR		0x8915
#define LX_SIOCSIFADDR		0x8916
#define LX_SIOCGIFDSTADDR	0x8917
#define LX_SIOCGIFBRDADDR	0x8919
#define LX_SIOCGIFNETMASK	0x891b
#define LX_SIOCSIFNETMASK	0x891c
#define LX_SIOCGIFMETRIC	0x891d
#define LX_SIOCGIFMTU		0x8921
#define LX_SIOCSIFMTU		0x8922
#define LX_SIOCGIFHWADDR	0x8927
#define LX_SIOCSIFHWADDR	0x8924
#define LX_SIOCGIFINDEX		0x8933
#define LX_SIOCGIFTXQLEN	0x8942
#define LX_SIOCGIFMAP		0x8970
#define LX_SIOCETHTOOL		0x8946
#define LX_SIOCGIFCOUNT		0x8938
#define LX_SIOCADDRT		0x890b
#define LX_SIOCDELRT		0x890c
#define LX_SIOCGARP		0x8954
#define LX_SIOCGSTAMP_OLD	0x8906
#define LX_SIOCGSTAMPNS_OLD	0x8907
#define LX_SIOCSPGRP		0x8902
#define LX_SIOCGPGRP		0x8904
#define LX_FIOSETOWN		0x8901
#define LX_FIOGETOWN		0x8903
#define LX_SIOCATMARK		0x8905
#define LX_SIOCGSKNS		0x894c
#define LX_SIOCINQ		0x541b
#define LX_SIOCOUTQ		0x5411
#define LX_IFF_UP		0x1
#define LX_IFF_BROADCAST	0x2
#define LX_IFF_DEBUG		0x4
#define LX_IFF_LOOPBACK		0x8
#define LX_IFF_POINTOPOINT	0x10
#define LX_IFF_NOTRAILERS	0x20
#define LX_IFF_RUNNING		0x40
#define LX_IFF_NOARP		0x80
#define LX_IFF_PROMISC		0x100
#define LX_IFF_ALLMULTI		0x200
#define LX_IFF_MULTICAST	0x1000
#define LX_IFF_LOWER_UP		0x10000
#define LX_IFF_DORMANT		0x20000
#define LX_IFNAMSIZ		16
#define LX_ARPHRD_ETHER		1
#define LX_ARPHRD_LOOPBACK	772
#define LX_ARPHRD_NONE		65534
#define LX_ETH_P_ALL		0x3
#define LX_ETH_P_IP		0x800
#define LX_ETH_P_IPV6		0x86dd
#define LX_ETH_P_ARP		0x806

struct lx_sockaddr {
	uint16_t sa_family;
	char sa_data[14];
};

struct lx_sockaddr_storage {
	uint16_t ss_family;
	uint8_t data[126];
} __attribute__((aligned(8)));

struct lx_sockaddr_un {
	uint16_t sun_family;
	char sun_path[108];
};

/* port and address in network order */
struct lx_in_addr {
	uint32_t s_addr;
};

struct lx_sockaddr_in {
	uint16_t sin_family;
	uint16_t sin_port;
	struct lx_in_addr sin_addr;
	uint8_t sin_zero[8];
};

struct lx_in6_addr {
	uint8_t s6_addr[16];
};

struct lx_sockaddr_in6 {
	uint16_t sin6_family;
	uint16_t sin6_port;
	uint32_t sin6_flowinfo;
	struct lx_in6_addr sin6_addr;
	uint32_t sin6_scope_id;
};

struct lx_sockaddr_nl {
	uint16_t nl_family;
	uint16_t nl_pad;
	uint32_t nl_pid;
	uint32_t nl_groups;
};

struct lx_sockaddr_ll {
	uint16_t sll_family;
	uint16_t sll_protocol;
	int32_t sll_ifindex;
	uint16_t sll_hatype;
	uint8_t sll_pkttype;
	uint8_t sll_halen;
	uint8_t sll_addr[8];
};

struct lx_msghdr {
	uint64_t msg_name;
	int32_t msg_namelen;
	uint32_t pad0;
	uint64_t msg_iov;
	uint64_t msg_iovlen;
	uint64_t msg_control;
	uint64_t msg_controllen;
	uint32_t msg_flags;
	uint32_t pad1;
};

struct lx_mmsghdr {
	struct lx_msghdr msg_hdr;
	uint32_t msg_len;
	uint32_t pad0;
};

struct lx_cmsghdr {
	uint64_t cmsg_len;
	int32_t cmsg_level;
	int32_t cmsg_type;
};
#define LX_CMSG_ALIGN(len)	(((len) + 7) & ~(size_t)7)
#define LX_CMSG_SPACE(len)	(sizeof(struct lx_cmsghdr) + LX_CMSG_ALIGN(len))
#define LX_CMSG_LEN(len)	(sizeof(struct lx_cmsghdr) + (len))

struct lx_ucred {
	int32_t pid;
	uint32_t uid;
	uint32_t gid;
};

struct lx_linger {
	int32_t l_onoff;
	int32_t l_linger;
};

struct lx_ip_mreq {
	struct lx_in_addr imr_multiaddr;
	struct lx_in_addr imr_interface;
};

struct lx_ip_mreqn {
	struct lx_in_addr imr_multiaddr;
	struct lx_in_addr imr_address;
	int32_t imr_ifindex;
};

struct lx_ipv6_mreq {
	struct lx_in6_addr ipv6mr_multiaddr;
	int32_t ipv6mr_interface;
};

struct lx_in_pktinfo {
	int32_t ipi_ifindex;
	struct lx_in_addr ipi_spec_dst;
	struct lx_in_addr ipi_addr;
};

struct lx_in6_pktinfo {
	struct lx_in6_addr ipi6_addr;
	int32_t ipi6_ifindex;
};

struct lx_ifreq {
	char ifr_name[LX_IFNAMSIZ];
	union {
		struct lx_sockaddr addr;
		int16_t flags;
		int32_t ivalue;
		uint8_t pad[24];
	};
};

struct lx_ifconf {
	int32_t ifc_len;
	int32_t pad0;
	uint64_t ifc_buf;
};

struct lx_tcp_info {
	uint8_t tcpi_state;
	uint8_t tcpi_ca_state;
	uint8_t tcpi_retransmits;
	uint8_t tcpi_probes;
	uint8_t tcpi_backoff;
	uint8_t tcpi_options;
	uint8_t tcpi_wscale;
	uint8_t tcpi_flags;
	uint32_t tcpi_rto;
	uint32_t tcpi_ato;
	uint32_t tcpi_snd_mss;
	uint32_t tcpi_rcv_mss;
	uint32_t tcpi_unacked;
	uint32_t tcpi_sacked;
	uint32_t tcpi_lost;
	uint32_t tcpi_retrans;
	uint32_t tcpi_fackets;
	uint32_t tcpi_last_data_sent;
	uint32_t tcpi_last_ack_sent;
	uint32_t tcpi_last_data_recv;
	uint32_t tcpi_last_ack_recv;
	uint32_t tcpi_pmtu;
	uint32_t tcpi_rcv_ssthresh;
	uint32_t tcpi_rtt;
	uint32_t tcpi_rttvar;
	uint32_t tcpi_snd_ssthresh;
	uint32_t tcpi_snd_cwnd;
	uint32_t tcpi_advmss;
	uint32_t tcpi_reordering;
	uint32_t tcpi_rcv_rtt;
	uint32_t tcpi_rcv_space;
	uint32_t tcpi_total_retrans;
};
