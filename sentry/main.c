/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sentry's entry point (`husk boot`). Owns nothing: it reads its arguments and hands over to
 * boot. It is the only file of sentry/ outside the husk_sentry library.
 */
#include <stdio.h>

#include "proto/roles.h"

int sentry_main(int argc, char **argv)
{
	fprintf(stderr, "husk boot: not built yet\n");
	return 1;
}
