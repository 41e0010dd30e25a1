/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text with call sites that is read, rewritten, moved, forked, discarded and overlaid with mappings
 * where jumps from it may land.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>

#include "lib/show.h"
#include "lib/sites.h"

#ifdef __x86_64__

#define BASE  ((char *)0x210000000)
#define LANDS (BASE + 0x013d4000) /* of site_pun's jump: 01 3d 48 xx */

static int mem_fd;

static void use(void *p, const char *what)
{
	site_fn fn = (site_fn)p;
	int bad = 0;

	for (int i = 0; i < 20; i++)
		bad += fn(SYS_lseek, -1, 0, 0) != -EBADF || fn(SYS_getppid, 0, 0, 0) != getppid();
	printf("%s: %d bad\n", what, bad);
}

static void same(void *p, const void *want, size_t n, const char *what)
{
	unsigned char seen[64];

	printf("%s: %s\n", what,
	       pread(mem_fd, seen, n, (off_t)(unsigned long)p) == (ssize_t)n &&
			       !memcmp(seen, want, n) ?
		       "original" :
		       "changed");
}

static int lines_of_maps(void)
{
	char buf[65536];
	int fd = open("/proc/self/maps", O_RDONLY), n = 0;
	ssize_t got;

	while ((got = read(fd, buf, sizeof(buf))) > 0) {
		for (ssize_t i = 0; i < got; i++)
			n += buf[i] == '\n';
	}
	close(fd);
	return n;
}

static atomic_int stop, wrong;
static void *caller(void *arg)
{
	site_fn fn = (site_fn)arg;

	while (!atomic_load(&stop)) {
		if (fn(SYS_lseek, -1, 0, 0) != -EBADF)
			atomic_fetch_add(&wrong, 1);
	}
	return NULL;
}

static void zones(void)
{
	char *p = site_page(BASE, site_pun, sizeof(site_pun)), *q;
	int lines = lines_of_maps();
	pthread_t th[2];

	use(p, "zone: fresh");
	SHOW(lines_of_maps() - lines);
	same(p, site_pun, sizeof(site_pun), "zone: read by file");
	/* nothing is there for the guest */
	SHOW(write(1, LANDS + 0x900, 0));
	SHOW(mincore(LANDS, 8192, (unsigned char[2]){ 0 }));
	SHOW(munmap(LANDS, 8192));
	use(p, "zone: after munmap");
	q = mmap(LANDS, 8192, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	SHOW(q == LANDS);
	for (int i = 0; i < 8192; i++) {
		if (q[i])
			printf("byte %d of a fresh page is not zero\n", i);
	}
	memset(q, 0xc3, 8192);
	use(p, "zone: taken");
	SHOW(q[0x900] == (char)0xc3);
	SHOW(munmap(q, 8192));
	use(p, "zone: free again");
	q = mmap(LANDS, 8192, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		 0);
	SHOW(q == LANDS);
	use(p, "zone: hint");
	munmap(q, 8192);
	/* others are on their way through it */
	for (int i = 0; i < 2; i++)
		pthread_create(&th[i], NULL, caller, p);
	for (int i = 0; i < 100; i++) {
		q = mmap(LANDS, 8192, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		memset(q, i, 8192);
		if (q[0x900] != (char)i || q[0x1000] != (char)i)
			printf("lost a write\n");
		if (i & 1)
			munmap(q, 8192);
	}
	munmap(q, 8192);
	atomic_store(&stop, 1);
	for (int i = 0; i < 2; i++)
		pthread_join(th[i], NULL);
	SHOW(wrong);
	munmap(BASE, 4096);
}

static void changes(char *p, const char *name)
{
	char *page = p - 256;
	unsigned char other[sizeof(site_pun)];
	int status;
	pid_t pid;

	printf("-- %s\n", name);
	use(p, "fresh");
	same(p, site_pun, sizeof(site_pun), "read by file");
	/* a debugger's write: neg %rax behind the call, for the return of 1 where it was -1 */
	memcpy(other, site_pun, sizeof(other));
	memcpy(other + SITE_PUN_AT + 2, "\x48\xf7\xd8\x90\x90\x90\xc3", 7);
	SHOW(pwrite(mem_fd, other, sizeof(other), (off_t)(unsigned long)p));
	SHOW(((site_fn)p)(SYS_lseek, -1, 0, 0));
	SHOW(((site_fn)p)(SYS_lseek, -1, 0, 0));
	SHOW(((site_fn)p)(SYS_lseek, -1, 0, 0));
	same(p, other, sizeof(other), "as written");
	/* written by itself */
	SHOW(mprotect(page, 4096, PROT_READ | PROT_WRITE));
	SHOW(memcmp(p, other, sizeof(other)));
	memcpy(p, site_pun, sizeof(site_pun));
	SHOW(mprotect(page, 4096, PROT_READ | PROT_EXEC));
	use(p, "put back");
	SHOW(mprotect(page, 4096, PROT_READ | PROT_WRITE | PROT_EXEC));
	use(p, "writable and executable");
	memcpy(p, other, sizeof(other));
	SHOW(((site_fn)p)(SYS_lseek, -1, 0, 0));
	memcpy(p, site_pun, sizeof(site_pun));
	SHOW(mprotect(page, 4096, PROT_READ | PROT_EXEC));
	use(p, "executable again");
	/* a child */
	pid = fork();
	if (pid == 0) {
		use(p, "child");
		_exit(0);
	}
	waitpid(pid, &status, 0);
	SHOW(status);
	use(p, "parent");
	/* moved */
	page = mremap(page, 4096, 4096, MREMAP_MAYMOVE | MREMAP_FIXED, BASE + 0x100000);
	SHOW(page == BASE + 0x100000);
	p = page + 256;
	use(p, "moved");
	use(p, "moved, again");
	same(p, site_pun, sizeof(site_pun), "moved, read by file");
	SHOW(mprotect(page, 4096, PROT_NONE));
	SHOW(mprotect(page, 4096, PROT_READ | PROT_EXEC));
	use(p, "hidden and back");
	SHOW(madvise(page, 4096, MADV_DONTNEED));
	SHOW(p[SITE_PUN_AT] == 0x0f);
	munmap(page, 4096);
}

static char *from_file(void)
{
	char buf[4096];
	int fd = open("text", O_RDWR | O_CREAT | O_TRUNC, 0700);
	char *p;

	memset(buf, 0x90, sizeof(buf));
	memcpy(buf + 256, site_pun, sizeof(site_pun));
	if (write(fd, buf, sizeof(buf)) != sizeof(buf))
		return NULL;
	p = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	close(fd);
	return p == MAP_FAILED ? NULL : p + 256;
}

/* The same file in many address spaces and at many places. */
static void shared_file(void)
{
	char *p = from_file(), *q;
	int fd = open("text", O_RDONLY), status;

	use(p, "file, once");
	q = mmap(BASE, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	use(q + 256, "file, twice");
	for (int i = 0; i < 10; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			char *r = mmap(BASE + 0x200000, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE,
				       fd, 0);

			use(p, "file, child");
			use(r + 256, "file, child's own");
			munmap(q, 4096);
			_exit(0);
		}
		waitpid(pid, &status, 0);
	}
	SHOW(truncate("text", 0));
	close(fd);
	munmap(p - 256, 4096);
	munmap(q, 4096);
}

int main(void)
{
	mem_fd = open("/proc/self/mem", O_RDWR);
	zones();
	changes(site_page(BASE, site_pun, sizeof(site_pun)), "anonymous");
	changes(from_file(), "file");
	shared_file();
	return 0;
}
#else
int main(void)
{
	return 77;
}
#endif
