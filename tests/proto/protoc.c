#include "tests/proto/protoc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Standard input from a temporary file, standard output read to its end. */
static char *run(const char *option, const char *type, const void *in, size_t in_len,
	size_t *out_len)
{
	char path[] = "/tmp/kriged-protoc-XXXXXX", command[512];
	int fd = mkstemp(path), status;
	char *out = NULL;
	size_t got, len = 0;
	FILE *f;

	if (fd < 0 || write(fd, in, in_len) != (ssize_t)in_len || close(fd) != 0)
		abort();
	snprintf(command, sizeof(command),
		"protoc -I'%s' --%s=kriged.%s proto/kriged.proto < %s 2> /dev/null",
		KRIGED_SOURCE_DIR, option, type, path);
	f = popen(command, "r");
	if (!f)
		abort();
	do {
		out = realloc(out, len + 4097);
		if (!out)
			abort();
		got = fread(out + len, 1, 4096, f);
		len += got;
	} while (got > 0);
	out[len] = '\0';
	status = pclose(f);
	unlink(path);
	if (status != 0) {
		free(out);
		return NULL;
	}
	*out_len = len;
	return out;
}

uint8_t *protoc_encode(const char *type, const char *text, size_t *len)
{
	return (uint8_t *)run("encode", type, text, strlen(text), len);
}

char *protoc_decode(const char *type, const uint8_t *p, size_t len)
{
	size_t unused;

	return run("decode", type, p, len, &unused);
}
