/* One thing as rows "field, value": what `study show`, `status` and `why` print when no
 * JSON is asked for.
 *
 *   fields_begin .. fields_text, fields_count, .. fields_end */
#ifndef KR_CLIENT_CLI_FIELDS_H
#define KR_CLIENT_CLI_FIELDS_H

#include "client/cli/rows.h"

struct fields {
	struct rows rows;
	struct arena *arena; /* of the texts made here */
};

/* Returns CLI_OK or the exit code; then there is nothing to end. */
int fields_begin(struct fields *f, struct cli *cli, FILE *out);

/* One row; the texts may go after the call. */
void fields_put(struct fields *f, const char *name, struct cell value);
void fields_text(struct fields *f, const char *name, const char *text);
void fields_count(struct fields *f, const char *name, uint64_t n);

/* Reals as this output shows them: six digits when it is aligned, else all; in the arena. */
const char *fields_real(const struct fields *f, double x);

/* Returns the exit code. */
int fields_end(struct fields *f);

#endif
