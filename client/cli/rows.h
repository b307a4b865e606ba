/* Rows on stdout, for people and for programs: every command with rows writes them
 * here, so that each has the same --filter, --sort, --limit, --columns, -o.
 *
 *   rows_open .. rows_column* .. rows_ready .. rows_put* .. rows_close
 *
 * Rows go out as they come, unless they are sorted or aligned. */
#ifndef KR_CLIENT_CLI_ROWS_H
#define KR_CLIENT_CLI_ROWS_H

#include <stdbool.h>
#include <stdio.h>

#include "client/cli/cell.h"
#include "client/cli/cli.h"
#include "client/cli/filter.h"
#include "client/cli/writer.h"

enum { ROWS_COLUMNS_MAX = 4096 };

/* Writes the whole of one item, an object. */
typedef void rows_json(struct writer *w, const void *item);

/* A row that waits for its place. */
struct rows_kept {
	const struct cell *cells;
	const char *json; /* NULL: from the cells */
	size_t order;
	int key;
	bool descending;
};

struct rows {
	struct cli *cli;
	FILE *out;
	enum format format;
	struct arena *arena; /* own: rows that wait */
	struct filter *filter;
	struct column *columns;
	int n_columns;
	size_t cap_columns;
	int *shown; /* indices of columns */
	int n_shown;
	int sort_by; /* column, -1: as they come */
	bool descending;
	bool single; /* set after rows_open: JSON is the one object, not a list */
	bool named;  /* --columns was given: JSON has those keys only */
	struct rows_kept *kept;
	size_t n_kept, cap_kept;
	uint64_t n_put;
	struct writer writer;
	bool began, failed;
};

/* Reads the options. Returns CLI_OK, or the exit code after saying what is wrong; then there is
 * nothing to close. */
int rows_open(struct rows *r, struct cli *cli, FILE *out);

/* Names that the options mention, NULL after the last: for columns that exist on demand. */
const char *rows_mentions(const struct rows *r, int i);

/* One more column; texts are borrowed. */
void rows_column(struct rows *r, struct column c);

/* After the last column: CLI_OK, or the exit code after naming an unknown column; then there is
 * nothing to close. */
int rows_ready(struct rows *r);

/* One row, as many cells as columns; what they point to may go after the call. json NULL: the
 * object is made of the cells. Returns whether the row passed the filter. */
bool rows_put(struct rows *r, const struct cell *cells, rows_json *json, const void *item);

/* Whether --limit is reached, or the output is broken: no later row can be shown. */
bool rows_full(const struct rows *r);

/* How this output shows cells. */
struct cell_style rows_style(const struct rows *r);

/* Free all and print nothing more. */
void rows_abandon(struct rows *r);

/* Print what waits, free all. Returns the exit code. */
int rows_close(struct rows *r);

#endif
