/* Rows for people and for other programs: aligned on a terminal (smartcols), or
 * TSV / CSV row by row as they come. */
#ifndef KR_CLIENT_CLI_TABLE_H
#define KR_CLIENT_CLI_TABLE_H

#include <stdbool.h>
#include <stdio.h>

enum format { FORMAT_AUTO, FORMAT_TABLE, FORMAT_TSV, FORMAT_CSV, FORMAT_JSON, FORMAT_JSONL };

struct libscols_table;

struct table {
	FILE *out;
	enum format format; /* TABLE, TSV or CSV */
	bool header, began, failed;
	int n_columns, n_cells;
	struct libscols_table *cols;
	struct libscols_line *line;
};

/* format: TABLE, TSV or CSV. header: whether to print the column names. */
void table_begin(struct table *t, FILE *out, enum format format, bool header);

/* All columns come before the first cell. right: align numbers right. */
void table_column(struct table *t, const char *name, bool right);

/* The next cell of the row; NULL is an empty one. The last column ends the row. */
void table_cell(struct table *t, const char *text);

/* Print what is kept and free it. Returns false when memory ran out. */
bool table_end(struct table *t);

#endif
