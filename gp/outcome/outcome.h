/* Outcome transform: raw objective values to what the model sees, and back.
 *
 * Larger is better inside. Steps: sign; the bad side of heavy-tailed data is
 * pulled in (half-rank or clip, from 8 values on; the good half is never moved);
 * standardize. Recomputed from raw values at each fit, never stored warped. Safe
 * for every finite scale: the work is done in units of the largest value. Plain
 * values, no ownership, thread-safe. */
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
 * data (deviation up to 1e-12 of the largest value) give zeros and scale 1.
 *
 * The bad side (Vizier's half-rank warping, Song et al. 2024; Tukey's fence): with m
 * the median, g and b the root mean squares about m of the values above and below it,
 *   b > 3 g > 0   a bad value of rank r (from 1, ties equal) becomes
 *                 m + g Phi^-1((r - 1/2) / 2D), D = distinct bad values + half a
 *                 one when some value equals m
 *   else          max(y, Q1 - 1.5 IQR), when the quartiles differ.
 * Errors: KR_ENOMEM. Cost n ln n. */
enum kr_status outcome_fit(struct outcome *o, bool minimize, const double *y, int n, double *z,
	struct arena *scratch, struct kr_error *err);

/* The same for an outcome that is compared with bounds (infinite: none): larger y, larger z, and
 * where a value stands to a bound never changes. From 8 values on, those that break a bound by
 * far are cut at Tukey's fence from the farther of the bound and the quartile: with B the upper
 * bound, H = max(Q3, B), at H + 1.5 (H - Q1) (Ax's winsorization); below a lower one likewise. For
 * constant data the scale is the distance from the nearest bound, 1 when there is none. Cost
 * n ln n. */
void outcome_fit_bounded(
	struct outcome *o, const double *y, int n, double lower, double upper, double *z);

/* A raw value in model units where nothing was moved; infinities stay. */
double outcome_model_value(const struct outcome *o, double y);

/* A raw deviation in model units. */
double outcome_model_sd(const struct outcome *o, double sd);

/* z = (y - mean) / sd with the sample deviation (n - 1); sd is 1, and z exactly 0,
 * for constant data and for n = 1. z may be y. */
void outcome_standardize(const double *y, int n, double *z, double *mean, double *sd);

/* Model units back to raw units (exact where the tail was not moved); beyond the
 * largest double they stop there. */
double outcome_raw_mean(const struct outcome *o, double z);
double outcome_raw_sd(const struct outcome *o, double sd);

#endif
