#include "client/cli/input.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

static enum kr_status read_all(
	char **text, size_t *len, FILE *file, const char *path, struct kr_error *err)
{
	size_t cap = 1 << 14;
	char *p = kr_malloc(cap + 1), *grown;

	*len = 0;
	while (p) {
		*len += fread(p + *len, 1, cap - *len, file);
		if (*len < cap)
			break;
		if (*len > INPUT_MAX_BYTES) {
			kr_free(p);
			return kr_fail(err, KR_TOO_LARGE, "%s: larger than %d bytes", path, INPUT_MAX_BYTES);
		}
		cap *= 2;
		grown = kr_realloc(p, cap + 1, 1);
		if (!grown)
			kr_free(p);
		p = grown;
	}
	if (!p)
		return kr_fail(err, KR_ENOMEM, "%s: no memory to read it", path);
	if (ferror(file)) {
		kr_free(p);
		return kr_fail(err, KR_EIO, "%s: %s", path, strerror(errno));
	}
	p[*len] = '\0';
	*text = p;
	return KR_OK;
}

enum kr_status input_file(char **text, size_t *len, const char *path, struct kr_error *err)
{
	enum kr_status s;
	FILE *file;

	if (strcmp(path, "-") == 0)
		return read_all(text, len, stdin, "stdin", err);
	file = fopen(path, "re");
	if (!file)
		return kr_fail(err, KR_EIO, "%s: %s", path, strerror(errno));
	s = read_all(text, len, file, path, err);
	fclose(file);
	return s;
}

bool input_line(struct input_lines *in, FILE *file)
{
	ssize_t len = getline(&in->line, &in->size, file);

	if (len < 0)
		return false;
	in->number++;
	in->len = (size_t)len;
	if (in->len > 0 && in->line[in->len - 1] == '\n')
		in->line[--in->len] = '\0';
	return true;
}

void input_lines_fini(struct input_lines *in)
{
	free(in->line);
}
