/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ELF-64 as the loader, /proc and core files need it; the auxiliary vector.
 */
#pragma once

#include <stdint.h>

#include <abi/linux/arch/elf.h>

#define LX_ELFMAG			"\177ELF"
#define LX_SELFMAG			4
#define LX_EI_CLASS			4
#define LX_EI_DATA			5
#define LX_EI_VERSION			6
#define LX_EI_OSABI			7
#define LX_EI_ABIVERSION		8
#define LX_EI_NIDENT			16
#define LX_ELFCLASS32			1
#define LX_ELFCLASS64			2
#define LX_ELFDATA2LSB			1
#define LX_ELFDATA2MSB			2
#define LX_EV_CURRENT			1
#define LX_ELFOSABI_NONE		0
#define LX_ELFOSABI_LINUX		3
#define LX_ET_NONE			0
#define LX_ET_REL			1
#define LX_ET_EXEC			2
#define LX_ET_DYN			3
#define LX_ET_CORE			4
#define LX_EM_386			3
#define LX_EM_ARM			40
#define LX_EM_X86_64			62
#define LX_EM_AARCH64			183
#define LX_PN_XNUM			0xffff
#define LX_PT_NULL			0x0
#define LX_PT_LOAD			0x1
#define LX_PT_DYNAMIC			0x2
#define LX_PT_INTERP			0x3
#define LX_PT_NOTE			0x4
#define LX_PT_SHLIB			0x5
#define LX_PT_PHDR			0x6
#define LX_PT_TLS			0x7
#define LX_PT_GNU_EH_FRAME		0x6474e550
#define LX_PT_GNU_STACK			0x6474e551
#define LX_PT_GNU_RELRO			0x6474e552
#define LX_PT_GNU_PROPERTY		0x6474e553
#define LX_PF_X				0x1
#define LX_PF_W				0x2
#define LX_PF_R				0x4
#define LX_SHT_NULL			0
#define LX_SHT_PROGBITS			1
#define LX_SHT_SYMTAB			2
#define LX_SHT_STRTAB			3
#define LX_SHT_RELA			4
#define LX_SHT_HASH			5
#define LX_SHT_DYNAMIC			6
#define LX_SHT_NOTE			7
#define LX_SHT_NOBITS			8
#define LX_SHT_REL			9
#define LX_SHT_DYNSYM			11
#define LX_SHN_UNDEF			0
#define LX_SHN_ABS			65521
#define LX_STB_LOCAL			0
#define LX_STB_GLOBAL			1
#define LX_STB_WEAK			2
#define LX_STT_NOTYPE			0
#define LX_STT_OBJECT			1
#define LX_STT_FUNC			2
#define LX_STT_SECTION			3
#define LX_STT_FILE			4
#define LX_DT_NULL			0
#define LX_DT_NEEDED			1
#define LX_DT_HASH			4
#define LX_DT_STRTAB			5
#define LX_DT_SYMTAB			6
#define LX_DT_RELA			7
#define LX_DT_RELASZ			8
#define LX_DT_STRSZ			10
#define LX_DT_SYMENT			11
#define LX_DT_SONAME			14
#define LX_DT_GNU_HASH			0x6ffffef5
#define LX_NT_PRSTATUS			1
#define LX_NT_PRFPREG			2
#define LX_NT_PRPSINFO			3
#define LX_NT_AUXV			6
#define LX_NT_SIGINFO			1397311305
#define LX_NT_FILE			1179208773
#define LX_NT_X86_XSTATE		514
#define LX_NT_ARM_TLS			1025
#define LX_NT_ARM_SYSTEM_CALL		1028
#define LX_NT_GNU_ABI_TAG		1
#define LX_NT_GNU_BUILD_ID		3
#define LX_NT_GNU_PROPERTY_TYPE_0	5
/* auxiliary vector */
#define LX_AT_NULL		0
#define LX_AT_IGNORE		1
#define LX_AT_EXECFD		2
#define LX_AT_PHDR		3
#define LX_AT_PHENT		4
#define LX_AT_PHNUM		5
#define LX_AT_PAGESZ		6
#define LX_AT_BASE		7
#define LX_AT_FLAGS		8
#define LX_AT_ENTRY		9
#define LX_AT_NOTELF		10
#define LX_AT_UID		11
#define LX_AT_EUID		12
#define LX_AT_GID		13
#define LX_AT_EGID		14
#define LX_AT_PLATFORM		15
#define LX_AT_HWCAP		16
#define LX_AT_CLKTCK		17
#define LX_AT_SECURE		23
#define LX_AT_BASE_PLATFORM	24
#define LX_AT_RANDOM		25
#define LX_AT_HWCAP2		26
#define LX_AT_RSEQ_FEATURE_SIZE	27
#define LX_AT_RSEQ_ALIGN	28
#define LX_AT_HWCAP3		29
#define LX_AT_HWCAP4		30
#define LX_AT_EXECFN		31
#define LX_AT_SYSINFO_EHDR	33
#define LX_AT_MINSIGSTKSZ	51

struct lx_elf64_ehdr {
	uint8_t e_ident[LX_EI_NIDENT];
	uint16_t e_type;
	uint16_t e_machine;
	uint32_t e_version;
	uint64_t e_entry;
	uint64_t e_phoff;
	uint64_t e_shoff;
	uint32_t e_flags;
	uint16_t e_ehsize;
	uint16_t e_phentsize;
	uint16_t e_phnum;
	uint16_t e_shentsize;
	uint16_t e_shnum;
	uint16_t e_shstrndx;
};

struct lx_elf64_phdr {
	uint32_t p_type;
	uint32_t p_flags;
	uint64_t p_offset;
	uint64_t p_vaddr;
	uint64_t p_paddr;
	uint64_t p_filesz;
	uint64_t p_memsz;
	uint64_t p_align;
};

struct lx_elf64_shdr {
	uint32_t sh_name;
	uint32_t sh_type;
	uint64_t sh_flags;
	uint64_t sh_addr;
	uint64_t sh_offset;
	uint64_t sh_size;
	uint32_t sh_link;
	uint32_t sh_info;
	uint64_t sh_addralign;
	uint64_t sh_entsize;
};

struct lx_elf64_sym {
	uint32_t st_name;
	uint8_t st_info;
	uint8_t st_other;
	uint16_t st_shndx;
	uint64_t st_value;
	uint64_t st_size;
};

struct lx_elf64_dyn {
	int64_t d_tag;
	uint64_t d_val;
};

struct lx_elf64_rela {
	uint64_t r_offset;
	uint64_t r_info;
	int64_t r_addend;
};

struct lx_elf64_nhdr {
	uint32_t n_namesz;
	uint32_t n_descsz;
	uint32_t n_type;
};
