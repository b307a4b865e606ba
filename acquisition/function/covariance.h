/* Posterior covariances of fixed points A with batches of candidates, and their gradients:
 *
 *     k_n(a, x) = k(a, x) - v_a' v_x,   v = L^-1 k(X, .)
 *
 * (Rasmussen & Williams 2006, eq. 2.24). What depends on A alone is worked out once, so that a
 * batch costs no triangular solve beyond that of its gp_predict. Lives in its arena, borrows the
 * model, which must not change, and the points. Not thread-safe. */
#ifndef KR_ACQUISITION_COVARIANCE_H
#define KR_ACQUISITION_COVARIANCE_H

#include "gp/model.h"

struct covariance {
	const struct gp *model;
	struct mat A;    /* m x d */
	struct mat Z;    /* A as the kernel sees it */
	struct mat mean; /* m x columns, posterior means at A */
	struct mat V;    /* n x m, v_a */
	struct mat W;    /* n x m, K^-1 k(X, A) */
};

/* Errors: those of gp_predict. Cost n^2 m. */
enum kr_status covariance_init(struct covariance *c, const struct gp *model, struct mat A,
	struct arena *a, struct kr_error *err);

/* c <- the points of first and then those of second, of one model, copied. Errors: KR_ENOMEM.
 * Cost n m. */
enum kr_status covariance_join(struct covariance *c, const struct covariance *first,
	const struct covariance *second, struct arena *a, struct kr_error *err);

/* C (m x B) <- k_n(a_i, x_j) for a batch of gp_predict. Unless tape is NULL, *tape <- what the
 * gradient needs, in a. Errors: KR_ENOMEM. Cost n m B. */
enum kr_status covariance_eval(const struct covariance *c, const struct gp_batch *batch,
	struct mat C, struct kernel_tape **tape, struct arena *a, struct kr_error *err);

/* D (B x d) += sum_i C_ij dk_n(a_i, x_j)/dx_j, after a covariance_eval with tape of a batch with
 * gradient. C (m x B) is overwritten. Errors: KR_ENOMEM. Cost n m B. */
enum kr_status covariance_adjoint(const struct covariance *c, const struct gp_batch *batch,
	struct kernel_tape *tape, struct mat C, struct mat D, struct arena *scratch,
	struct kr_error *err);

/* One candidate of covariance_map: what it is worth, and what is sent back through the model. */
struct covariance_row {
	const struct gp_batch *batch;
	int b;            /* of the batch */
	double *c;        /* m: covariances with A; with gradient <- adjoints of these */
	bool gradient;    /* else what is written to the adjoints is not looked at */
	struct mat dmean; /* B x columns: row b, 0 before, <- adjoints of the means */
	double *dvar;     /* of the variance, 0 before */
};
typedef double covariance_value(void *ctx, struct covariance_row *row);

/* value (rows of X) <- of a function of the posterior at x and its covariances with A; D (as X, p
 * NULL to skip) <- gradient in x. Errors: those of gp_predict. Cost n (n + m) a row, and that of
 * the function. */
enum kr_status covariance_map(const struct covariance *c, covariance_value *of, void *ctx,
	struct mat X, double *value, struct mat D, struct arena *scratch, struct kr_error *err);

#endif
