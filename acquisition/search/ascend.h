/* Bounded quasi-Newton ascent from many starts at once.
 *
 * All starts that still move advance together, one trial point each, so that one batched
 * evaluation (one gp_predict) serves all. Each is a projected L-BFGS with a backtracking
 * step and no inner loop. It lives in an arena: ascend_new .. ascend_step until false ..
 * read x and f. Not thread-safe. */
#ifndef KR_ACQUISITION_ASCEND_H
#define KR_ACQUISITION_ASCEND_H

#include <stdbool.h>

#include "acquisition/search/box.h"
#include "base/arena.h"
#include "base/status.h"
#include "gp/linalg/mat.h"

/* A function to maximize, at the rows of X: value (one a row) and, unless D.p is NULL, its
 * gradient D (as X). */
struct ascend_function {
	enum kr_status (*eval)(void *ctx, struct mat X, double *value, struct mat D,
		struct arena *scratch, struct kr_error *err);
	void *ctx;
};

struct projection;

struct ascend_options {
	const unsigned char *moving;   /* d flags: coordinates that may change; borrowed */
	const double *scale;           /* d natural steps > 0; borrowed */
	struct box box;                /* moving coordinates stay in it */
	struct projection *projection; /* rules of the space; NULL: the cube is all; borrowed */
	int iterations;                /* most evaluations of one start */
	double tolerance;              /* stop when every projected |gradient| * scale is below */
};

/* Points are columns: start i is x + i d. */
struct ascend {
	struct ascend_function function;
	struct ascend_options options;
	int d, n;
	double *x, *f; /* best so far: d x n, n; moving coords in the box */
	int rounds, evaluations;
	struct ascend__start *starts;
};

/* Start from the n columns of x, taken over and changed in place; f their values.
 * Everything else comes from a. NULL when memory runs out. */
struct ascend *ascend_new(const struct ascend_function *function,
	const struct ascend_options *options, int d, int n, double *x, double *f, struct arena *a);

/* All starts but the best `keep` end; what they reached stays. */
void ascend_keep(struct ascend *s, int keep);

/* Only start i goes on, with what it has learnt of the curvature, for so many more evaluations
 * down to another tolerance; though it may have ended. */
void ascend_resume(struct ascend *s, int i, int iterations, double tolerance);

/* One evaluation of every start that still moves; *more <- does any? Values never fall.
 * Errors: those of the function. */
enum kr_status ascend_step(
	struct ascend *s, bool *more, struct arena *scratch, struct kr_error *err);

#endif
