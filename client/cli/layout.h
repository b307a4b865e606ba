/* Text on the screen: how wide it is, what of it is safe to show, and aligned
 * columns that fit a width. Measures in the locale that the process has set. */
#ifndef KR_CLIENT_CLI_LAYOUT_H
#define KR_CLIENT_CLI_LAYOUT_H

#include <stdbool.h>
#include <stdio.h>

#include "base/arena.h"

/* Columns of the screen that s takes. */
int layout_width(const char *s);

/* s with \t \n \r \\ and \xNN for control characters (C0, DEL, C1) and what is no UTF-8: one line
 * that cannot steer a terminal. Backslashes are kept unless `backslash`. s itself when
 * there is nothing to escape; NULL when memory runs out. */
const char *layout_safe(const char *s, bool backslash, struct arena *a);

/* s cut to at most width columns, with dots at the end when cut. NULL: no memory. */
const char *layout_cut(const char *s, int width, const char *dots, struct arena *a);

struct layout_column {
	const char *name; /* NULL: no line of names */
	bool right;
};

/* n_rows x n_columns cells, row by row, two spaces between columns. width: what a line may take, 0:
 * no limit; the widest columns that are not aligned right give way first, then lines are cut.
 * dots: what stands for what was cut ("…"). False when memory runs out. */
bool layout_print(FILE *out, const struct layout_column *columns, int n_columns,
	const char *const *cells, int n_rows, int width, const char *dots, struct arena *a);

#endif
