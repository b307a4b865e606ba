#include "acquisition/search/ascend.h"

#include <math.h>
#include <string.h>

#include "tests/acquisition/cube.h"

enum { SEED = 5150, MOST = 8 };

/* -sum w_i (x_i - c_i)^2 with couplings; the maximum of the box is where the projected
 * gradient is zero. */
struct bowl {
	int d, calls;
	double centre[MOST], weight[MOST], coupling;
};

static enum kr_status bowl(void *ctx, struct mat X, double *value, struct mat D,
	struct arena *scratch, struct kr_error *err)
{
	struct bowl *q = ctx;
	(void)scratch, (void)err;
	q->calls++;
	for (int i = 0; i < X.rows; i++) {
		double sum = 0;
		value[i] = 0;
		for (int j = 0; j < q->d; j++)
			sum += *mat_at(X, i, j) - q->centre[j];
		for (int j = 0; j < q->d; j++) {
			double z = *mat_at(X, i, j) - q->centre[j];
			value[i] -= q->weight[j] * z * z;
			if (D.p)
				*mat_at(D, i, j) = -2 * q->weight[j] * z - 2 * q->coupling * sum;
		}
		value[i] -= q->coupling * sum * sum;
	}
	return KR_OK;
}

static struct arena *arena;

static int set_up(void **state)
{
	(void)state;
	arena = arena_new(1 << 26);
	return arena == NULL;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static void run(struct ascend *a)
{
	bool more = true;
	while (more)
		assert_int_equal(ascend_step(a, &more, arena, NULL), KR_OK);
}

/* Largest |projected gradient| at start i. */
static double stationarity(
	struct bowl *q, const struct ascend *a, int i, const unsigned char *moving)
{
	double value, g[MOST] = {0}, worst = 0;
	struct mat X = mat_view(a->x + (size_t)i * (size_t)a->d, 1, a->d, 1);
	bowl(q, X, &value, mat_view(g, 1, a->d, 1), NULL, NULL);
	assert_true(value == a->f[i]);
	for (int j = 0; j < a->d; j++) {
		double x = *mat_at(X, 0, j);
		if (moving[j] && !(x <= 0 && g[j] < 0) && !(x >= 1 && g[j] > 0))
			worst = fmax(worst, fabs(g[j]));
	}
	return worst;
}

static void quadratics_end_at_a_stationary_point_of_the_box(void **state)
{
	(void)state;
	struct rng r = rng_make(SEED, 0, RNG_TEST, 0);
	print_message("seed %d\n", SEED);
	for (int round = 0; round < 200; round++) {
		struct bowl q = {.d = 1 + (int)rng_below(&r, MOST), .coupling = 5 * rng_uniform(&r)};
		unsigned char moving[MOST];
		double scale[MOST], x[3 * MOST] = {0}, x0[3 * MOST] = {0}, f[3];
		for (int j = 0; j < q.d; j++) {
			q.centre[j] = 1.6 * rng_uniform(&r) - 0.3; /* sometimes outside */
			q.weight[j] = pow(10, 4 * rng_uniform(&r) - 2);
			scale[j] = fmin(1, 1 / sqrt(q.weight[j]));
			moving[j] = rng_below(&r, 5) > 0;
		}
		for (int k = 0; k < 3 * q.d; k++)
			x0[k] = x[k] = rng_uniform(&r);
		for (int i = 0; i < 3; i++)
			bowl(&q, mat_view(x + i * q.d, 1, q.d, 1), &f[i], (struct mat){0}, NULL, NULL);
		struct ascend_options o = {
			.moving = moving, .scale = scale, .iterations = 200, .tolerance = 1e-6};
		struct ascend_function function = {bowl, &q};
		struct ascend *a = ascend_new(&function, &o, q.d, 3, x, f, arena);
		run(a);
		for (int i = 0; i < 3; i++) {
			assert_true(stationarity(&q, a, i, moving) < 2e-5);
			for (int j = 0; j < q.d; j++) {
				assert_true(x[i * q.d + j] >= 0 && x[i * q.d + j] <= 1);
				if (!moving[j])
					assert_true(x[i * q.d + j] == x0[i * q.d + j]);
			}
		}
		arena_reset(arena);
	}
}

/* The curved valley of Rosenbrock's function in [-2, 2]^2, maximum 0 at (1, 1). */
static enum kr_status valley(void *ctx, struct mat X, double *value, struct mat D,
	struct arena *scratch, struct kr_error *err)
{
	(void)scratch, (void)err;
	*(int *)ctx += X.rows;
	for (int i = 0; i < X.rows; i++) {
		double a = 4 * *mat_at(X, i, 0) - 2, b = 4 * *mat_at(X, i, 1) - 2, c = b - a * a;
		value[i] = -100 * c * c - (1 - a) * (1 - a);
		if (D.p) {
			*mat_at(D, i, 0) = 4 * (400 * a * c + 2 * (1 - a));
			*mat_at(D, i, 1) = 4 * -200 * c;
		}
	}
	return KR_OK;
}

static void a_curved_valley_is_followed_to_its_end(void **state)
{
	(void)state;
	static const unsigned char moving[2] = {1, 1};
	static const double scale[2] = {0.3, 0.3};
	double x[6] = {0.2, 0.75, 0.1, 0.1, 0.95, 0.05}, f[3] = {-1e9, -1e9, -1e9};
	int evaluations = 0;
	struct ascend_options o = {
		.moving = moving, .scale = scale, .iterations = 300, .tolerance = 1e-8};
	struct ascend_function function = {valley, &evaluations};
	struct ascend *a = ascend_new(&function, &o, 2, 3, x, f, arena);
	run(a);
	for (int i = 0; i < 3; i++) {
		assert_true(fabs(x[2 * i] - 0.75) < 1e-7 && fabs(x[2 * i + 1] - 0.75) < 1e-7);
		assert_true(f[i] > -1e-12);
	}
	assert_int_equal(evaluations, a->evaluations);
	assert_in_range(evaluations, 1, 300);
}

static void a_start_does_not_depend_on_its_neighbours(void **state)
{
	(void)state;
	struct bowl q = {.d = 3, .centre = {0.2, 1.4, 0.5}, .weight = {1, 30, 5}, .coupling = 3};
	static const unsigned char moving[3] = {1, 1, 1};
	static const double scale[3] = {1, 0.2, 0.5};
	double many[12], alone[3], f[4], f1;
	struct rng r = rng_make(SEED, 1, RNG_TEST, 0);
	struct ascend_options o = {
		.moving = moving, .scale = scale, .iterations = 50, .tolerance = 1e-9};
	struct ascend_function function = {bowl, &q};
	for (int k = 0; k < 12; k++)
		many[k] = rng_uniform(&r);
	memcpy(alone, many + 6, sizeof(alone));
	for (int i = 0; i < 4; i++)
		bowl(&q, mat_view(many + 3 * i, 1, 3, 1), &f[i], (struct mat){0}, NULL, NULL);
	f1 = f[2];
	run(ascend_new(&function, &o, 3, 4, many, f, arena));
	run(ascend_new(&function, &o, 3, 1, alone, &f1, arena));
	assert_memory_equal(alone, many + 6, sizeof(alone));
	assert_memory_equal(&f1, &f[2], sizeof(f1));
}

/* Beyond x = 1/2 there is no function. */
static enum kr_status cliff(void *ctx, struct mat X, double *value, struct mat D,
	struct arena *scratch, struct kr_error *err)
{
	(void)ctx, (void)scratch, (void)err;
	for (int i = 0; i < X.rows; i++) {
		double x = *mat_at(X, i, 0);
		value[i] = x > 0.5 ? NAN : x;
		if (D.p)
			*mat_at(D, i, 0) = x > 0.5 ? NAN : 1;
	}
	return KR_OK;
}

static void nan_is_never_entered(void **state)
{
	(void)state;
	static const unsigned char moving[1] = {1};
	static const double scale[1] = {1};
	double x[2] = {0.1, 0.7}, f[2] = {0.1, -1e9};
	struct ascend_options o = {
		.moving = moving, .scale = scale, .iterations = 100, .tolerance = 1e-6};
	struct ascend_function function = {cliff, NULL};
	struct ascend *a = ascend_new(&function, &o, 1, 2, x, f, arena);
	run(a);
	assert_true(x[0] > 0.4999 && x[0] <= 0.5 && f[0] == x[0]);
	assert_true(x[1] == 0.7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			quadratics_end_at_a_stationary_point_of_the_box, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_curved_valley_is_followed_to_its_end, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_start_does_not_depend_on_its_neighbours, set_up, tear_down),
		cmocka_unit_test_setup_teardown(nan_is_never_entered, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
