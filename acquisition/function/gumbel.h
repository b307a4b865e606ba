/* The maximum of a function over a set of points as a Gumbel variable, and samples of it.
 * Pure functions, thread-safe. */
#ifndef KR_ACQUISITION_GUMBEL_H
#define KR_ACQUISITION_GUMBEL_H

#include "base/rng.h"
#include "gp/model.h"

struct gumbel {
	double q25, q50, q75; /* quartiles of the maximum of independent normal variables */
	double a, b;          /* location and scale: P(maximum <= y) = exp(-exp(-(y - a) / b)) */
};

/* Quartiles of prod_i Phi((y - mu_i) / s_i), and the Gumbel variable with the same median and
 * distance of the others (Wang & Jegelka 2017, sec. 3.1): b = (q25 - q75) / (ln ln(4/3) - ln ln 4),
 * a = q50 + b ln ln 2. n >= 1 points, s > 0. Independence of the points is an approximation, which
 * makes the maximum too large. Cost n. */
struct gumbel gumbel_fit(const double *mu, const double *s, int n);

/* *fit <- of the maximum over the rows of X, column 0 of the model. Errors: those of gp_predict. */
enum kr_status gumbel_fit_model(const struct gp *g, struct mat X, struct gumbel *fit,
	struct arena *scratch, struct kr_error *err);

/* The quantile a - b ln(-ln u), 0 < u < 1. */
double gumbel_quantile(const struct gumbel *g, double u);

/* top (n <= 4096) <- one sample from each n-th part of the distribution (stratified: the mean over
 * samples varies less than that of independent ones). A function of the fit and the generator. */
void gumbel_draw(const struct gumbel *g, struct rng *r, int n, double *top);

#endif
