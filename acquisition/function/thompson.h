/* Thompson sampling: the maximum of one function drawn from the posterior (Thompson 1933; paths
 * that can be evaluated anywhere: Wilson et al. 2020, gp/sample/path.h). Batches are as many draws.
 * Deterministic; not thread-safe. */
#ifndef KR_ACQUISITION_THOMPSON_H
#define KR_ACQUISITION_THOMPSON_H

#include "acquisition/search/ascend.h"
#include "gp/sample/path.h"

/* Where the maximum is looked for; everything is borrowed. */
struct thompson_search {
	struct mat raw;              /* candidates (at least one row), also for discrete columns */
	const unsigned char *moving; /* d flags: columns that an ascent may change */
	const double *scale;         /* d natural steps > 0 */
	struct box box;
	int starts, iterations; /* of the ascents from the best candidates */
};

/* value (rows of X) <- the path; D (as X, p NULL to skip) <- its gradient. ctx: a struct path, so
 * that it is the eval of a struct ascend_function. Errors: as path_eval. */
enum kr_status thompson_eval(void *ctx, struct mat X, double *value, struct mat D,
	struct arena *scratch, struct kr_error *err);

/* x (d) <- the best point found, *value <- the path there: at least that of the best candidate.
 * Errors: as path_eval. */
enum kr_status thompson_maximize(struct path *path, const struct thompson_search *search, double *x,
	double *value, struct arena *scratch, struct kr_error *err);

#endif
