#include "gp/vecchia/vecchia.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "gp/kernels/radial.h"
#include "gp/linalg/blas.h"

/* Variances are clamped here, as a part of the prior's: below, the difference
 * k(x, x) - v'v is rounding. */
static const double least_variance = 1e-14;

struct vecchia {
	int cap, d, n, m;
	double *X;                   /* cap x d, ld = cap */
	double *y;                   /* cap */
	double *noise;               /* cap: all of an observation's variance */
	double *value, *lengthscale; /* of the kernel; of its metric (d) */
	unsigned char *categorical;
	struct kernel kernel; /* points into these */
	double mean, jitter;
	struct neighbours *neighbours;
};

struct vecchia *vecchia_new(const struct kernel_term *kernel, int cap, int d)
{
	struct vecchia *v = KR_NEW(struct vecchia);

	assert(cap > 0 && d > 0);
	if (!v)
		return NULL;
	*v = (struct vecchia){.cap = cap, .d = d, .kernel = {.root = kernel}};
	v->X = kr_malloc(sizeof(double) * (size_t)cap * (size_t)d);
	v->y = kr_malloc(sizeof(double) * (size_t)cap);
	v->noise = kr_malloc(sizeof(double) * (size_t)cap);
	v->value = KR_ARRAY(double, kernel_parameters(kernel, d) + 1);
	v->lengthscale = KR_ARRAY(double, d);
	v->categorical = KR_ARRAY(unsigned char, d);
	v->neighbours = neighbours_new(cap, d);
	if (v->X && v->y && v->noise && v->value && v->lengthscale && v->categorical && v->neighbours)
		return v;
	vecchia_free(v);
	return NULL;
}

void vecchia_free(struct vecchia *v)
{
	if (!v)
		return;
	kr_free(v->X);
	kr_free(v->y);
	kr_free(v->noise);
	kr_free(v->value);
	kr_free(v->lengthscale);
	kr_free(v->categorical);
	neighbours_free(v->neighbours);
	kr_free(v);
}

static struct mat points(const struct vecchia *v)
{
	return mat_view(v->X, v->n, v->d, v->cap);
}

static enum kr_status find_mean(struct vecchia *v, const struct gp_data *data, const double *theta,
	const struct vecchia_plan *plan, struct arena *scratch, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(scratch);
	struct vecchia_likelihood l;
	double lml;
	enum kr_status st;

	v->jitter = 0;
	if (data->mean) {
		v->mean = *data->mean;
		return KR_OK;
	}
	st = vecchia_likelihood_init(&l, data, plan, v->lengthscale, scratch, err);
	if (st == KR_OK)
		st = vecchia_likelihood_eval(&l, theta, &lml, NULL, err);
	v->mean = st == KR_OK ? l.mean : 0;
	v->jitter = st == KR_OK ? l.system.jitter : 0;
	arena_release(scratch, mark);
	return st;
}

/* NaN in an input may mean inactive. */
static bool is_finite(const struct gp_data *data)
{
	bool conditional = radial_conditional(data->kernel);
	double sum = 0;

	for (int k = 0; k < data->d; k++)
		for (int i = 0; i < data->n; i++) {
			double x = *mat_at(data->X, i, k);

			sum += conditional && isnan(x) ? 0 : x * 0;
		}
	for (int i = 0; i < data->n; i++)
		sum += data->y[i] * 0 + (data->noise ? data->noise[i] * 0 : 0);
	return sum == 0;
}

enum kr_status vecchia_condition(struct vecchia *v, const struct gp_data *data, const double *theta,
	const struct vecchia_plan *plan, struct arena *scratch, struct kr_error *err)
{
	enum kr_status st = likelihood_check(data, theta, err);

	assert(data->n > 0 && data->n <= v->cap && data->d == v->d && data->kernel == v->kernel.root &&
		plan->neighbours > 0);
	v->n = 0;
	v->m = plan->neighbours;
	if (st != KR_OK)
		return st;
	if (!is_finite(data))
		return kr_fail(err, KR_ENONFINITE, "%d observations are not all finite", data->n);
	v->kernel = likelihood_kernel(data, theta, v->value);
	v->kernel.categorical = NULL;
	if (data->categorical) {
		memcpy(v->categorical, data->categorical, (size_t)v->d);
		v->kernel.categorical = v->categorical;
	}
	kernel_lengthscales(&v->kernel, v->lengthscale);
	st = find_mean(v, data, theta, plan, scratch, err);
	if (st != KR_OK)
		return st;
	v->n = data->n;
	for (int k = 0; k < v->d; k++)
		memcpy(mat_col(points(v), k), mat_col(data->X, k), sizeof(double) * (size_t)v->n);
	memcpy(v->y, data->y, sizeof(double) * (size_t)v->n);
	for (int i = 0; i < v->n; i++)
		v->noise[i] = likelihood_noise(data, theta, i);
	neighbours_reset(v->neighbours, v->lengthscale, v->kernel.categorical);
	neighbours_add(v->neighbours, points(v));
	return KR_OK;
}

void vecchia_append(struct vecchia *v, const double *x, double y, double noise)
{
	int at = v->n++;

	assert(at > 0 && at < v->cap);
	for (int k = 0; k < v->d; k++)
		*mat_at(points(v), at, k) = x[k];
	v->y[at] = y;
	v->noise[at] = noise;
	neighbours_add(v->neighbours, mat_block(points(v), at, 0, 1, v->d));
}

int vecchia_rows(const struct vecchia *v)
{
	return v->n;
}

