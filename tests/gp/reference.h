/* Textbook Gaussian processes in long double without factor, BLAS or sharing of
 * code: what the fast ones are compared with. And random data sets. */
#ifndef KR_TESTS_GP_REFERENCE_H
#define KR_TESTS_GP_REFERENCE_H

#include <stdbool.h>

#include "base/rng.h"
#include "gp/likelihood.h"
#include "gp/prior.h"

/* A scaled leaf of a family, on all columns; and the default priors of a Matern 5/2. */
const struct kernel_term *reference_term(const char *family);
struct gp_prior reference_prior(int d, struct arena *a);

/* k(x_i, z_j) by its definition, of a scaled radial leaf. */
double reference_kernel(const struct kernel *k, struct mat X, int i, struct mat Z, int j);

/* Latent mean and covariance at the rows of P (mean: p, cov: p x p column-major), the
 * mean m of the data included; *lml too. m is data->mean, or profiled when NULL. */
void reference_posterior(const struct gp_data *data, const double *theta, struct mat P,
	double *mean, double *cov, double *lml);

/* A data set that owns its storage: points in the unit cube, every third column
 * categorical (4 choices) when mixed, a smooth function of them as outcomes. */
struct dataset {
	struct gp_data data;
	double X[4000], y[400], theta[32];
	unsigned char categorical[32];
};

/* d <= 30, n d <= 4000. theta: moderate random hyperparameters. */
void reference_dataset(struct dataset *s, int n, int d, bool mixed, struct rng *r);

/* The seed of a randomized test: KRIGED_TEST_SEED or 1; printed. */
struct rng reference_rng(const char *test);

/* Ends the test with the numbers when |a - b| > tol (1 + |b|). */
#define assert_near(a, b, tol) reference_near((a), (b), (tol), #a, __FILE__, __LINE__)
void reference_near(double a, double b, double tol, const char *what, const char *file, int line);

#endif
