/* SPDX-License-Identifier: Apache-2.0 */
/* prctl(2) on capabilities: bounding and ambient set, securebits, keepcaps. */
#include "lib/caps.h"

static void bounding(void)
{
	SHOW(prctl(PR_CAPBSET_READ, CAP_CHOWN));
	SHOW(prctl(PR_CAPBSET_READ, CAP_SYS_ADMIN));
	SHOW(prctl(PR_CAPBSET_READ, 63));
	SHOW(prctl(PR_CAPBSET_READ, -1));
	SHOW(prctl(PR_CAPBSET_DROP, CAP_CHOWN));
	SHOW(prctl(PR_CAPBSET_READ, CAP_CHOWN));
	caps_show();
	SHOW(prctl(PR_CAPBSET_DROP, 63));
	SHOW(caps_set(0, CAPS_USUAL, 0));
	SHOW(prctl(PR_CAPBSET_DROP, CAP_KILL));
	SHOW(prctl(PR_CAPBSET_DROP, 63));
}

static void ambient(void)
{
	SHOW(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_CHOWN, 0, 0));
	SHOW(caps_set(CAPS_USUAL, CAPS_USUAL, CAP_BIT(CAP_CHOWN) | CAP_BIT(CAP_KILL)));
	SHOW(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_CHOWN, 0, 0));
	SHOW(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0));
	SHOW(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_FOWNER, 0, 0));
	SHOW(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_CHOWN, 0, 0));
	SHOW(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_FOWNER, 0, 0));
	SHOW(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_LOWER, CAP_CHOWN, 0, 0));
	SHOW(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_CHOWN, 0, 0));
	SHOW(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, 63, 0, 0));
	SHOW(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_KILL, 1, 0));
	SHOW(prctl(PR_CAP_AMBIENT, 99, CAP_KILL, 0, 0));
	SHOW(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 1, 0, 0));
	/* losing it from the permitted set takes it out */
	SHOW(caps_set(CAP_BIT(CAP_SETPCAP), CAP_BIT(CAP_SETPCAP), CAP_BIT(CAP_KILL)));
	SHOW(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_KILL, 0, 0));
	SHOW(prctl(PR_SET_SECUREBITS, 0x40));
	SHOW(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SETPCAP, 0, 0));
	SHOW(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0));
}

static void securebits(void)
{
	SHOWX(prctl(PR_GET_SECUREBITS));
	SHOW(prctl(PR_SET_SECUREBITS, 0x10000));
	SHOW(prctl(PR_SET_SECUREBITS, 0x1 | 0x20));
	SHOWX(prctl(PR_GET_SECUREBITS));
	SHOW(prctl(PR_SET_KEEPCAPS, 1));
	SHOW(prctl(PR_SET_KEEPCAPS, 2));
	SHOW(prctl(PR_SET_SECUREBITS, 0x1 | 0x30));
	SHOW(prctl(PR_SET_SECUREBITS, 0x1));
	SHOW(prctl(PR_SET_SECUREBITS, 0x3 | 0x20));
	SHOW(prctl(PR_SET_SECUREBITS, 0x2 | 0x20));
	SHOW(caps_set(0, CAPS_USUAL, 0));
	SHOW(prctl(PR_SET_SECUREBITS, 0x3 | 0x20));
	SHOWX(prctl(PR_GET_SECUREBITS));
}

int main(void)
{
	NEED(getuid() == 0);
	caps_start();
	show_child("bounding", bounding);
	show_child("ambient", ambient);
	show_child("securebits", securebits);
	return 0;
}
