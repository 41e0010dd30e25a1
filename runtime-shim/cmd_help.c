/* SPDX-License-Identifier: Apache-2.0 */
/* The commands that only print: help, version, features. */
#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "conf.h"
#include "spec.h"
#include "platform/platform.h"
#include "proto/roles.h"

int cmd_help(const struct rt_conf *conf, int argc, char **argv)
{
	const char *format = "table";

	if (argc < 2) {
		global_help();
		return 0;
	}
	if (strcmp(argv[1], "syscalls") == 0) {
		for (int i = 2; i < argc; i++) {
			const char *s = argv[i];

			if (strncmp(s, "--", 2) == 0)
				s++;
			if (strncmp(s, "-format=", 8) == 0)
				format = s + 8;
			else if ((strcmp(s, "-format") == 0 || strcmp(s, "-o") == 0) &&
				 i + 1 < argc)
				format = argv[++i];
		}
		return syscall_table_main(format);
	}
	if (strcmp(argv[1], "platforms") == 0) {
		for (unsigned int i = 0; platform_at(i); i++)
			printf("%s\n", platform_at(i)->name);
		return 0;
	}
	if (command_find(argv[1])) {
		char *help[] = { argv[1], (char *)"--help", NULL };

		return command_find(argv[1])->main(conf, 2, help);
	}
	fprintf(stderr, "husk: no help on '%s'\n", argv[1]);
	return 2;
}

int cmd_version(const struct rt_conf *conf, int argc, char **argv)
{
	printf("husk version %s\nspec: 1.2.0\n", HUSK_VERSION);
	return 0;
}

int cmd_features(const struct rt_conf *conf, int argc, char **argv)
{
	puts("{\n"
	     "  \"ociVersionMin\": \"1.0.0\",\n"
	     "  \"ociVersionMax\": \"" OCI_VERSION "\",\n"
	     "  \"hooks\": [\"prestart\", \"createRuntime\", \"createContainer\", \"poststart\", \"poststop\"],\n"
	     "  \"mountOptions\": [\"ro\", \"rw\", \"bind\", \"rbind\", \"nosuid\", \"suid\", \"nodev\", \"dev\",\n"
	     "    \"noexec\", \"exec\", \"sync\", \"async\", \"noatime\", \"atime\", \"nodiratime\", \"diratime\",\n"
	     "    \"relatime\", \"norelatime\", \"strictatime\", \"nostrictatime\", \"nosymfollow\", \"symfollow\",\n"
	     "    \"rro\", \"rrw\", \"rnosuid\", \"rnodev\", \"rnoexec\", \"private\", \"rprivate\", \"slave\",\n"
	     "    \"rslave\", \"tmpcopyup\"],\n"
	     "  \"linux\": {\n"
	     "    \"namespaces\": [\"cgroup\", \"ipc\", \"mount\", \"network\", \"pid\", \"user\", \"uts\"],");
	puts("    \"capabilities\": [");
	for (unsigned int i = 0; spec_cap_name(i); i++)
		printf("%s      \"CAP_%s\"", i ? ",\n" : "", spec_cap_name(i));
	puts("],\n"
	     "    \"cgroup\": { \"v1\": true, \"v2\": true, \"systemd\": true, \"systemdUser\": true, \"rdma\": false },\n"
	     "    \"seccomp\": { \"enabled\": true,\n"
	     "      \"actions\": [\"SCMP_ACT_ALLOW\", \"SCMP_ACT_ERRNO\", \"SCMP_ACT_KILL\", \"SCMP_ACT_KILL_PROCESS\",\n"
	     "        \"SCMP_ACT_KILL_THREAD\", \"SCMP_ACT_LOG\", \"SCMP_ACT_TRACE\", \"SCMP_ACT_TRAP\"],\n"
	     "      \"operators\": [\"SCMP_CMP_EQ\", \"SCMP_CMP_GE\", \"SCMP_CMP_GT\", \"SCMP_CMP_LE\", \"SCMP_CMP_LT\",\n"
	     "        \"SCMP_CMP_MASKED_EQ\", \"SCMP_CMP_NE\"] },\n"
	     "    \"apparmor\": { \"enabled\": false },\n"
	     "    \"selinux\": { \"enabled\": false },\n"
	     "    \"intelRdt\": { \"enabled\": false },\n"
	     "    \"mountExtensions\": { \"idmap\": { \"enabled\": false } }\n"
	     "  },\n"
	     "  \"annotations\": { \"husk.version\": \"" HUSK_VERSION "\" }\n"
	     "}");
	return 0;
}
