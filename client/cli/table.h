/* Rows for people and for other programs: aligned on a terminal (smartcols), or
 * TSV / CSV row by row as they come. */
#ifndef KR_CLIENT_CLI_TABLE_H
#define KR_CLIENT_CLI_TABLE_H

#include <stdbool.h>
#include <stdio.h>

#include "client/cli/number.h"

enum format { FORMAT_AUTO, FORMAT_TABLE, FORMAT_TSV, FORMAT_CSV, FORMAT_JSON, FORMAT_JSONL };

enum { TABLE_OPTIONAL_MAX = 4 };

struct libscols_table;

struct table {
	FILE *out;
	enum format format; /* TABLE, TSV or CSV */
	bool header, began, failed;
	int n_columns, n_cells, n_optional;
	struct {
		int column;
		const char *usual;
		bool needed;
	} optional[TABLE_OPTIONAL_MAX];
	struct libscols_table *cols;
	struct libscols_line *line;
};

/* format: TABLE, TSV or CSV. header: whether to print the column names. */
void table_begin(struct table *t, FILE *out, enum format format, bool header);

/* All columns come before the first cell. right: align numbers right. */
void table_column(struct table *t, const char *name, bool right);

/* A column that an aligned table leaves out when each of its cells is usual (or empty); TSV and
 * CSV have it always. At most TABLE_OPTIONAL_MAX; usual outlives the table. */
void table_column_unless(struct table *t, const char *name, const char *usual);

/* x as this table shows numbers: six digits when aligned, else all that it takes to read it back.
 * Returns out. */
const char *table_number(const struct table *t, char out[NUMBER_BYTES], double x);

/* The next cell of the row; NULL is an empty one. The last column ends the row. */
void table_cell(struct table *t, const char *text);

/* Print what is kept and free it. Returns false when memory ran out. */
bool table_end(struct table *t);

#endif
