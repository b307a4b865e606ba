/* Reading what commands are given: files, standard input, lines. */
#ifndef KR_CLIENT_CLI_INPUT_H
#define KR_CLIENT_CLI_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/status.h"

enum { INPUT_MAX_BYTES = 16 << 20 };

/* All of the file, "-": standard input; a NUL follows at *len. The caller frees *text with
 * kr_free. Errors: KR_EIO; KR_TOO_LARGE over INPUT_MAX_BYTES; KR_ENOMEM. */
enum kr_status input_file(char **text, size_t *len, const char *path, struct kr_error *err);

/* Lines of standard input. input_line returns false at the end and on errors (ferror). The line
 * has no line end, and lives until the next. */
struct input_lines {
	char *line;
	size_t size, len;
	int number; /* from 1 */
};
bool input_line(struct input_lines *in, FILE *file);
void input_lines_fini(struct input_lines *in);

#endif
