/* SPDX-License-Identifier: Apache-2.0 */
/* Says that it runs and sleeps: for measuring what an idle sandbox holds in memory. */
#include <stdio.h>
#include <unistd.h>

int main(void)
{
	puts("idle");
	fflush(stdout);
	for (;;)
		pause();
}
