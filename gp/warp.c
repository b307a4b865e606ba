#include "gp/warp.h"

#include <math.h>
#include <stdbool.h>

#include "gp/kumaraswamy.h"

/* (w - eps) / (1 - 2 eps): the identity at a = b = 1, eps included. */
static const double room = 1 - 2 * KUMARASWAMY_EPS;

/* Choices stay, and so does what is inactive (NaN). */
static bool moves(const unsigned char *categorical, int j, double x)
{
	return !(categorical && categorical[j]) && !isnan(x);
}

void gp_warp(struct mat X, const unsigned char *categorical, const double *ln_ab, struct mat W,
	struct mat slope)
{
	for (int j = 0; j < X.cols; j++) {
		double a = exp(ln_ab[j]), b = exp(ln_ab[X.cols + j]);

		for (int i = 0; i < X.rows; i++) {
			double x = *mat_at(X, i, j);
			struct kumaraswamy k = {.w = x, .dx = 1};

			if (moves(categorical, j, x)) {
				k = kumaraswamy(a, b, KUMARASWAMY_EPS, x);
				k.w = (k.w - KUMARASWAMY_EPS) / room;
				k.dx /= room;
			}
			*mat_at(W, i, j) = k.w;
			if (slope.p)
				*mat_at(slope, i, j) = k.dx;
		}
	}
}

void gp_warp_slope(
	struct mat X, const unsigned char *categorical, const double *ln_ab, struct mat D, double *grad)
{
	int d = X.cols;

	for (int j = 0; j < d; j++) {
		double a = exp(ln_ab[j]), b = exp(ln_ab[d + j]);

		grad[j] = grad[d + j] = 0;
		for (int i = 0; i < X.rows; i++) {
			double x = *mat_at(X, i, j);
			struct kumaraswamy k = {0};

			if (moves(categorical, j, x))
				k = kumaraswamy(a, b, KUMARASWAMY_EPS, x);
			grad[j] += *mat_at(D, i, j) * k.dln_a / room;
			grad[d + j] += *mat_at(D, i, j) * k.dln_b / room;
		}
	}
}
