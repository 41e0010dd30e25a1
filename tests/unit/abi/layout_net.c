/* SPDX-License-Identifier: Apache-2.0 */
/* Structures of sockets and netlink, where libc's headers are the reference. */
#include <abi/linux/dirent.h>
#include <abi/linux/elf.h>
#include <abi/linux/netlink.h>
#include <abi/linux/ptrace.h>
#include <abi/linux/socket.h>

#include <dirent.h>
#include <elf.h>
#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netpacket/packet.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/user.h>

#include "same.h"

SAME_SIZE(struct lx_sockaddr, struct sockaddr);
SAME_SIZE(struct lx_sockaddr_storage, struct sockaddr_storage);
SAME_SIZE(struct lx_sockaddr_un, struct sockaddr_un);
SAME_SIZE(struct lx_sockaddr_in, struct sockaddr_in);
SAME(struct lx_sockaddr_in, struct sockaddr_in, sin_addr);
SAME_SIZE(struct lx_sockaddr_in6, struct sockaddr_in6);
SAME(struct lx_sockaddr_in6, struct sockaddr_in6, sin6_scope_id);
SAME_SIZE(struct lx_sockaddr_nl, struct sockaddr_nl);
SAME(struct lx_sockaddr_nl, struct sockaddr_nl, nl_groups);
SAME_SIZE(struct lx_sockaddr_ll, struct sockaddr_ll);
SAME(struct lx_sockaddr_ll, struct sockaddr_ll, sll_addr);
SAME_SIZE(struct lx_msghdr, struct msghdr);
SAME(struct lx_msghdr, struct msghdr, msg_iov);
SAME(struct lx_msghdr, struct msghdr, msg_control);
SAME_FIELD(struct lx_msghdr, msg_flags, struct msghdr, msg_flags);
SAME_SIZE(struct lx_mmsghdr, struct mmsghdr);
SAME(struct lx_mmsghdr, struct mmsghdr, msg_len);
SAME_SIZE(struct lx_cmsghdr, struct cmsghdr);
SAME(struct lx_cmsghdr, struct cmsghdr, cmsg_type);
SAME_SIZE(struct lx_ucred, struct ucred);
SAME_SIZE(struct lx_linger, struct linger);
SAME_SIZE(struct lx_ip_mreq, struct ip_mreq);
SAME_SIZE(struct lx_ip_mreqn, struct ip_mreqn);
SAME_SIZE(struct lx_ipv6_mreq, struct ipv6_mreq);
SAME_SIZE(struct lx_in_pktinfo, struct in_pktinfo);
SAME_SIZE(struct lx_in6_pktinfo, struct in6_pktinfo);
SAME_SIZE(struct lx_ifreq, struct ifreq);
SAME_SIZE(struct lx_ifconf, struct ifconf);
SAME_SIZE(struct lx_tcp_info, struct tcp_info);
SAME(struct lx_tcp_info, struct tcp_info, tcpi_rto);
SAME(struct lx_tcp_info, struct tcp_info, tcpi_total_retrans);
_Static_assert(LX_CMSG_SPACE(4) == CMSG_SPACE(4) && LX_CMSG_LEN(4) == CMSG_LEN(4), "cmsg");

SAME_SIZE(struct lx_nlmsghdr, struct nlmsghdr);
SAME_SIZE(struct lx_nlmsgerr, struct nlmsgerr);
SAME_SIZE(struct lx_nlattr, struct nlattr);
SAME_SIZE(struct lx_ifinfomsg, struct ifinfomsg);
SAME(struct lx_ifinfomsg, struct ifinfomsg, ifi_change);
SAME_SIZE(struct lx_ifaddrmsg, struct ifaddrmsg);
SAME_SIZE(struct lx_ifa_cacheinfo, struct ifa_cacheinfo);
SAME_SIZE(struct lx_rtmsg, struct rtmsg);
SAME(struct lx_rtmsg, struct rtmsg, rtm_flags);
SAME_SIZE(struct lx_rtattr, struct rtattr);

SAME_SIZE(struct lx_elf64_ehdr, Elf64_Ehdr);
SAME(struct lx_elf64_ehdr, Elf64_Ehdr, e_shstrndx);
SAME_SIZE(struct lx_elf64_phdr, Elf64_Phdr);
SAME(struct lx_elf64_phdr, Elf64_Phdr, p_align);
SAME_SIZE(struct lx_elf64_shdr, Elf64_Shdr);
SAME_SIZE(struct lx_elf64_sym, Elf64_Sym);
SAME_SIZE(struct lx_elf64_dyn, Elf64_Dyn);
SAME_SIZE(struct lx_elf64_rela, Elf64_Rela);
SAME_SIZE(struct lx_elf64_nhdr, Elf64_Nhdr);
SAME_SIZE(struct lx_user_regs, struct user_regs_struct);

SAME(struct lx_dirent64, struct dirent, d_reclen);
SAME(struct lx_dirent64, struct dirent, d_type);
_Static_assert(offsetof(struct lx_dirent64, d_name) == offsetof(struct dirent, d_name), "d_name");
