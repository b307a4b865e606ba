/* A thousand data sets that nobody would choose, from raw outcomes to raw predictions: never an
 * error, never a number that is none, and every transform has its way back. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "gp/fit.h"
#include "gp/linalg/blas.h"
#include "gp/outcome/outcome.h"
#include "tests/gp/reference.h"

enum { MAX_POINTS = 64, CASES = 1000 };

static struct arena *arena;
static struct dataset s;
static double y[400];

/* ---- points ---------------------------------------------------------------------------- */

static void nasty_points(struct rng *r)
{
	int n = s.data.n, shape = (int)rng_below(r, 8);
	double spread = exp(-40 * rng_uniform(r));

	for (int k = 0; k < s.data.d; k++)
		for (int i = 0; i < n; i++) {
			double *x = mat_at(s.data.X, i, k);
			bool numeric = !s.categorical[k];

			if (shape == 1) /* repeats */
				*x = *mat_at(s.data.X, (int)rng_below(r, (uint32_t)n), k);
			if (shape == 2 && numeric) /* a cluster, down to equal points */
				*x = 0.5 + spread * (*x - 0.5);
			if (shape == 3 && numeric) /* corners */
				*x = *x > 0.5;
			if (shape == 4) /* one point */
				*x = *mat_at(s.data.X, 0, k);
			if (shape == 5 && k > 0) /* inputs that say the same, or nothing */
				*x = numeric ? *mat_at(s.data.X, i, 0) : 1;
			if (shape == 6 && numeric) /* a line of points that nearly touch */
				*x = (i + spread * *x) / n;
		}
}

/* ---- outcomes -------------------------------------------------------------------------- */

static double nasty_outcome(int shape, int i, double smooth, struct rng *r)
{
	double v = rng_normal(r);

	switch (shape) {
	case 0: return 3;
	case 1: return v * 1e300;
	case 2: return exp(30 * v);
	case 3: return i == 0 ? 1e9 : 0;
	case 4: return 1 + v * 1e-200;
	case 5: return 1 + v * 0x1p-50;
	case 6: return v * 5e-324 / 0.1;
	case 7: return rng_below(r, 2) ? DBL_MAX : -DBL_MAX;
	case 8: return v / (rng_uniform(r) + 1e-12);
	case 9: return rng_below(r, 3);
	case 10: return -exp(-700 + 1400 * rng_uniform(r));
	case 11: return smooth + (i % 7 == 0 ? 1e6 * v : 0);
	case 12: return 1e15 + rint(3 * v);
	case 13: return i % 2 ? 0.0 : -0.0;
	case 14: return v * exp(100 * rng_normal(r));
	default: return smooth;
	}
}

static void nasty(struct rng *r)
{
	int n = 1 + (int)rng_below(r, rng_below(r, 4) ? 14 : 40), d = 1 + (int)rng_below(r, 5);
	int shape = (int)rng_below(r, 16);

	reference_dataset(&s, n, d, rng_below(r, 2), r);
	nasty_points(r);
	for (int i = 0; i < n; i++)
		y[i] = nasty_outcome(shape, i, s.y[i], r);
}

/* ---- model ----------------------------------------------------------------------------- */

struct model {
	struct gp_data data;
	struct gp_prior prior;
	double theta[64], var[64];
	const double *raw_sd; /* known deviations, NULL: none */
};

/* Known variances in model units. */
static void take_noise(struct model *m, const struct outcome *o)
{
	static const double most_sd = 1e6;

	for (int i = 0; m->raw_sd && i < m->data.n; i++) {
		double sd = fmin(outcome_model_sd(o, y[i], m->raw_sd[i]), most_sd);
		assert_true(sd >= 0);
		m->var[i] = sd * sd;
	}
	m->data.noise = m->raw_sd ? m->var : NULL;
}

/* The best log posterior: what stands for the evidence. */
static enum kr_status fit(void *context, const struct outcome *o, const double *z, int n,
	double *nats, struct kr_error *err)
{
	struct model *m = context;
	struct gp_fit_result result;
	enum kr_status st;

	assert_int_equal(n, m->data.n);
	take_noise(m, o);
	m->data.y = z;
	st = gp_fit_best(&m->data, &m->prior, NULL, m->theta, &result, arena, err);
	*nats = result.log_posterior;
	return st;
}

static void choose_model(struct model *m, double *raw_sd, struct rng *r)
{
	static const char *const families[] = {
		"matern52", "matern52", "matern52", "matern32", "matern12", "rbf", "rq"};
	static const int n_families = sizeof(families) / sizeof(*families);
	double unit = exp(20 * rng_normal(r));

	*m = (struct model){.data = s.data};
	m->data.kernel = reference_term(families[rng_below(r, (uint32_t)n_families)]);
	assert_int_equal(gp_prior_default(&m->prior, m->data.kernel, s.data.d, arena, NULL), KR_OK);
	if (rng_below(r, 6) == 0) {
		m->data.warp = true;
		assert_int_equal(
			gp_prior_warped(&m->prior, m->data.kernel, s.data.d, m->data.categorical, arena, NULL),
			KR_OK);
	}
	if (rng_below(r, 5) == 0)
		gp_prior_fix(gp_prior_noise(&m->prior), rng_below(r, 2) ? 0 : 1e-8);
	if (rng_below(r, 5) == 0) {
		for (int i = 0; i < s.data.n; i++)
			raw_sd[i] = rng_below(r, 3) ? unit * rng_uniform(r) : 0;
		m->raw_sd = raw_sd;
	}
}

