/* SPDX-License-Identifier: Apache-2.0 */
/* What changes of the user ids do to capabilities: capabilities(7), "Effect of user ID changes". */
#include "lib/caps.h"

static void leave_root(void)
{
	SHOW(syscall(SYS_setresuid, 1000, 1000, 1000));
	caps_show();
	SHOW(syscall(SYS_setuid, 0));
}

static void euid_there_and_back(void)
{
	SHOW(syscall(SYS_setresuid, -1, 1000, -1));
	caps_show();
	SHOW(syscall(SYS_setresuid, -1, 0, -1));
	caps_show();
}

static void keep_caps(void)
{
	SHOW(prctl(PR_SET_KEEPCAPS, 1));
	SHOW(prctl(PR_GET_KEEPCAPS));
	SHOW(syscall(SYS_setresuid, 1000, 1000, 1000));
	caps_show();
	SHOW(caps_set(CAP_BIT(CAP_SETUID), CAP_BIT(CAP_SETUID), 0));
	caps_show();
	SHOW(syscall(SYS_setresuid, 0, 0, 0));
	caps_show();
}

static void no_fixup(void)
{
	SHOW(prctl(PR_SET_SECUREBITS, 4 /* NO_SETUID_FIXUP */));
	SHOW(syscall(SYS_setresuid, 1000, 1000, 1000));
	caps_show();
	SHOW(syscall(SYS_setresuid, 0, 0, 0));
	caps_show();
}

static void fs_uid(void)
{
	SHOW(syscall(SYS_setfsuid, 1000));
	caps_show();
	SHOW(syscall(SYS_setfsuid, 0));
	caps_show();
}

static void dumpable(void)
{
	SHOW(prctl(PR_GET_DUMPABLE));
	SHOW(syscall(SYS_setresuid, -1, 1000, -1));
	SHOW(prctl(PR_GET_DUMPABLE));
	SHOW(prctl(PR_SET_DUMPABLE, 1));
	SHOW(syscall(SYS_setresuid, -1, 1000, 5));
	SHOW(prctl(PR_GET_DUMPABLE));
	SHOW(syscall(SYS_setresgid, -1, 1000, 5));
	SHOW(prctl(PR_GET_DUMPABLE));
}

int main(void)
{
	NEED(getuid() == 0);
	caps_start();
	caps_show();
	show_child("leave root", leave_root);
	show_child("euid", euid_there_and_back);
	show_child("keep caps", keep_caps);
	show_child("no fixup", no_fixup);
	show_child("fsuid", fs_uid);
	show_child("dumpable", dumpable);
	return 0;
}
