/* One axis of a plot: from values to places in [0, 1], and the values that are written
 * beside it. Linear, logarithmic, or a few choices. */
#ifndef KR_CLIENT_CLI_AXIS_H
#define KR_CLIENT_CLI_AXIS_H

#include <stdbool.h>

#include "base/arena.h"

enum { AXIS_TICKS_MAX = 32, AXIS_LABEL_BYTES = 32 };

struct axis {
	const char *name;
	double low, high; /* low < high; above 0 when log */
	bool log, whole;  /* whole: ticks at whole numbers only */
	int n_choices;    /* then low is -0.5, high n - 0.5, and a value the index of a choice */
	const char *const *choices;
};

/* An axis for values from low to high, whichever order; a little room on either side when they are
 * equal. log is taken back when low is not above 0. */
struct axis axis_make(const char *name, double low, double high, bool log);

/* An axis for n choices. */
struct axis axis_choices(const char *name, int n, const char *const *choices);

/* 0 at low, 1 at high; outside for values outside; NaN for those that have no place. */
double axis_place(const struct axis *a, double value);

/* At most `most` values to write: multiples of 1, 2 or 5 times a power of ten; powers of ten (and 2
 * and 5 times them when there are few) when log; every k-th choice. Ascending. */
int axis_ticks(const struct axis *a, int most, double ticks[AXIS_TICKS_MAX]);

/* The text of a tick; `step` is the distance of two of them. Returns out, or a choice. */
const char *axis_label(const struct axis *a, double tick, double step, char out[AXIS_LABEL_BYTES]);

#endif
