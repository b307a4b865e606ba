/* What the files of the model share. Legend: K = L L', U = L^-1 (Y - m), A = L^-T U =
 * K^-1 (Y - m). U is kept so that new rows only append to it. */
#ifndef KR_GP_MODEL_INTERNAL_H
#define KR_GP_MODEL_INTERNAL_H

#include "gp/linalg/chol.h"
#include "gp/model.h"

struct gp {
	int cap, d, max_columns; /* reserved */
	int columns;             /* outcome columns now; rows are chol_rows */
	struct chol *chol;
	double *X;           /* cap x d, ld = cap; warped */
	double *U, *A;       /* cap x max_columns, ld = cap */
	double *y;           /* cap, of the first column */
	double *noise_of;    /* cap, variance of each row */
	double *diagonal;    /* cap, noise and jitter: what K has beyond the kernel */
	double *lengthscale; /* d, of kernel_lengthscales */
	unsigned char *categorical;
	double *warp; /* ln a, ln b */
	bool warped;
	double *value;
	int n_values;         /* reserved */
	struct kernel kernel; /* points into the above */
	double scale;         /* largest prior variance of an observation */
	double mean, noise, jitter;
	bool profiled; /* the mean */
	struct gp_upkeep upkeep;
};

static inline struct mat gp__points(const struct gp *g)
{
	return mat_view(g->X, chol_rows(g->chol), g->d, g->cap);
}

static inline struct mat gp__weights(const struct gp *g)
{
	return mat_view(g->A, chol_rows(g->chol), g->columns, g->cap);
}

/* L <- the factor of the covariance of the first n rows, anew; scale, jitter, diagonal and the
 * count of changes with it. Errors: as gp_condition; g is then empty. Cost n^3/3. */
enum kr_status gp__factor(struct gp *g, int n, struct arena *scratch, struct kr_error *err);

/* U, A and the mean, unless it is known, of one column from y. Errors: KR_ENONFINITE; g is
 * then empty. Cost n^2. */
enum kr_status gp__solve(struct gp *g, struct kr_error *err);

/* Append rows with the covariances B to the others and D among themselves, noise included; with
 * jitter when needed, which diagonal gets. Errors: as chol_append; L is then as it was. */
enum kr_status gp__append_rows(struct gp *g, struct mat B, struct mat D, struct kr_error *err);

/* Rows from at on <- Z, points as the kernel sees them. */
void gp__copy_points(struct gp *g, int at, struct mat Z);

#endif
