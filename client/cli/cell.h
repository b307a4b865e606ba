/* One cell of a row, and what is known of its column: what --filter compares, --sort
 * orders, and every row format writes. */
#ifndef KR_CLIENT_CLI_CELL_H
#define KR_CLIENT_CLI_CELL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "proto/msg.h"

enum cell_kind { CELL_NONE, CELL_BOOL, CELL_INT, CELL_REAL, CELL_TEXT, CELL_TIME };

struct cell {
	enum cell_kind kind;
	union { /* by kind */
		bool b;
		int64_t i;
		double r;
		const char *s;
		uint64_t ms; /* since 1970 */
	};
};

/* What the cells of a column are; COLUMN_ANY: told cell by cell (choices). */
enum column_type { COLUMN_ANY, COLUMN_NUMBER, COLUMN_TEXT, COLUMN_BOOL, COLUMN_TIME, COLUMN_WORD };

enum column_flags {
	COLUMN_HIDDEN = 1, /* shown only when --columns names it */
	COLUMN_WIDE = 2    /* not in -o table */
};

struct column {
	const char *name;
	const char *aliases[2]; /* other names for it, or NULL */
	enum column_type type;
	int flags;
	const char *usual; /* -o table leaves it out when each cell is this, 0 or empty; NULL: never */
	const char *alone; /* the column that is meant when this one is tested by itself, or NULL */
	const char *const *words; /* COLUMN_WORD: all there are, NULL-terminated */
};

/* A cell of that value. */
struct cell cell_none(void);
struct cell cell_bool(bool b);
struct cell cell_int(int64_t i);
struct cell cell_count(uint64_t n); /* at most INT64_MAX is kept */
struct cell cell_real(double r);
struct cell cell_text(const char *s); /* NULL: none */
struct cell cell_time(uint64_t ms);   /* 0: none */
struct cell cell_scalar(const struct msg_scalar *s);

/* Order of two cells: none before booleans before numbers (NaN last of them) before text before
 * times; < 0, 0, > 0. */
int cell_compare(const struct cell *a, const struct cell *b);

/* Numbers as `precision` significant digits, 0: as many as it takes to read them back; 6 with
 * brief. Times in UTC with milliseconds, brief: to the second, local unless utc. "" for none. In
 * a or static; NULL when memory runs out. */
struct cell_style {
	int precision;
	bool brief, utc;
};
const char *cell_print(const struct cell *c, const struct cell_style *style, struct arena *a);

#endif
