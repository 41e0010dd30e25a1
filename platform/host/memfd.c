/* SPDX-License-Identifier: Apache-2.0 */
/* Host calls on memory: mappings of the sentry itself, and memory files. */
#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <sys/mman.h>

#include "base/compiler.h"
#include "host/host.h"
#include "rawcall.h"

BUILD_ASSERT(HOST_MAP_SHARED == MAP_SHARED && HOST_MAP_PRIVATE == MAP_PRIVATE);
BUILD_ASSERT(HOST_MAP_FIXED == MAP_FIXED && HOST_MAP_ANON == MAP_ANONYMOUS);
BUILD_ASSERT(HOST_MAP_NORESERVE == MAP_NORESERVE && HOST_MAP_POPULATE == MAP_POPULATE);

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ  22
#define MADV_POPULATE_WRITE 23
#endif
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008u
#define MFD_EXEC        0x0010u
#endif

int host_mmap(void *hint, size_t size, int prot, unsigned int flags, int fd, uint64_t off,
	      void **ret_addr)
{
	long ret = HOST_CALL(SYS_mmap, hint, size, prot, flags, fd, off);

	if (ret < 0 && ret > -4096)
		return (int)ret;
	*ret_addr = (void *)ret;
	return 0;
}

int host_munmap(void *addr, size_t size)
{
	return (int)HOST_CALL(SYS_munmap, addr, size);
}

int host_mprotect(void *addr, size_t size, int prot)
{
	return (int)HOST_CALL(SYS_mprotect, addr, size, prot);
}

int host_madvise(void *addr, size_t size, enum host_advice advice)
{
	static const int advices[] = {
		[HOST_ADV_DONTNEED] = MADV_DONTNEED,
		[HOST_ADV_WILLNEED] = MADV_WILLNEED,
		[HOST_ADV_SEQUENTIAL] = MADV_SEQUENTIAL,
		[HOST_ADV_RANDOM] = MADV_RANDOM,
		[HOST_ADV_HUGEPAGE] = MADV_HUGEPAGE,
		[HOST_ADV_NOHUGEPAGE] = MADV_NOHUGEPAGE,
		[HOST_ADV_DONTDUMP] = MADV_DONTDUMP,
		[HOST_ADV_POPULATE_READ] = MADV_POPULATE_READ,
		[HOST_ADV_POPULATE_WRITE] = MADV_POPULATE_WRITE,
	};

	return (int)HOST_CALL(SYS_madvise, addr, size, advices[advice]);
}

int host_mincore(void *addr, size_t size, unsigned char *vec)
{
	return (int)HOST_CALL(SYS_mincore, addr, size, vec);
}

/*
 * Kernels from 6.3 on want to be told whether the file may be executed, and may refuse the old form
 * (vm.memfd_noexec); kernels before do not know the flags.
 */
int host_memfd_create(const char *name, unsigned int flags)
{
	unsigned int mfd = MFD_CLOEXEC, exec;
	long ret;

	exec = flags & HOST_MEMFD_NOEXEC ? MFD_NOEXEC_SEAL : MFD_EXEC;
	if (flags & HOST_MEMFD_SEALING)
		mfd |= MFD_ALLOW_SEALING;
	ret = HOST_CALL(SYS_memfd_create, name, mfd | exec);
	if (ret == -EINVAL)
		ret = HOST_CALL(SYS_memfd_create, name, mfd);
	return (int)ret;
}

int host_memfd_seal(int fd)
{
	return (int)HOST_CALL(SYS_fcntl, fd, F_ADD_SEALS,
			      F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL);
}
