/* What the files of the sampler share: the chain, its layout, and what it learns in
 * the warm-up. Internal. Legend: see nuts.c. */
#ifndef KR_GP_SAMPLE_NUTS_INTERNAL_H
#define KR_GP_SAMPLE_NUTS_INTERNAL_H

#include "gp/linalg/mat.h"
#include "gp/sample/nuts.h"

enum { NUTS__SCALARS = 8 };

struct nuts__chain {
	int p;
	double *transitions, *n_warmup;
	double *step, *h, *log_mean, *n_adapted, *mu; /* of dual averaging */
	double *n_seen;                               /* draws in mean and M */
	double *u, *mean;                             /* p */
	struct mat L, M;                              /* p x p */
};

/* A chain at nuts_size(p) numbers. */
struct nuts__chain nuts__view(int p, double *at);

/* Dual averaging from this step on (Hoffman & Gelman 2014, eq. 6). */
void nuts__restart_step(const struct nuts__chain *c, double step);

/* After a transition of the warm-up; S: p x p scratch. */
void nuts__adapt(const struct nuts__chain *c, double acceptance, struct mat S);

/* L <- factor of (A + ridge)^-1, the ridge large enough for there to be one. */
void nuts__invert_curvature(struct mat A, struct mat L);

#endif
