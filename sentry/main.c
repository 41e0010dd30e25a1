/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sentry's entry point (`husk boot`): reads the descriptors off its command line and the boot
 * configuration, and hands over to boot. Also the printer of `husk help syscalls`, which needs
 * nothing of a sandbox. It is the only file of sentry/ outside the husk_sentry library.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "boot.h"
#include "host/host.h"
#include "proto/roles.h"
#include "syscalls/table.h"

#define LOG_TAG "main"
#include "base/log.h"

static int parse_fd(const char *s)
{
	char *end;
	long v = strtol(s, &end, 10);

	return end != s && *end == '\0' && v >= 0 && v < 65536 ? (int)v : -1;
}

static void parse_args(int argc, char **argv, struct boot_fds *fds)
{
	const struct {
		const char *name;
		int *fd;
	} table[] = {
		{ "--ctl-fd=", &fds->ctl },         { "--conf-fd=", &fds->conf },
		{ "--gofer-fd=", &fds->gofer },     { "--tty-fd=", &fds->tty },
		{ "--listen-fd=", &fds->listen },   { "--log-fd=", &fds->log },
		{ "--trace-fd=", &fds->trace },     { "--kvm-fd=", &fds->kvm },
		{ "--cpuinfo-fd=", &fds->cpuinfo }, { "--meminfo-fd=", &fds->meminfo },
		{ "--stdin-fd=", &fds->stdio[0] },  { "--stdout-fd=", &fds->stdio[1] },
		{ "--stderr-fd=", &fds->stdio[2] }, { "--extra-fd=", &fds->extra },
		{ "--broker-fd=", &fds->broker },
	};

	for (int i = 1; i < argc; i++) {
		for (size_t k = 0; k < sizeof(table) / sizeof(table[0]); k++) {
			size_t n = strlen(table[k].name);

			if (strncmp(argv[i], table[k].name, n) == 0)
				*table[k].fd = parse_fd(argv[i] + n);
		}
	}
}

static int read_conf(int fd, struct boot_conf *ret_c)
{
	struct host_stat st;
	char *buf;
	ssize_t n;
	int ret = host_fstat(fd, &st);

	if (ret < 0)
		return ret;
	if (st.size > BOOT_MAX_SIZE)
		return -E2BIG;
	buf = malloc(st.size + 1);
	if (!buf)
		return -ENOMEM;
	n = host_pread(fd, buf, st.size, 0);
	ret = n < 0 ? (int)n : boot_conf_decode(buf, (size_t)n, ret_c);
	free(buf);
	return ret;
}

int sentry_main(int argc, char **argv)
{
	struct boot_fds fds;
	struct boot_conf conf;
	int ret;

	memset(&fds, 0xff, sizeof(fds)); /* every descriptor -1 */
	parse_args(argc, argv, &fds);
	log_set_fd(fds.log);
	log_set_name("sentry");
	if (fds.ctl < 0 || fds.conf < 0 || fds.gofer < 0) {
		static const char text[] = "husk boot: started by other husk commands only\n";

		host_write(2, text, sizeof(text) - 1);
		return 2;
	}
	ret = read_conf(fds.conf, &conf);
	if (ret < 0) {
		log_err("boot configuration: %s", strerror(-ret));
		return 128;
	}
	host_close(fds.conf);
	fds.conf = -1;
	ret = boot(&fds, &conf);
	boot_conf_fini(&conf);
	return ret;
}

int syscall_table_main(const char *format)
{
	enum syscall_table_format f;

	if (strcmp(format, "json") == 0)
		f = SYSCALL_TABLE_JSON;
	else if (strcmp(format, "csv") == 0)
		f = SYSCALL_TABLE_CSV;
	else
		f = SYSCALL_TABLE_TEXT;
	return syscall_table_print(stdout, f) < 0 ? 2 : 0;
}
