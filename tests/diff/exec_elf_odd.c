/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ELF files made by hand: the smallest that runs, and many that must not. Some are found out only
 * when the old program is gone.
 */
#include <elf.h>
#include <fcntl.h>
#include <stddef.h>

#include "lib/show.h"

extern char **environ;

struct image {
	Elf64_Ehdr eh;
	Elf64_Phdr ph[3];
	unsigned char code[64];
	char interp[64];
};

#if defined(__x86_64__)
#define MACHINE EM_X86_64
/* mov $60,%eax; mov $42,%edi; syscall */
static const unsigned char exit_42[] = { 0xb8, 60, 0, 0, 0, 0xbf, 42, 0, 0, 0, 0x0f, 0x05 };
#else
#define MACHINE EM_AARCH64
/* mov x8, #93; mov x0, #42; svc #0 */
static const unsigned char exit_42[] = { 0xa8, 0x0b, 0x80, 0xd2, 0x40, 0x05,
					 0x80, 0xd2, 0x01, 0,    0,    0xd4 };
#endif

static struct image base(void)
{
	struct image im = {
		.eh = {
			.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
			.e_type = ET_EXEC, .e_machine = MACHINE, .e_version = EV_CURRENT,
			.e_entry = 0x400000 + offsetof(struct image, code),
			.e_phoff = sizeof(Elf64_Ehdr), .e_ehsize = sizeof(Elf64_Ehdr),
			.e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 1,
		},
		.ph = { { .p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_vaddr = 0x400000,
			  .p_filesz = sizeof(struct image), .p_memsz = sizeof(struct image), .p_align = 4096 } },
	};

	memcpy(im.code, exit_42, sizeof(exit_42));
	return im;
}

static void run(const char *what, const struct image *im, size_t size)
{
	int fd = open("prog", O_WRONLY | O_CREAT | O_TRUNC, 0755), st;

	NEED(fd >= 0 && write(fd, im, size) == (ssize_t)size);
	close(fd);
	if (fork() == 0) {
		char *argv[] = { "prog", NULL };

		execve("./prog", argv, environ);
		printf("%s: %s\n", what, errno_name(errno));
		_exit(0);
	}
	wait(&st);
	if (st)
		show_status(what, st);
}

#define RUN(what, ...)                                                                             \
	do {                                                                                       \
		struct image im = base();                                                          \
		__VA_ARGS__;                                                                       \
		run(what, &im, sizeof(im));                                                        \
	} while (0)

static void interp(struct image *im, const char *name, size_t n)
{
	im->eh.e_phnum = 2;
	im->ph[1].p_type = PT_INTERP;
	im->ph[1].p_offset = offsetof(struct image, interp);
	im->ph[1].p_filesz = im->ph[1].p_memsz = n;
	memcpy(im->interp, name, strlen(name) + 1);
}

int main(void)
{
	struct image whole = base();

	RUN("plain");
	RUN("moved", im.eh.e_type = ET_DYN; im.ph[0].p_vaddr = 0; im.eh.e_entry -= 0x400000);
	RUN("bss", im.ph[0].p_flags |= PF_W; im.ph[0].p_memsz = 100000);
	RUN("only headers of others", im.eh.e_phnum = 3; im.ph[1].p_type = PT_NOTE;
	    im.ph[2].p_type = 0x12345);
	RUN("executable stack", im.eh.e_phnum = 2; im.ph[1].p_type = PT_GNU_STACK;
	    im.ph[1].p_flags = 7);
	RUN("class 32", im.eh.e_ident[EI_CLASS] = ELFCLASS32);
	RUN("no magic", im.eh.e_ident[0] = 0);
	RUN("other machine", im.eh.e_machine = EM_S390);
	RUN("relocatable", im.eh.e_type = ET_REL);
	RUN("core", im.eh.e_type = ET_CORE);
	RUN("type 0", im.eh.e_type = 0);
	RUN("no program headers", im.eh.e_phnum = 0);
	RUN("headers of another size", im.eh.e_phentsize = 32);
	RUN("too many headers", im.eh.e_phnum = 2000);
	RUN("headers behind the end", im.eh.e_phoff = 100000);
	RUN("headers far away", im.eh.e_phoff = -64ul);
	run("cut in the header", &whole, 40);
	run("cut in the program header", &whole, 100);
	RUN("interpreter missing", interp(&im, "/no/such/ld.so", 15));
	RUN("interpreter without end", interp(&im, "/no/such/ld.so", 14));
	RUN("interpreter too short", interp(&im, "", 1));
	RUN("interpreter too long", interp(&im, "/x", 5000));
	RUN("interpreter no program", interp(&im, "/etc/passwd", 12); chmod("prog", 0755));
	RUN("more in the file than in memory", im.ph[0].p_memsz = 100);
	RUN("offset that does not fit the address", im.ph[0].p_offset = 8);
	RUN("segment beyond all addresses", im.ph[0].p_vaddr = 0x7fffffffffff0000;
	    im.ph[0].p_memsz = 1 << 20);
	RUN("segment that wraps", im.ph[0].p_vaddr = -4096ul; im.ph[0].p_memsz = 8192);
	RUN("too large a segment", im.ph[0].p_flags |= PF_W; im.ph[0].p_memsz = 1ul << 47);
	RUN("moved, nothing to load", im.eh.e_type = ET_DYN; im.ph[0].p_type = PT_NOTE);
	RUN("interpreter a directory", interp(&im, "/etc", 5));
	return 0;
}
