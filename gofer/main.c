/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gofer's entry point (`husk gofer`).
 */
#include <stdio.h>

#include "proto/roles.h"

int gofer_main(int argc, char **argv)
{
	fprintf(stderr, "husk gofer: not built yet\n");
	return 1;
}
