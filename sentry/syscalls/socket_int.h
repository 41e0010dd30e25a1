/* SPDX-License-Identifier: Apache-2.0 */
/* What socket.c and socket_msg.c share. */
#pragma once

#include <stdint.h>

#include <platform/platform.h>

struct file;
struct sock_addr;
struct socket;
struct task;

/* The open file of a socket descriptor: referenced; NULL with *ret_err. */
struct file *sock_fd(struct task *t, int fd, struct socket **ret_s, int *ret_err);
int sockaddr_in(struct task *t, uaddr_t addr, int len, struct sock_addr *ret_a);
/* As much as fits the length at lenp, which becomes the true one. */
int sockaddr_out(struct task *t, const struct sock_addr *a, uaddr_t addr, uaddr_t lenp);
int64_t sock_deadline(int64_t timeout_ns); /* SO_RCVTIMEO as a point of CLOCK_MONOTONIC */
long sock_wait_result(long ret, int64_t timeout_ns);
