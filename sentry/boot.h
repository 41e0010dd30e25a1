/* SPDX-License-Identifier: Apache-2.0 */
/* How a sentry comes up: what the launcher handed over, and the run of the whole sandbox. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "proto/boot.h"

/* Descriptors by purpose; -1: not given. */
struct boot_fds {
	int ctl; /* to the command that started us */
	int conf;
	int gofer;
	int broker; /* -1: no network but loopback */
	int tty;    /* bytes of the terminal */
	int listen; /* control socket for other commands */
	int log;
	int trace; /* where --strace goes without a log: standard error */
	int kvm;
	int cpuinfo, meminfo; /* the host's files in /proc */
	int stdio[3];
	int extra; /* the first of those that conf.fds numbers */
};

/* Brings the sandbox up, runs its program, takes it down. The exit status of the process. */
int boot(const struct boot_fds *fds, const struct boot_conf *conf);
