/* The only file beside gp/linalg/blas.c that calls BLAS: as bare as can be.
 *
 *   lml = -1/2 y' alpha - sum ln L_ii - n/2 ln 2 pi        (R & W 2006, eq. 2.30)
 *   with M = (alpha alpha' - K^-1) o C:  slope of ln l_k = z_k^2' M 1 - z_k' M z_k */
#include "bench/gp/floor.h"

#include <cblas.h>
#include <lapacke.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static double *array(struct arena *a, size_t n)
{
	double *p = arena_alloc(a, sizeof(*p) * n);

	if (!p)
		abort();
	return p;
}

void floor_init(
	struct floor_work *f, int n, int d, const double *X, const double *y, struct arena *a)
{
	size_t N = (size_t)n, D = (size_t)d;

	*f = (struct floor_work){.n = n, .d = d, .X = X, .y = y};
	f->Z = array(a, N * D);
	f->W = array(a, N * D);
	f->K = array(a, N * N);
	f->C = array(a, N * N);
	f->S = array(a, N * N);
	f->squares = array(a, N);
	f->alpha = array(a, N);
	f->row_sum = array(a, N);
}

/* K <- covariance, C <- its slopes in r2, lower triangles. */
static void kernel(struct floor_work *f, const double *theta)
{
	double s2 = exp(theta[f->d]), noise = exp(theta[f->d + 1]);
	size_t n = (size_t)f->n;

	for (int k = 0; k < f->d; k++) {
		double inverse = exp(-theta[k]);

		for (size_t i = 0; i < n; i++)
			f->Z[(size_t)k * n + i] = f->X[(size_t)k * n + i] * inverse;
	}
	cblas_dsyrk(CblasColMajor, CblasLower, CblasNoTrans, f->n, f->d, 1, f->Z, f->n, 0, f->S, f->n);
	for (size_t i = 0; i < n; i++)
		f->squares[i] = f->S[i * n + i];
	for (size_t j = 0; j < n; j++) {
		const double *restrict s = f->S + j * n, *restrict squares = f->squares;
		double *restrict c = f->C + j * n, *restrict k = f->K + j * n, own = f->squares[j];

		for (size_t i = j; i < n; i++) {
			double r2 = squares[i] + own - 2 * s[i], r, e;

			r2 = r2 > 0 ? 5 * r2 : 0;
			r = sqrt(r2);
			e = s2 * exp(-r);
			k[i] = (1 + r + r2 * (1.0 / 3)) * e;
			c[i] = (5.0 / 3) * (1 + r) * e;
		}
		k[j] += noise;
	}
}

/* C <- M, row_sum <- M 1. */
static void weigh(struct floor_work *f)
{
	size_t n = (size_t)f->n;

	memset(f->row_sum, 0, sizeof(double) * n);
	for (size_t j = 0; j < n; j++) {
		double *restrict c = f->C + j * n, *restrict sums = f->row_sum;
		const double *restrict k = f->K + j * n, *restrict alpha = f->alpha;
		double own = f->alpha[j], sum = 0;

		c[j] *= own * own - k[j];
		sums[j] += c[j];
		for (size_t i = j + 1; i < n; i++) {
			c[i] *= alpha[i] * own - k[i];
			sums[i] += c[i];
			sum += c[i];
		}
		sums[j] += sum;
	}
}

double floor_lml(struct floor_work *f, const double *theta, double *grad)
{
	size_t n = (size_t)f->n;
	double noise = exp(theta[f->d + 1]), log_det = 0, trace = 0, quad, aa;

	kernel(f, theta);
	if (LAPACKE_dpotrf_work(LAPACK_COL_MAJOR, 'L', f->n, f->K, f->n))
		return NAN;
	for (size_t i = 0; i < n; i++)
		log_det += log(f->K[i * n + i]);
	memcpy(f->alpha, f->y, sizeof(double) * n);
	cblas_dtrsv(
		CblasColMajor, CblasLower, CblasNoTrans, CblasNonUnit, f->n, f->K, f->n, f->alpha, 1);
	quad = cblas_ddot(f->n, f->alpha, 1, f->alpha, 1);
	cblas_dtrsv(CblasColMajor, CblasLower, CblasTrans, CblasNonUnit, f->n, f->K, f->n, f->alpha, 1);
	LAPACKE_dpotri_work(LAPACK_COL_MAJOR, 'L', f->n, f->K, f->n);
	for (size_t i = 0; i < n; i++)
		trace += f->alpha[i] * f->alpha[i] - f->K[i * n + i];
	weigh(f);
	cblas_dsymm(
		CblasColMajor, CblasLeft, CblasLower, f->n, f->d, 1, f->C, f->n, f->Z, f->n, 0, f->W, f->n);
	for (int k = 0; k < f->d; k++) {
		const double *z = f->Z + (size_t)k * n, *w = f->W + (size_t)k * n;

		grad[k] = 0;
		for (size_t i = 0; i < n; i++)
			grad[k] += z[i] * z[i] * f->row_sum[i] - z[i] * w[i];
	}
	aa = cblas_ddot(f->n, f->alpha, 1, f->alpha, 1);
	grad[f->d] = 0.5 * (quad - noise * aa - (f->n - noise * (aa - trace)));
	grad[f->d + 1] = 0.5 * noise * trace;
	return -0.5 * quad - log_det - 0.5 * f->n * log(2 * M_PI);
}

void floor_predict(
	int n, int d, int b, const double *L, const double *X, const double *T, double *V, double *P)
{
	cblas_dgemm(CblasColMajor, CblasNoTrans, CblasTrans, n, b, d, 1, X, n, T, b, 0, V, n);
	cblas_dtrsm(
		CblasColMajor, CblasLeft, CblasLower, CblasNoTrans, CblasNonUnit, n, b, 1, L, n, V, n);
	cblas_dtrsm(
		CblasColMajor, CblasLeft, CblasLower, CblasTrans, CblasNonUnit, n, b, 1, L, n, V, n);
	cblas_dgemm(CblasColMajor, CblasTrans, CblasNoTrans, b, d, n, 1, V, n, X, n, 0, P, b);
}
