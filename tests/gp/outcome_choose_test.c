/* The choice of a power transform by the evidence of a Gaussian process. */
#include "gp/outcome/outcome.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gp/fit.h"
#include "gp/linalg/blas.h"
#include "tests/gp/reference.h"

enum { TRAIN = 30, TEST = 20, ALL = TRAIN + TEST };

static struct arena *arena;
static struct dataset s;

struct model {
	struct gp_data data;
	struct gp_prior prior;
	double theta[8];
};

static enum kr_status evidence(void *context, const struct outcome *o, const double *z, int n,
	double *nats, struct kr_error *err)
{
	struct model *m = context;
	struct gp_fit_result result;
	enum kr_status st;

	(void)o;
	assert_int_equal(n, TRAIN);
	m->data.y = z;
	st = gp_fit_best(&m->data, &m->prior, NULL, m->theta, &result, arena, err);
	*nats = result.log_posterior;
	return st;
}

/* Sum of the log densities of the outcomes that were kept apart, in raw units:
 * ln N(z(y); mean, sd^2) + ln dz/dy. */
static double score(const struct outcome *o, struct model *m, const double *z, const double *y)
{
	struct gp *g = gp_new(TRAIN, m->data.d, 1);
	struct mat X = mat_view(mat_at(s.data.X, TRAIN, 0), TEST, m->data.d, ALL);
	struct gp_batch batch;
	double sum = 0, nats;

	assert_int_equal(evidence(m, o, z, TRAIN, &nats, NULL), KR_OK);
	assert_int_equal(gp_condition(g, &m->data, m->theta, arena, NULL), KR_OK);
	assert_int_equal(gp_predict(g, X, false, &batch, arena, NULL), KR_OK);
	for (int i = 0; i < TEST; i++) {
		double var = batch.var[i] + gp_noise(g);
		double off = outcome_model_value(o, y[TRAIN + i]) - *mat_at(batch.mean, i, 0);
		sum -= 0.5 * (off * off / var + log(2 * M_PI * var));
		sum += log(outcome_model_sd(o, y[TRAIN + i], 1));
	}
	gp_free(g);
	return sum;
}

/* Smooth outcomes are mostly left as they are; the exponential of smooth ones is bent, and outcomes
 * that the model has not seen are then predicted better. */
static void bent_where_it_helps(void **state)
{
	struct rng r = reference_rng("power by evidence");
	int taken[2] = {0}, better = 0;
	double gained = 0;

	(void)state;
	for (int trial = 0; trial < 60; trial++) {
		struct arena_mark mark = arena_mark(arena);
		double y[ALL], z[TRAIN], plain_z[TRAIN], gain;
		struct outcome o, plain;
		struct model m;

		reference_dataset(&s, ALL, 2, false, &r);
		for (int i = 0; i < ALL; i++) {
			y[i] = s.y[i] + 0.02 * rng_normal(&r);
			y[i] = trial % 2 ? exp(4 * y[i]) : y[i];
		}
		m = (struct model){.data = s.data, .prior = reference_prior(2, arena)};
		m.data.n = TRAIN;
		m.data.X = mat_view(s.data.X.p, TRAIN, 2, ALL);
		assert_int_equal(outcome_fit(&o, false, y, TRAIN, z, arena, NULL), KR_OK);
		plain = o;
		for (int i = 0; i < TRAIN; i++)
			plain_z[i] = z[i];
		assert_int_equal(outcome_choose_power(&o, z, TRAIN, evidence, &m, arena, NULL), KR_OK);
		taken[trial % 2] += o.bend.kind == BEND_POWER;
		gain = score(&o, &m, z, y) - score(&plain, &m, plain_z, y);
		if (o.bend.kind == BEND_NONE)
			assert_true(gain == 0);
		else {
			better += gain > 0;
			gained += gain;
		}
		arena_release(arena, mark);
	}
	print_message("taken %d of 30, skewed %d of 30; better %d, by %.0f nats\n", taken[0], taken[1],
		better, gained);
	assert_true(taken[0] <= 15 && taken[1] >= 25);
	assert_true(better > 0.75 * (taken[0] + taken[1]) && gained > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bent_where_it_helps),
	};
	int failed;

	blas_init();
	arena = arena_new((size_t)1 << 26);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_free(arena);
	return failed;
}
