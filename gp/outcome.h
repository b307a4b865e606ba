/* Outcome transform: raw objective values to what the model sees, and back.
 *
 * Larger is better inside. Steps: sign; the bad side of heavy-tailed data is
 * pulled in (half-rank or clip, from 8 values on; the good half is never moved);
 * standardize. Recomputed from raw values at each fit, never stored warped. */
#ifndef KR_GP_OUTCOME_H
#define KR_GP_OUTCOME_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/status.h"

enum outcome_tail { OUTCOME_PLAIN, OUTCOME_CLIP, OUTCOME_HALF_RANK };

struct outcome {
	bool minimize;
	enum outcome_tail tail; /* what was done to the bad side */
	double shift, scale;    /* z = (sign * y - shift) / scale on the good side */
};

/* Learn the transform from raw y (n finite values) and write z (n). Constant
 * data give zeros and scale 1. Errors: KR_ENOMEM. Cost n ln n. */
enum kr_status outcome_fit(struct outcome *o, bool minimize, const double *y, int n, double *z,
	struct arena *scratch, struct kr_error *err);

/* Model units back to raw units (exact where the tail was not moved). */
double outcome_raw_mean(const struct outcome *o, double z);
double outcome_raw_sd(const struct outcome *o, double sd);

#endif
