/* Outcome transform: raw objective values to what the model sees, and back.
 *
 * Larger is better inside. Steps: sign; the bad side of heavy-tailed data is
 * pulled in (logarithm or clip, from 8 values on; the good half is never moved);
 * standardize; on demand a bend (bend.h): a power transform of the objective, bilog for
 * a constraint. Recomputed from raw values at each fit, never stored warped. Safe
 * for every finite scale, and for penalties of any size among small values. Plain
 * values, thread-safe. */
#ifndef KR_GP_OUTCOME_OUTCOME_H
#define KR_GP_OUTCOME_OUTCOME_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/status.h"
#include "gp/outcome/bend.h"

enum outcome_tail { OUTCOME_PLAIN, OUTCOME_CLIP, OUTCOME_LOG };

/* All that was done. With u = sign y, sign = -1 for minimize: */
struct outcome {
	bool minimize;
	bool bounded;             /* compared with bounds: neither direction is the better one */
	enum outcome_tail tail;   /* what was done to the bad side, or beyond bounds */
	double cut_low, cut_high; /* u is cut there; infinite: nowhere */
	double middle, spread;    /* log: m and g of outcome_fit, raw; a bad u moves as said there */
	double shift, scale;      /* s = (u - shift) / scale */
	struct bend bend;         /* z from s */
	double gain;              /* nats by which the power was better than none, 0: none was tried */
};

/* Learn the transform from raw y (n finite values) and write z (n). Constant
 * data (deviation up to 1e-12 of the largest value, or below the normal doubles, the bad side
 * already pulled in) give zeros and scale 1.
 *
 * The bad side (a bilog about the median, as Ax has it for constraints; Tukey's fence): with m
 * the median, g and b the root mean squares about m of the values above and below it,
 *   b > 3 g > 0   a bad value y becomes m - g min(ln(1 + (m - y) / g), 8): without a kink in m, and
 *                 all that is 3,000 g away or more is the same, however large a penalty is
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

/* After outcome_fit_bounded of the same data: what is far from the bounds moves closer (bilog,
 * bend.h). Where a value stands to a bound does not change. */
void outcome_bilog(
	struct outcome *o, const double *y, int n, double lower, double upper, double *z);

/* *nats <- the log evidence (log marginal likelihood, or what stands for it) of outcomes z (n)
 * under a model, -inf when there is none. o: for known deviations (outcome_model_sd). A status
 * other than KR_OK ends the choice. */
typedef enum kr_status outcome_evidence(void *context, const struct outcome *o, const double *z,
	int n, double *nats, struct kr_error *err);

/* After outcome_fit: bend z by the power transform when the data ask for it, that is when
 * evidence(bent z) + log-Jacobian of the bend exceeds evidence(z) by more than 2 nats. o->gain <-
 * the difference. The evidence is asked twice, or not at all when nothing can be bent.
 * On an error o and z are as they were. Errors: KR_ENOMEM, those of evidence. */
enum kr_status outcome_choose_power(struct outcome *o, double *z, int n, outcome_evidence *evidence,
	void *context, struct arena *scratch, struct kr_error *err);

/* A raw value in model units: what outcome_fit wrote for it up to rounding (for a value that is
 * not of the data, too); infinities stay where nothing is cut. */
double outcome_model_value(const struct outcome *o, double y);

/* A raw deviation at raw value y in model units, by the slope of the bend there; a moved tail
 * counts as if it were not. */
double outcome_model_sd(const struct outcome *o, double y, double sd);

/* z = (y - mean) / sd with the sample deviation (n - 1); sd is 1, and z exactly 0,
 * for constant data and for n = 1. z may be y. */
void outcome_standardize(const double *y, int n, double *z, double *mean, double *sd);

/* Model units back to raw units: the inverse of outcome_model_value, except that it goes straight
 * on where values were cut, and beyond the 8 of a logarithm with the slope there. Increasing in z
 * (falling for minimize), so that quantiles become quantiles and the mean of a prediction the raw
 * median, which is the raw mean while nothing is bent. Beyond the largest double it stops there. */
double outcome_raw_value(const struct outcome *o, double z);

/* Is outcome_raw_value a straight line, of slope scale, from z on upwards? Not under a bend, nor
 * while z is in a bad side that was moved by the logarithm. */
bool outcome_is_straight(const struct outcome *o, double z);

/* The deviation of a prediction N(mean, sd^2) in raw units: half the distance between its raw
 * quantiles at one deviation to either side. Where nothing is bent it is scale * sd. */
double outcome_raw_sd(const struct outcome *o, double mean, double sd);

/* What was done, in words, for people: "minimize; logarithm above the median 3.2; standardized:
 * mean 1.5, deviation 0.4". Numbers are raw. Cut to size, like snprintf. */
void outcome_describe(const struct outcome *o, char *text, size_t size);

#endif
