/* Max-value entropy search: definitions by quadrature and Monte Carlo, slopes by differences, far
 * tails, the term for pending points. Values through models are golden cases. */
#include "acquisition/function/max_value.h"

#include <math.h>

#include "acquisition/function/gumbel.h"
#include "acquisition/function/truncated.h"
#include "acquisition/search/ascend.h"
#include "base/alloc.h"
#include "gp/special/special.h"
#include "tests/acquisition/cube.h"
#include "tests/acquisition/wave.h"

enum { SEED = 60606 };

static const struct max_value_family *const families[] = {&max_value_mes, &max_value_gibbon};

/* Moments of the density phi(t) / Phi(g) below g, by Simpson's rule on [g - 40, g] with the
 * weight exp((g^2 - t^2) / 2): relative to its largest value in the left tail. */
static void integrate(double g, double *mean, double *var, double *info)
{
	enum { STEPS = 400000 };
	double scale = g < 0 ? 1 / (1 - g) : 1, width = g < 0 ? 40 * scale : g + 40;
	double top = g < 0 ? g * g / 2 : 0, sum[4] = {0};

	for (int i = 0; i <= STEPS; i++) {
		double below = width * i / STEPS; /* t = g - below */
		double log_f = top - (g - below) * (g - below) / 2;
		double weight = (i == 0 || i == STEPS ? 1 : i % 2 ? 4 : 2) * exp(log_f);
		sum[0] += weight;
		sum[1] += weight * below;
		sum[2] += weight * below * below;
		sum[3] += weight * log_f;
	}
	double mass = sum[0] * width / STEPS / 3;
	*mean = sum[1] / sum[0]; /* of g - t */
	*var = sum[2] / sum[0] - *mean * *mean;
	/* entropy of a normal variable less -E ln(density) */
	*info = 0.5 * log(2 * acos(-1)) + 0.5 - log(mass) + sum[3] / sum[0];
}

static void moments_are_their_integrals(void **state)
{
	(void)state;
	static const double gs[] = {-300, -40, -15.1, -14.9, -8, -3, -1.1, -0.9, -0.1, 0.1, 1, 3, 7};
	for (size_t i = 0; i < sizeof(gs) / sizeof(*gs); i++) {
		struct truncated t = truncated_below(gs[i]);
		double mean, var, info;
		integrate(gs[i], &mean, &var, &info);
		assert_true(fabs(t.w - mean) <= 1e-9 * mean);
		assert_true(fabs(t.var - var) <= 1e-8 * var);
		assert_true(fabs(t.info - info) <= 1e-9 * (1 + info));
		assert_true(fabs(t.lost - (1 - var)) <= 1e-8);
	}
}

static void slopes_of_moments_are_differences(void **state)
{
	(void)state;
	static const double gs[] = {-900, -31, -29, -15.001, -14.99, -5, -1.01, -0.5, 0.01, 2, 6};
	for (size_t i = 0; i < sizeof(gs) / sizeof(*gs); i++) {
		double g = gs[i], h = 1e-4 * fmax(1, fabs(g));
		struct truncated t = truncated_below(g), up = truncated_below(g + h);
		struct truncated down = truncated_below(g - h);
		double dvar = (up.var - down.var) / (2 * h), dinfo = (up.info - down.info) / (2 * h);
		assert_true(fabs(t.dvar - dvar) <= 3e-6 * fabs(dvar) + 1e-13);
		assert_true(fabs(t.dinfo - dinfo) <= 3e-6 * fabs(dinfo) + 1e-11);
	}
}

/* Both forms meet at the seam, and the limits are those of an exponential variable. */
static void tails_are_smooth_and_finite(void **state)
{
	(void)state;
	struct truncated a = truncated_below(-15 - 1e-13), b = truncated_below(-15);
	assert_true(fabs(a.var / b.var - 1) < 1e-10 && fabs(a.dvar / b.dvar - 1) < 1e-7);
	assert_true(fabs(a.info / b.info - 1) < 1e-12 && fabs(a.dinfo / b.dinfo - 1) < 1e-9);
	assert_true(fabs(a.w / b.w - 1) < 1e-12 && fabs(a.r / b.r - 1) < 1e-12);
	for (double g = 100; g < 1e12; g *= 7) {
		struct truncated t = truncated_below(-g);
		double exact = 1 / (g * g);
		assert_true(fabs(t.var / exact - 1) < 10 / (g * g));
		assert_true(fabs(t.w * g - 1) < 10 / (g * g));
		assert_true(fabs(t.info - (log(g) + 0.5 * log(2 * acos(-1)) - 0.5)) < 1e-3);
		t = truncated_below(g);
		assert_true(t.info == 0 && t.dinfo == 0 && t.dvar == 0 && t.var == 1);
	}
}

