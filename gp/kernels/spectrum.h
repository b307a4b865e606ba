/* Spectral measures of kernels made of radial leaves, sums and products (Bochner's theorem;
 * Rahimi & Recht 2007): k(x, z) = k(x, x) E cos(omega'(e(x) - e(z))) over random
 * frequencies omega.
 *
 * e(x) has a slot for each numeric column and one for each choice of a categorical column
 * (one-hot), so that categorical columns are exact too. With conditional leaves (radial.h) each
 * column has one more: whether a number is active, the inactive choice. A radial profile that is a
 * covariance in every dimension is a mixture of squared exponentials (Schoenberg 1938),
 * f(r2) = E exp(-tau r2 / 2): omega = sqrt(tau) z / l. In a product frequencies add up; in a sum
 * one part is drawn by its variance. Thread-safe. */
#ifndef KR_GP_KERNELS_SPECTRUM_H
#define KR_GP_KERNELS_SPECTRUM_H

#include "base/arena.h"
#include "base/rng.h"
#include "base/status.h"
#include "gp/kernels/kernel.h"
#include "gp/linalg/mat.h"

/* Borrows the kernel; the rest is in the arena. */
struct spectrum {
	const struct kernel *kernel;
	double variance;  /* k(x, x) */
	bool conditional; /* a leaf reads NaN as inactive */
	const int *first; /* d + 1: column c has the slots first[c] .. first[c + 1] - 1 */
};

/* choices: d, how many a categorical column has; NULL without categorical columns.
 * Errors: KR_INVALID_ARGUMENT (a leaf without spectral draws, a categorical column without
 * choices), KR_ENOMEM. */
enum kr_status spectrum_init(struct spectrum *s, const struct kernel *k, const int *choices,
	struct arena *a, struct kr_error *err);

/* Numbers in e(x) and omega. */
int spectrum_slots(const struct spectrum *s);

/* omega (spectrum_slots) <- one frequency. */
void spectrum_draw(const struct spectrum *s, struct rng *r, double *omega);

/* E (X.rows x spectrum_slots) <- e(x) of every row. False when a categorical column holds
 * something that is not one of its choices. */
bool spectrum_encode(const struct spectrum *s, struct mat X, struct mat E);

#endif
