/* A Gaussian process on very many observations: every prediction is made of the m nearest ones
 * (Vecchia 1988; Katzfuss & Guinness 2021; Datta et al. 2016, sec. 2.3). With m >= n it is the
 * exact model of gp/model.h.
 *
 * vecchia_new .. vecchia_condition .. (vecchia_append) .. vecchia_predict* .. vecchia_free.
 * Holds its own copy of the data: memory n d. Not thread-safe. Data, theta and jitter are
 * those of gp/likelihood.h. Sources of its parts: README.md of gp. */
#ifndef KR_GP_VECCHIA_VECCHIA_H
#define KR_GP_VECCHIA_VECCHIA_H

#include "gp/vecchia/vecchia_likelihood.h"

struct vecchia;

/* cap: most observations, appended ones included. The kernel's structure is borrowed.
 * NULL when memory runs out. */
struct vecchia *vecchia_new(const struct kernel_term *kernel, int cap, int d);
void vecchia_free(struct vecchia *v);

/* Take the data under theta. The mean m is that of the data, or profiled over the conditionals
 * of the plan. Errors: KR_ENOTPD, KR_ENONFINITE, KR_ENOMEM; v is then empty.
 * Cost (n d + m^3 / 3) for each term of the plan. */
enum kr_status vecchia_condition(struct vecchia *v, const struct gp_data *data, const double *theta,
	const struct vecchia_plan *plan, struct arena *scratch, struct kr_error *err);

/* One more observation at x (d) with noise variance `noise`; the mean m stays. Cost d. */
void vecchia_append(struct vecchia *v, const double *x, double y, double noise);

int vecchia_rows(const struct vecchia *v);
double vecchia_mean(const struct vecchia *v);

/* The most that the ladder added to any system since vecchia_condition, predictions included. */
double vecchia_jitter(const struct vecchia *v);

/* Latent mean and variance (clamped at >= 1e-14 k(x, x)) at the rows of X, B each; unless p is NULL
 * their gradients in x, B x d, 0 in categorical columns (the neighbours held).
 * Errors: KR_ENOTPD, KR_ENONFINITE, KR_ENOMEM. Cost (n d + m^3 / 3) B. */
enum kr_status vecchia_predict(struct vecchia *v, struct mat X, double *mean, double *var,
	struct mat mean_slope, struct mat var_slope, struct arena *scratch, struct kr_error *err);

/* Row j of near (m x B by columns) <- the m nearest observations of the rows of X, by number;
 * count (B) <- how many. Errors: KR_ENOMEM. Cost n d B. */
enum kr_status vecchia_nearest(const struct vecchia *v, struct mat X, int m, int *near, int *count,
	struct arena *scratch, struct kr_error *err);

#endif