static void families_have_their_slopes(void **state)
{
	(void)state;
	static const double us[] = {-7, -3, -1, -0.3, 0, 0.4, 2, 8, 14, 16, 29, 40};
	static const double noises[] = {0, 1e-6, 0.3};
	for (int f = 0; f < 2; f++)
		for (size_t i = 0; i < sizeof(us) / sizeof(*us); i++)
			for (size_t k = 0; k < 3; k++)
				for (double s = 1e-3; s < 100; s *= 9) {
					double top = 0.3, mu = top + us[i] * s, noise = noises[k] * s * s, h = 1e-4 * s;
					double dmu, ds, a, b;
					double v = families[f]->at(mu, s, top, noise, &dmu, &ds);
					double wm = (families[f]->at(mu + h, s, top, noise, &a, &b) -
									families[f]->at(mu - h, s, top, noise, &a, &b)) /
						(2 * h);
					double ws = (families[f]->at(mu, s + h, top, noise, &a, &b) -
									families[f]->at(mu, s - h, top, noise, &a, &b)) /
						(2 * h);
					assert_true(v >= 0 && dmu >= 0);
					assert_true(fabs(dmu - wm) * s <= 1e-6 * (1 + fabs(wm) * s));
					assert_true(fabs(ds - ws) * s <= 1e-6 * (1 + fabs(ws) * s));
				}
}

static void values_are_finite_everywhere(void **state)
{
	(void)state;
	for (int f = 0; f < 2; f++)
		for (double s = 1e-7; s < 2e3; s *= 1e5)
			for (double noise = 0; noise < 2; noise += 1)
				for (double g = 1e-3; g < 2e6; g *= 1.3)
					for (int sign = -1; sign <= 1; sign += 2) {
						double dmu, ds;
						double v = families[f]->at(-sign * g * s, s, 0, noise, &dmu, &ds);
						assert_true(isfinite(v) && isfinite(dmu) && isfinite(ds) && v >= 0);
					}
}

/* GIBBON with noise against the definition of its bound: 1/2 ln Var(y) - 1/2 ln Var(y | f <= top)
 * with the variance by simulation. Noise makes an observation tell less. */
static void gibbon_is_the_logarithm_of_a_variance(void **state)
{
	(void)state;
	enum { DRAWS = 400000 };
	struct rng r = rng_make(SEED, 0, RNG_TEST, 0);
	double mu = 0.4, s = 0.8, top = 0.7, noise = 0.3, sum = 0, square = 0, dmu, ds;
	int n = 0;
	print_message("seed %d\n", SEED);
	for (int i = 0; i < DRAWS; i++) {
		double f = mu + s * rng_normal(&r), y = f + sqrt(noise) * rng_normal(&r);
		if (f > top)
			continue;
		sum += y;
		square += y * y;
		n++;
	}
	double var = square / n - sum / n * (sum / n);
	double v = max_value_gibbon.at(mu, s, top, noise, &dmu, &ds);
	assert_true(fabs(v - 0.5 * log((s * s + noise) / var)) < 0.01);
	assert_true(v < max_value_gibbon.at(mu, s, top, 0, &dmu, &ds));
	/* without noise it is a bound of the exact gain, from below */
	assert_true(max_value_gibbon.at(mu, s, top, 0, &dmu, &ds) <=
		max_value_mes.at(mu, s, top, 0, &dmu, &ds));
}

static void gumbel_has_the_quartiles(void **state)
{
	(void)state;
	enum { N = 40, SAMPLES = 1001 };
	struct rng r = rng_make(SEED, 1, RNG_TEST, 0);
	double mu[N], s[N], top[SAMPLES], again[SAMPLES], last = -INFINITY;
	for (int i = 0; i < N; i++) {
		mu[i] = 3 * rng_normal(&r);
		s[i] = exp(3 * rng_normal(&r));
	}
	struct gumbel g = gumbel_fit(mu, s, N);
	for (int q = 1; q <= 3; q++) {
		double y = q == 1 ? g.q25 : q == 2 ? g.q50 : g.q75, sum = 0;
		for (int i = 0; i < N; i++)
			sum += special_log_cdf((y - mu[i]) / s[i]);
		assert_true(fabs(exp(sum) - 0.25 * q) < 1e-12);
	}
	assert_true(fabs(gumbel_quantile(&g, 0.5) - g.q50) < 1e-12 * fabs(g.q50));
	assert_true(fabs(gumbel_quantile(&g, 0.75) - gumbel_quantile(&g, 0.25) - (g.q75 - g.q25)) <
		1e-10 * (g.q75 - g.q25));

	struct rng one = rng_make(SEED, 2, RNG_TEST, 0), two = one;
	gumbel_draw(&g, &one, SAMPLES, top);
	gumbel_draw(&g, &two, SAMPLES, again);
	for (int k = 0; k < SAMPLES; k++) {
		assert_true(top[k] == again[k] && top[k] > last && isfinite(top[k]));
		last = top[k];
	}
	assert_true(top[500] > gumbel_quantile(&g, 0.499) && top[500] < gumbel_quantile(&g, 0.501));
}

