/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wait4(2), waitid(2), and the encoding of a wait status.
 */
#pragma once

#include <stdint.h>

#define LX_WNOHANG	0x1
#define LX_WUNTRACED	0x2
#define LX_WSTOPPED	0x2
#define LX_WEXITED	0x4
#define LX_WCONTINUED	0x8
#define LX_WNOWAIT	0x1000000
#define LX___WNOTHREAD	0x20000000
#define LX___WALL	0x40000000
#define LX___WCLONE	0x80000000
#define LX_P_ALL	0
#define LX_P_PID	1
#define LX_P_PGID	2
#define LX_P_PIDFD	3

/* wait status words */
#define LX_W_EXITCODE(ret, sig)	(((ret) & 0xff) << 8 | (sig))
#define LX_W_STOPCODE(sig)	((sig) << 8 | 0x7f)
#define LX_W_CONTINUED		0xffff
#define LX_WCOREFLAG		0x80
#define LX_WEXITSTATUS(s)	(((s) & 0xff00) >> 8)
#define LX_WTERMSIG(s)		((s) & 0x7f)
#define LX_WSTOPSIG(s)		LX_WEXITSTATUS(s)
#define LX_WIFEXITED(s)		(LX_WTERMSIG(s) == 0)
#define LX_WIFSTOPPED(s)	(((s) & 0xff) == 0x7f)
#define LX_WIFSIGNALED(s)	(!LX_WIFEXITED(s) && !LX_WIFSTOPPED(s) && (s) != LX_W_CONTINUED)
#define LX_WIFCONTINUED(s)	((s) == LX_W_CONTINUED)
#define LX_WCOREDUMP(s)		((s) & LX_WCOREFLAG)
