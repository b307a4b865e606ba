/* Input warping: every numeric column of a model through a Kumaraswamy function of its
 * own (Snoek et al. 2014), whose shapes are hyperparameters. In theta: ln a of the d
 * columns, ln b of the d columns; those of categorical columns do nothing. All 0 is the
 * identity. x in [0, 1]. Pure functions. */
#ifndef KR_GP_WARP_H
#define KR_GP_WARP_H

#include "gp/linalg/mat.h"

static inline int gp_warp_parameters(int d)
{
	return 2 * d;
}

/* W (n x d) <- the warped points; slope (n x d, p NULL: not wanted) <- dw/dx. */
void gp_warp(struct mat X, const unsigned char *categorical, const double *ln_ab, struct mat W,
	struct mat slope);

/* grad (2 d) <- sum_i D_ij dw(x_ij)/d(ln a_j, ln b_j), D (n x d) the adjoint of W. */
void gp_warp_slope(struct mat X, const unsigned char *categorical, const double *ln_ab,
	struct mat D, double *grad);

#endif
