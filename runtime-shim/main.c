/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The husk command. Owns the table of sub-commands and nothing else: argv[1] selects a role of the
 * process (boot, gofer) or a command of the command line.
 */
#include <stdio.h>
#include <string.h>

#include "base/bits.h"
#include "proto/roles.h"

struct command {
	const char *name;
	int (*main)(int argc, char **argv);
	const char *help; /* NULL: not for people */
};

/* clang-format off */
static const struct command commands[] = {
	{ "boot",  sentry_main, NULL },
	{ "gofer", gofer_main,  NULL },
};
/* clang-format on */

static void usage(FILE *out)
{
	fprintf(out, "usage: husk [flags] command [arguments]\n\ncommands:\n");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (commands[i].help)
			fprintf(out, "  %-12s %s\n", commands[i].name, commands[i].help);
	}
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		usage(stderr);
		return 2;
	}
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].main(argc - 1, argv + 1);
	}
	if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0) {
		usage(stdout);
		return 0;
	}
	fprintf(stderr, "husk: no command '%s'\n", argv[1]);
	usage(stderr);
	return 2;
}
