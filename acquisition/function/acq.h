/* Acquisition functions of a Gaussian posterior, for maximization.
 *
 * A family is one file that gives its value at one mean and deviation, and one line
 * in acq_list.def. The average over outcome columns (fantasies), the batch and the chain
 * rule into x are here, once.
 *
 * Notation: mu mean, s standard deviation > 0, best incumbent, u = (mu - best) / s; B
 * candidates, M columns. Pure functions, thread-safe. */
#ifndef KR_ACQUISITION_ACQ_H
#define KR_ACQUISITION_ACQ_H

#include <stdbool.h>

#include "gp/model.h"

#define ACQ_MAX_COLUMNS 64

struct acq_family {
	const char *name;
	bool log;   /* columns are averaged in log space: ln mean exp */
	bool level; /* best is a level to be near, not a value to exceed */

	/* The value, and its derivatives in mu and s. beta is the squared weight of s
	 * (upper confidence bound). Finite for every finite mu and best and s > 0. */
	double (*at)(double mu, double s, double best, double beta, double *dmu, double *ds);
};

/* By name ("log_ei"); NULL when there is none. */
const struct acq_family *acq_find(const char *name);

/* The i-th of the list, NULL past the end. */
const struct acq_family *acq_at(int i);

/* A family with its settings, seen through a model. Everything is borrowed. */
struct acq {
	const struct acq_family *family;
	const struct gp *model;
	const double *best; /* incumbent of each column */
	double beta;
};

/* From moments to values: value (B) <- average over the columns of mean (B x M,
 * M <= ACQ_MAX_COLUMNS) at variances var (B, > 0). Unless dmean.p is NULL, the derivatives:
 * dmean (B x M), dvar (B). The model of a is not used. */
void acq_moments(const struct acq *a, struct mat mean, const double *var, double *value,
	struct mat dmean, double *dvar);

/* value (B) <- at the rows of X; D (B x d, p NULL to skip) <- gradient in x.
 * Errors: those of gp_predict. Cost n^2 B. */
enum kr_status acq_eval(const struct acq *a, struct mat X, double *value, struct mat D,
	struct arena *scratch, struct kr_error *err);

#endif
