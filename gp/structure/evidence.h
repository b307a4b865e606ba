/* The posterior of the hyperparameters as a Gaussian around its mode (Laplace; MacKay
 * 2003, ch. 27): how probable the data are under a structure, whatever its
 * hyperparameters, which is what structures are compared by; and draws.
 *
 * All is about densities of theta (gp_prior_of_theta). Parts of the Gaussian beyond the
 * bounds are cut off, coordinate by coordinate; a mode at a bound falls off from there. */
#ifndef KR_GP_STRUCTURE_EVIDENCE_H
#define KR_GP_STRUCTURE_EVIDENCE_H

#include <stdbool.h>

#include "base/rng.h"
#include "gp/posterior.h"

struct gp_laplace {
	double log_evidence; /* -inf when the start could not be evaluated; the rest is then 0 */
	double log_posterior;
	int evaluations;
	double *theta;               /* size: the mode */
	struct mat R;                /* size x size, lower: the curvature there is R R' */
	const double *lower, *upper; /* of theta */
};

/* The Gaussian at the mode uphill of theta (size, gp_theta_size). What it points to lives in a.
 * Evidences compare structures of the same data, outcomes and noise prior (which is no density).
 * Errors: KR_ENOMEM. Cost: up to 60 + 2 size evaluations. */
enum kr_status gp_laplace(struct gp_laplace *out, const struct gp_data *data,
	const struct gp_prior *prior, const double *theta, struct arena *a, struct kr_error *err);

/* theta (size) <- a draw, moved into the bounds. */
void gp_laplace_draw(const struct gp_laplace *l, struct rng *r, double *theta);

/* What a model may be made of. */
struct gp_structure {
	const struct kernel_term *kernel;
	bool warp;
};

/* The data under a structure with its default priors: data->kernel and warp are replaced.
 * Fits from the cold starts, then gp_laplace; one unit of work of a choice. Errors: KR_ENOMEM. */
enum kr_status gp_structure_evidence(struct gp_laplace *out, const struct gp_data *data,
	const struct gp_structure *structure, struct arena *a, struct kr_error *err);

/* *best <- the index of the structure with the highest evidence. An earlier one gives way only to
 * more than `margin` nats. log_evidence (n) is filled. Errors: KR_ENOMEM. */
enum kr_status gp_structure_choose(const struct gp_data *data,
	const struct gp_structure *structures, int n, double margin, double *log_evidence, int *best,
	struct arena *scratch, struct kr_error *err);

#endif
