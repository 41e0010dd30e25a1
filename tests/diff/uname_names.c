/* SPDX-License-Identifier: Apache-2.0 */
/* uname(2), sethostname(2), setdomainname(2): lengths and rights. The names themselves are the
 * machine's. */
#include <sys/personality.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

#include "lib/caps.h"

int main(void)
{
	static char text[100];
	struct utsname u;
	char name[65];

	SHOW(uname(&u));
	SHOWS(u.sysname);
	SHOW(strlen(u.release) > 0);
	SHOW(strlen(u.version) > 0);
	SHOW(syscall(SYS_uname, 8L));
	SHOW(gethostname(name, sizeof(name)));
	SHOW(strcmp(name, u.nodename));
	SHOW(personality(PER_LINUX32) != -1);
	SHOW(uname(&u));
	SHOWS(u.machine);
	SHOW(personality(UNAME26) != -1);
	SHOW(uname(&u));
	SHOW(strncmp(u.release, "2.6.", 4));

	SHOW(syscall(SYS_sethostname, text, -1));
	SHOW(syscall(SYS_sethostname, text, 65));
	SHOW(syscall(SYS_sethostname, 8L, 5));
	SHOW(syscall(SYS_setdomainname, text, 65));
	caps_start();
	SHOW(syscall(SYS_sethostname, u.nodename, strlen(u.nodename)));
	SHOW(syscall(SYS_sethostname, text, 65));
	SHOW(syscall(SYS_setdomainname, text, 3));
	return 0;
}
