/* Random spaces with rules, and what their rules mean, told by code that shares nothing with
 * the library's: trees are evaluated here, sums in quadruple precision. */
#ifndef KR_TESTS_ACQUISITION_RULED_H
#define KR_TESTS_ACQUISITION_RULED_H

#include "base/arena.h"
#include "tests/acquisition/cube.h"

enum { RULED_DIMS = 8, RULED_ROWS = 4, RULED_FORBIDDEN = 3 };

struct ruled {
	struct arena *arena;
	struct space *space;
	int d;
	struct space_param params[RULED_DIMS];
	const struct condition *when[RULED_DIMS], *forbidden[RULED_FORBIDDEN];
	const struct linear *linear[RULED_ROWS];
	struct space_rules rules;
};

/* finite: every parameter has few levels. Rules may leave nothing. */
struct ruled *ruled_new(struct rng *r, bool finite);
void ruled_free(struct ruled *u);

/* NaN for what is inactive, told from values of all. */
void ruled_close(const struct ruled *u, double *values);

/* Is a closed point allowed? */
bool ruled_allows(const struct ruled *u, const double *values);

/* Builders, in an arena: sum of coef x param <= bound, or >= (at_least). */
struct linear *ruled_row(
	struct arena *a, int n, const int *param, const double *coef, double bound, bool at_least);
struct condition *ruled_range(struct arena *a, int param, double low, double high);
struct condition *ruled_is(struct arena *a, int param, double value);

#endif