/* ---- outcomes there and back ------------------------------------------------------------ */

static void transform(struct outcome *o, struct model *m, double *z, struct rng *r)
{
	int n = s.data.n;
	double pick = y[rng_below(r, (uint32_t)n)], other = y[rng_below(r, (uint32_t)n)];
	double lower = rng_below(r, 3) ? -INFINITY : fmin(pick, other);
	double upper = rng_below(r, 3) ? fmax(pick, other) : INFINITY;

	if (rng_below(r, 4) == 0) {
		outcome_fit_bounded(o, y, n, lower, upper, z);
		if (rng_below(r, 2))
			outcome_bilog(o, y, n, lower, upper, z);
		for (int i = 0; i < n; i++) {
			assert_true((y[i] <= upper) == (z[i] <= outcome_model_value(o, upper)));
			assert_true((y[i] >= lower) == (z[i] >= outcome_model_value(o, lower)));
		}
		return;
	}
	assert_int_equal(outcome_fit(o, rng_below(r, 2), y, n, z, arena, NULL), KR_OK);
	if (rng_below(r, 4) == 0)
		assert_int_equal(outcome_choose_power(o, z, n, fit, m, arena, NULL), KR_OK);
}

/* Half the difference, which is below the largest double. Values whose deviation is below the normal
 * doubles count as constant. */
static void check_way_back(const struct outcome *o, const double *z)
{
	double largest = 0;
	char text[256];

	for (int i = 0; i < s.data.n; i++)
		largest = fmax(largest, fabs(y[i]));
	for (int i = 0; i < s.data.n; i++) {
		double u = o->minimize ? -y[i] : y[i], back = outcome_raw_value(o, z[i]);
		assert_true(isfinite(z[i]) && isfinite(back));
		bool far = o->tail == OUTCOME_LOG && 0.5 * o->middle - 0.5 * u > 1450 * o->spread;
		/* a deviation beyond the largest double is not told */
		if (!far && u >= o->cut_low && u <= o->cut_high && o->scale < DBL_MAX)
			assert_true(fabs(0.5 * back - 0.5 * y[i]) <= 1e-9 * largest + 10 * DBL_MIN);
	}
	outcome_describe(o, text, sizeof(text));
	assert_null(strstr(text, "nan"));
}

static void predict(const struct outcome *o, const struct model *m, struct rng *r)
{
	struct gp *g = gp_new(m->data.n, m->data.d, 1);
	struct gp_batch batch;
	double x[MAX_POINTS * 5], farthest = m->data.warp ? 0 : 30 * rng_uniform(r);
	int n = m->data.n, points = n + 12;
	struct mat X = mat_view(x, points, m->data.d, points);

	for (int k = 0; k < X.cols; k++)
		for (int i = 0; i < points; i++) {
			double any = s.categorical[k] ? rng_below(r, 5) : rng_uniform(r);
			if (i >= points - 2 && !s.categorical[k] && !m->data.warp)
				any = farthest * (any - 0.5);
			*mat_at(X, i, k) = i < n ? *mat_at(m->data.X, i, k) : any;
		}
	assert_int_equal(gp_condition(g, &m->data, m->theta, arena, NULL), KR_OK);
	assert_int_equal(gp_predict(g, X, false, &batch, arena, NULL), KR_OK);
	for (int i = 0; i < points; i++) {
		double mean = *mat_at(batch.mean, i, 0), sd = sqrt(batch.var[i]);
		assert_true(isfinite(mean) && isfinite(sd) && sd > 0);
		assert_true(isfinite(outcome_raw_value(o, mean)));
		assert_true(isfinite(outcome_raw_sd(o, mean, sd)) && outcome_raw_sd(o, mean, sd) >= 0);
	}
	gp_free(g);
}

static void nasty_data_never_fail(void **state)
{
	struct rng r = reference_rng("nasty");
	int bent = 0, drawn = 0, clipped = 0;

	(void)state;
	for (int trial = 0; trial < CASES; trial++) {
		struct arena_mark mark = arena_mark(arena);
		double z[64], raw_sd[64], log_posterior;
		struct model m;
		struct outcome o;

		nasty(&r);
		choose_model(&m, raw_sd, &r);
		transform(&o, &m, z, &r);
		check_way_back(&o, z);
		bent += o.bend.kind != BEND_NONE;
		drawn += o.tail == OUTCOME_LOG;
		clipped += o.tail == OUTCOME_CLIP;
		assert_int_equal(fit(&m, &o, z, m.data.n, &log_posterior, NULL), KR_OK);
		assert_true(isfinite(log_posterior));
		predict(&o, &m, &r);
		arena_release(arena, mark);
	}
	assert_true(bent > 20 && drawn > 20 && clipped > 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nasty_data_never_fail),
	};
	int failed;

	blas_init();
	arena = arena_new((size_t)1 << 26);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_free(arena);
	return failed;
}
