/* Observations of the same point as one: the posterior is the same, the model smaller, and its
 * covariance stays far from singular. Exact where the deviation of each is known
 * (replicates_merge), and where the noise is learnt, if known parts of it are equal
 * (replicates_split, replicates_collapse, and count and spread of gp_data). Pure functions. */
#ifndef KR_ACQUISITION_REPLICATES_H
#define KR_ACQUISITION_REPLICATES_H

#include <stdbool.h>

#include "acquisition/space/space.h"
#include "base/arena.h"

/* group (n) <- which group each of n points (n x d values) belongs to: equal points share one,
 * numbered from 0 in the order of their first members. Returns how many groups, or -1 when
 * scratch runs out. */
int replicates_group(
	const struct space *space, int n, const double *X, int *group, struct arena *scratch);

/* Groups whose members differ in s (n) fall apart into their members. group is numbered anew,
 * again in the order of first members; returns how many groups, or -1 when scratch runs out. */
int replicates_split(int n, int *group, int groups, const double *s, struct arena *scratch);

/* Of each group the mean of its outcomes y (n), their number, and the sum of their squares about
 * the mean: mean, count, spread (groups). Welford's update. */
void replicates_collapse(int n, const int *group, int groups, const double *y, double *mean,
	double *count, double *spread);

/* mean, sd (groups) <- what the n outcomes y with deviations s say of each group.
 *   all s > 0    the mean weighted with 1 / s^2, and (sum 1 / s^2)^-1/2: the likelihood of the
 *                observations is that of this one times a constant
 *   some s = 0   only those count: their mean, 0 when they agree; when they contradict each
 *                other, the standard error of that mean
 * False when scratch runs out. */
bool replicates_merge(int n, const int *group, int groups, const double *y, const double *s,
	double *mean, double *sd, struct arena *scratch);

#endif
