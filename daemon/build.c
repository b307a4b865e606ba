#include "daemon/build.h"

#include <elf.h>
#include <gnu/libc-version.h>
#include <link.h>
#include <stdio.h>
#include <string.h>

enum { ID_BYTES = 8 };

/* The build id among the notes of a segment; notes are padded to 4 bytes. */
static void find_note(const char *p, size_t size, char *hex)
{
	while (size >= sizeof(ElfW(Nhdr))) {
		const ElfW(Nhdr) *note = (const ElfW(Nhdr) *)(const void *)p;
		size_t name = (note->n_namesz + 3u) & ~3u, body = (note->n_descsz + 3u) & ~3u;
		const unsigned char *id = (const unsigned char *)(p + sizeof(*note) + name);

		if (sizeof(*note) + name + body > size)
			return;
		if (note->n_type == NT_GNU_BUILD_ID && note->n_descsz >= ID_BYTES)
			for (int i = 0; i < ID_BYTES; i++)
				snprintf(hex + 2 * i, 3, "%02x", id[i]);
		p += sizeof(*note) + name + body;
		size -= sizeof(*note) + name + body;
	}
}

/* The first object is the program. */
static int look(struct dl_phdr_info *info, size_t size, void *hex)
{
	(void)size;
	for (int i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_NOTE)
			find_note((const char *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr),
				info->dlpi_phdr[i].p_memsz, hex);
	return 1;
}

void build_describe(char *out, size_t size, const char *blas_core)
{
	char hex[2 * ID_BYTES + 1] = "-";

	dl_iterate_phdr(look, hex);
	snprintf(out, size, "%s %s OpenBLAS/%s glibc-%s", KRIGED_VERSION, hex, blas_core,
		gnu_get_libc_version());
}