static void extreme_sets_of_points_have_a_maximum(void **state)
{
	(void)state;
	enum { N = 5000 };
	static double mu[N], s[N];
	for (int i = 0; i < N; i++) {
		mu[i] = i % 2 ? 1e9 : -1e9;
		s[i] = i % 3 ? 1e-9 : 1e6;
	}
	struct gumbel g = gumbel_fit(mu, s, N);
	assert_true(isfinite(g.a) && g.b > 0 && g.q25 < g.q50 && g.q50 < g.q75);
	for (int i = 0; i < N; i++)
		mu[i] = 1, s[i] = 1e-20;
	g = gumbel_fit(mu, s, N);
	assert_true(g.q25 == 1 && g.b == 0 && gumbel_quantile(&g, 0.9) == 1);
}

/* ---- through a model --------------------------------------------------------------- */

/* One problem: a model, one more with a pending point, and samples of the maximum. */
struct problem {
	struct gp *model, *joined;
	double tops[4];
	struct max_value v;
};

static void problem_init(struct problem *p, int columns, struct arena *a)
{
	double at[WAVE_D] = {0.4, 0.6, 0.3}, outcome = 0;
	p->model = wave_model(columns, a);
	p->joined = wave_model(1, a);
	assert_int_equal(gp_extend(p->joined, mat_view(at, 1, WAVE_D, 1), mat_view(&outcome, 1, 1, 1),
						 WAVE_NOISE, a, NULL),
		KR_OK);
	for (int k = 0; k < 4; k++)
		p->tops[k] = 1.2 + 0.1 * k;
	p->v = (struct max_value){.family = &max_value_gibbon,
		.model = p->model,
		.noise = WAVE_NOISE,
		.tops = mat_view(p->tops, columns == 2 ? 2 : 4, columns, columns == 2 ? 2 : 4)};
}

static void problem_fini(struct problem *p)
{
	gp_free(p->model);
	gp_free(p->joined);
}

static void gradients_are_differences(void **state)
{
	(void)state;
	struct arena *a = wave_arena();
	for (int columns = 1; columns <= 2; columns++)
		for (int k = 0; k < 3; k++) {
			struct problem p;
			problem_init(&p, columns, a);
			p.v.family = families[k > 0];
			p.v.joined = k == 2 ? p.joined : NULL;
			wave_check_gradient(max_value_eval, &p.v, WAVE_D, 1e-6, a);
			problem_fini(&p);
		}
	arena_free(a);
}

/* A pending point takes the worth of its neighbourhood, and no other's. */
static void pending_points_repel(void **state)
{
	(void)state;
	struct arena *a = wave_arena();
	struct problem p;
	double x[2 * WAVE_D] = {0.4, 0.97, 0.6, 0.03, 0.3, 0.97}, alone[2], with[2];
	struct mat X = mat_view(x, 2, WAVE_D, 2), none = {0};
	problem_init(&p, 1, a);
	assert_int_equal(max_value_eval(&p.v, X, alone, none, a, NULL), KR_OK);
	p.v.joined = p.joined;
	assert_int_equal(max_value_eval(&p.v, X, with, none, a, NULL), KR_OK);
	assert_true(with[0] < alone[0] - 0.1 && with[1] <= alone[1] && alone[1] - with[1] < 0.1);
	assert_int_equal(arena_used(a), 0);
	problem_fini(&p);
	arena_free(a);
}

static void the_fit_of_a_model_is_that_of_its_predictions(void **state)
{
	(void)state;
	struct arena *a = wave_arena();
	struct gp *g = wave_model(1, a);
	double x[6 * WAVE_D], s[6];
	struct mat X = wave_points(x, 6, 5);
	struct gp_batch batch;
	struct gumbel fit, want;
	assert_int_equal(gumbel_fit_model(g, X, &fit, a, NULL), KR_OK);
	assert_int_equal(arena_used(a), 0);
	assert_int_equal(gp_predict(g, X, false, &batch, a, NULL), KR_OK);
	for (int i = 0; i < 6; i++)
		s[i] = sqrt(batch.var[i]);
	want = gumbel_fit(batch.mean.p, s, 6);
	assert_true(fit.a == want.a && fit.b == want.b);
	gp_free(g);
	arena_free(a);
}

static void memory_faults_are_errors(void **state)
{
	(void)state;
	struct arena *a = wave_arena();
	struct problem p;
	problem_init(&p, 1, a);
	p.v.joined = p.joined;
	wave_check_faults(max_value_eval, &p.v, WAVE_D);
	problem_fini(&p);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(moments_are_their_integrals),
		cmocka_unit_test(slopes_of_moments_are_differences),
		cmocka_unit_test(tails_are_smooth_and_finite),
		cmocka_unit_test(families_have_their_slopes),
		cmocka_unit_test(values_are_finite_everywhere),
		cmocka_unit_test(gibbon_is_the_logarithm_of_a_variance),
		cmocka_unit_test(gumbel_has_the_quartiles),
		cmocka_unit_test(extreme_sets_of_points_have_a_maximum),
		cmocka_unit_test(gradients_are_differences),
		cmocka_unit_test(pending_points_repel),
		cmocka_unit_test(the_fit_of_a_model_is_that_of_its_predictions),
		cmocka_unit_test(memory_faults_are_errors),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