double vecchia_jitter(const struct vecchia *v)
{
	return v->jitter;
}

double vecchia_mean(const struct vecchia *v)
{
	return v->mean;
}

enum kr_status vecchia_nearest(const struct vecchia *v, struct mat X, int m, int *near, int *count,
	struct arena *scratch, struct kr_error *err)
{
	return neighbours_find(v->neighbours, X, NULL, m, near, count, scratch, err);
}

/* ---- prediction --------------------------------------------------------------- */

/* Where the results of row j go; slopes may be views without storage. */
struct answer {
	int j;
	double *mean, *var;
	struct mat mean_slope, var_slope;
};

/* Row j of the slopes <- sum_i w_i dk(x_i, z)/dz with w = K^-1 (y - m) for the mean and
 * -2 K^-1 k for the variance, which has that of k(z, z) besides. w is overwritten. */
static enum kr_status send_back(const struct vecchia *v, struct conditional *c, struct mat z,
	struct kernel_tape *tape, const struct answer *to, struct arena *a, struct kr_error *err)
{
	struct mat U = conditional_solutions(c, 2), X = conditional_points(c);
	struct mat mean = mat_block(to->mean_slope, to->j, 0, 1, v->d);
	struct mat var = mat_block(to->var_slope, to->j, 0, 1, v->d);
	const double one = 1;

	blas_trsm(true, conditional_factor(c), U);
	for (int i = 0; i < c->n; i++)
		*mat_at(U, i, 0) *= -2;
	enum kr_status st = kernel_input_adjoint(
		&v->kernel, X, z, tape, mat_block(U, 0, 1, c->n, 1), mean, a, err);
	if (st == KR_OK)
		st = kernel_input_adjoint(&v->kernel, X, z, tape, mat_block(U, 0, 0, c->n, 1), var, a, err);
	return st == KR_OK ? kernel_diagonal_adjoint(&v->kernel, z, &one, var, a, err) : st;
}

/* Mean m + k'K^-1 (y - m) and variance k(z, z) - k'K^-1 k (Rasmussen & Williams 2006, eqs. 2.25,
 * 2.26) on the points of c, z one row. */
static enum kr_status predict_one(const struct vecchia *v, struct conditional *c, struct mat z,
	const struct answer *to, struct arena *a, struct kr_error *err)
{
	struct mat U = conditional_solutions(c, 2);
	double *k = mat_col(U, 0), *alpha = mat_col(U, 1), prior;
	int n = c->n;
	struct kernel_tape *tape = to->mean_slope.p ? kernel_tape_new(v->kernel.root, n, 1, a) : NULL;
	enum kr_status st = tape || !to->mean_slope.p
		? kernel_cross(&v->kernel, conditional_points(c), z, mat_block(U, 0, 0, n, 1), tape, a, err)
		: kr_fail(err, KR_ENOMEM, "slopes of a prediction");

	if (st == KR_OK)
		st = kernel_diagonal(&v->kernel, z, &prior, a, err);
	if (st != KR_OK)
		return st;
	for (int i = 0; i < n; i++)
		alpha[i] = c->y[i] - v->mean;
	blas_trsm(false, conditional_factor(c), U);
	double mean = v->mean + blas_dot(n, k, alpha), var = prior - blas_dot(n, k, k);

	if (!isfinite(mean) || !isfinite(var))
		return kr_fail(err, KR_ENONFINITE, "prediction from %d neighbours is not finite", n);
	to->mean[to->j] = mean;
	to->var[to->j] = fmax(var, least_variance * prior);
	return tape ? send_back(v, c, z, tape, to, a, err) : KR_OK;
}

static enum kr_status predict_all(struct vecchia *v, struct mat X, int m, const int *near,
	const int *count, struct answer *to, struct arena *scratch, struct kr_error *err)
{
	struct conditional c;
	enum kr_status st = conditional_init(&c, m, v->d, scratch, err);

	for (int j = 0; st == KR_OK && j < X.rows; j++) {
		for (int i = 0; i < count[j]; i++) {
			int row = near[(size_t)j * (size_t)m + (size_t)i];

			conditional_take(&c, i, points(v), row, v->y[row], v->noise[row]);
		}
		st = conditional_solve(&c, count[j], &v->kernel, scratch, err);
		to->j = j;
		struct arena_mark mark = arena_mark(scratch);
		if (st == KR_OK)
			st = predict_one(v, &c, mat_block(X, j, 0, 1, v->d), to, scratch, err);
		arena_release(scratch, mark);
	}
	v->jitter = fmax(v->jitter, c.jitter);
	return st;
}

enum kr_status vecchia_predict(struct vecchia *v, struct mat X, double *mean, double *var,
	struct mat mean_slope, struct mat var_slope, struct arena *scratch, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(scratch);
	int m = v->m < v->n ? v->m : v->n;
	int *near = ARENA_ARRAY(scratch, int, (size_t)X.rows *(size_t)m);
	int *count = ARENA_ARRAY(scratch, int, X.rows);
	struct answer to = {0, mean, var, mean_slope, var_slope};
	enum kr_status st = near && count ? KR_OK
									  : kr_fail(err, KR_ENOMEM, "prediction of %d points", X.rows);

	assert(v->n > 0 && X.cols == v->d);
	if (st == KR_OK)
		st = vecchia_nearest(v, X, m, near, count, scratch, err);
	if (st == KR_OK)
		st = predict_all(v, X, m, near, count, &to, scratch, err);
	arena_release(scratch, mark);
	return st;
}
