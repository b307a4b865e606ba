/* --filter: the one expression language of every command with rows, and of
 * `study wait --for`. What it can say is in topics.def ("filters").
 *
 * filter_parse .. filter_bind (to columns) .. filter_match* .. filter_free. */
#ifndef KR_CLIENT_CLI_FILTER_H
#define KR_CLIENT_CLI_FILTER_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/status.h"
#include "client/cli/cell.h"

struct filter;

/* text must outlive *out, which lies in a.
 * Errors: KR_INVALID_ARGUMENT naming the place; KR_ENOMEM. */
enum kr_status filter_parse(
	struct filter **out, const char *text, struct arena *a, struct kr_error *err);

/* What regular expressions took; NULL is fine. */
void filter_free(struct filter *f);

/* The columns it names, in the order of the text; a name may come more than once. */
int filter_n_names(const struct filter *f);
const char *filter_name(const struct filter *f, int i);

/* Find the columns by name or alias, and check that each can be compared so.
 * Errors: KR_INVALID_ARGUMENT naming the column and what would be right; KR_ENOMEM. */
enum kr_status filter_bind(
	struct filter *f, const struct column *columns, int n, struct arena *a, struct kr_error *err);

/* cells: as the columns bound to. */
bool filter_match(const struct filter *f, const struct cell *cells);

/* The column of that name or alias, -1 when there is none; near: one that it may be a slip of, or
 * NULL. */
int filter_column(
	const struct column *columns, int n, const char *name, struct arena *a, const char **near);

#endif
