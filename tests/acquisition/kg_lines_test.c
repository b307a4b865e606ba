/* The expected gain of the best of lines: the definition by quadrature, derivatives by differences,
 * and what no quadrature reaches by identities. Values far out in the tails are golden
 * cases. */
#include "acquisition/function/kg_lines.h"

#include <math.h>
#include <string.h>

#include "gp/special/special.h"
#include "tests/acquisition/cube.h"

enum { SEED = 1729, MOST = 40 };

static struct kg_lines_work work[MOST];

static double log_kg(int k, const double *a, const double *b)
{
	return kg_lines_log(k, a, b, NULL, NULL, work);
}

static void draw(struct rng *r, int k, double *a, double *b)
{
	double spread = exp(2 * rng_normal(r)), ties = rng_uniform(r) < 0.3 ? 2 : 0;

	for (int i = 0; i < k; i++) {
		a[i] = rng_normal(r);
		b[i] = spread * rng_normal(r);
		if (ties > 0) { /* equal slopes and heights, lines through one point */
			a[i] = round(ties * a[i]) / ties;
			b[i] = round(ties * b[i]) / ties;
		}
	}
}

static double largest(int k, const double *x)
{
	double most = x[0];

	for (int i = 1; i < k; i++)
		most = fmax(most, x[i]);
	return most;
}

static double spread(int k, const double *x)
{
	double least = x[0];

	for (int i = 1; i < k; i++)
		least = fmin(least, x[i]);
	return largest(k, x) - least;
}

/* E max_i (a_i + b_i Z) - max_i a_i by the trapezoid rule: kinks cost step^2 of the scale. */
static double by_quadrature(int k, const double *a, const double *b)
{
	const double step = 1e-3, most = largest(k, a);
	double sum = 0;

	for (int t = -10000; t <= 10000; t++) {
		double z = step * t, best = -INFINITY;

		for (int i = 0; i < k; i++)
			best = fmax(best, a[i] - most + b[i] * z);
		sum += best * exp(special_log_pdf(z)) * step;
	}
	return sum;
}

static void the_definition(void **state)
{
	(void)state;
	struct rng r = rng_make(SEED, 0, RNG_TEST, 0);
	double a[MOST], b[MOST];

	print_message("seed %d\n", SEED);
	for (int round = 0; round < 150; round++) {
		int k = 1 + (int)(rng_uniform(&r) * 15);

		draw(&r, k, a, b);
		assert_true(
			fabs(exp(log_kg(k, a, b)) - by_quadrature(k, a, b)) < 2e-6 * (1 + spread(k, b)));
	}
}

static void two_lines_are_a_closed_form(void **state)
{
	(void)state;
	struct rng r = rng_make(SEED, 1, RNG_TEST, 0);

	for (int round = 0; round < 1000; round++) {
		double a[2] = {rng_normal(&r), 100 * rng_normal(&r)}, b[2] = {rng_normal(&r), 0.5};
		double D = fabs(b[0] - b[1]), want = log(D) + special_log_h(-fabs(a[0] - a[1]) / D, NULL);

		assert_true(fabs(log_kg(2, a, b) - want) < 1e-12 * (1 + fabs(want)));
	}
}

/* Shifts, scales, mirrored slopes and the order of lines. */
static void what_changes_nothing(void **state)
{
	(void)state;
	struct rng r = rng_make(SEED, 2, RNG_TEST, 0);
	double a[MOST], b[MOST], c[MOST], d[MOST];

	for (int round = 0; round < 500; round++) {
		int k = 2 + (int)(rng_uniform(&r) * (MOST - 2));
		double value, scale = ldexp(1, (int)(40 * rng_normal(&r)));

		draw(&r, k, a, b);
		value = log_kg(k, a, b);
		for (int i = 0; i < k; i++) { /* another order: every bit the same */
			c[i] = a[k - 1 - i];
			d[i] = b[k - 1 - i];
		}
		assert_true(log_kg(k, c, d) == value);
		for (int i = 0; i < k; i++) {
			c[i] = scale * a[i];
			d[i] = -scale * b[i];
		}
		assert_true(value == -INFINITY ||
			fabs(log_kg(k, c, d) - log(scale) - value) < 1e-11 * (1 + fabs(value)));
		for (int i = 0; i < k; i++) {
			c[i] = a[i] + 1024;
			d[i] = b[i] - 1024; /* the same for all: no information */
		}
		assert_true(value == -INFINITY || value < -50 ||
			fabs(log_kg(k, c, d) - value) < 1e-9 * (1 + value * value));
	}
}

/* A line below the best of now can only add; a copy adds nothing. */
static void more_lines_are_worth_more(void **state)
{
	(void)state;
	struct rng r = rng_make(SEED, 3, RNG_TEST, 0);
	double a[MOST], b[MOST];

	for (int round = 0; round < 1000; round++) {
		int k = 1 + (int)(rng_uniform(&r) * (MOST - 1)), copied = (int)(rng_uniform(&r) * k);
		double before, after;

		draw(&r, k, a, b);
		before = log_kg(k, a, b);
		a[k] = a[copied];
		b[k] = b[copied];
		assert_true(log_kg(k + 1, a, b) == before);
		a[k] = largest(k, a) - exp(rng_normal(&r));
		b[k] = 3 * rng_normal(&r);
		after = log_kg(k + 1, a, b);
		assert_true(after >= before - 1e-12 * (1 + fabs(before)));
	}
}

/* Slopes by differences in log space, from common values to ones that underflow by far. */
static void slopes_are_differences(void **state)
{
	(void)state;
	struct rng r = rng_make(SEED, 4, RNG_TEST, 0);
	double a[MOST], b[MOST], da[MOST], db[MOST];

	for (int round = 0; round < 400; round++) {
		int k = 2 + (int)(rng_uniform(&r) * 12);
		double narrow = round % 2 ? 1 : 0.02, sums[3] = {0}, size = 0;

		for (int i = 0; i < k; i++) {
			a[i] = rng_normal(&r);
			b[i] = narrow * rng_normal(&r);
		}
		double value = kg_lines_log(k, a, b, da, db, work);
		assert_true(value == log_kg(k, a, b));
		for (int i = 0; i < k; i++) {
			for (int in_b = 0; in_b < 2; in_b++) {
				double *at = in_b ? &b[i] : &a[i], was = *at, h = 1e-6 * narrow;
				double got = in_b ? db[i] : da[i], ups, downs;

				*at = was + h;
				ups = log_kg(k, a, b);
				*at = was - h;
				downs = log_kg(k, a, b);
				*at = was;
				/* rounding of the value, and its second derivative at changes of the envelope */
				double noise = 1e-10 * (1 + fabs(value)) / h * 1e-3;
				assert_true(
					fabs((ups - downs) / (2 * h) - got) < 1e-4 * fabs(got) + noise + 1e-5 / narrow);
			}
			sums[0] += da[i]; /* a shift of all changes nothing */
			sums[1] += db[i];
			sums[2] += a[i] * da[i] + b[i] * db[i]; /* KG is homogeneous (Euler) */
			size += fabs(da[i]) + fabs(db[i]);
		}
		assert_true(fabs(sums[0]) < 1e-13 * size && fabs(sums[1]) < 1e-13 * size);
		assert_true(fabs(sums[2] - 1) < 1e-12 * (1 + size));
	}
}

static void nothing_to_gain(void **state)
{
	(void)state;
	double one[] = {3}, flat[] = {0, 0, 0}, a[] = {1, 2, 1.5}, same[] = {-7, -7, -7};
	double da[3] = {9, 9, 9}, db[3] = {9, 9, 9};

	assert_true(kg_lines_log(1, one, one, da, db, work) == -INFINITY);
	assert_true(da[0] == 0 && db[0] == 0);
	assert_true(kg_lines_log(3, a, flat, da, db, work) == -INFINITY);
	assert_true(kg_lines_log(3, a, same, da, db, work) == -INFINITY);
	for (int i = 0; i < 3; i++)
		assert_true(da[i] == 0 && db[i] == 0);
}

static void spreads_of_any_size(void **state)
{
	(void)state;
	static const double scales[] = {1e-300, 1e-150, 1, 1e150, 1e300};
	double da[3], db[3];

	for (int i = 0; i < 5; i++)
		for (int j = 0; j < 5; j++) {
			double a[] = {scales[i], -scales[i], 0}, b[] = {scales[j], 0, -scales[j] / 3};
			double value = kg_lines_log(3, a, b, da, db, work);

			assert_true(!isnan(value) && value < INFINITY);
			assert_true(i > j || isfinite(value));
			/* between the gain without lead and the bound from below by two of the lines */
			assert_true(value <= log(scales[j] * 4 / 3) + 1e-9);
			for (int l = 0; l < 3; l++)
				assert_true(!isnan(da[l]) && !isnan(db[l]));
		}
	/* next to each other: a difference of slopes of one bit */
	double a[] = {0, 0}, b[] = {1, nextafter(1, 2)};
	assert_true(fabs(log_kg(2, a, b) - log(0x1p-52 / sqrt(2 * 3.14159265358979323846))) < 1e-12);
}

static void what_is_not_finite(void **state)
{
	(void)state;
	static const double bad[] = {NAN, INFINITY, -INFINITY};

	for (int i = 0; i < 3; i++)
		for (int in_b = 0; in_b < 2; in_b++) {
			double a[] = {0, 1}, b[] = {2, 3}, da[2], db[2];

			(in_b ? b : a)[1] = bad[i];
			assert_true(isnan(kg_lines_log(2, a, b, da, db, work)));
			assert_true(da[0] == 0 && da[1] == 0 && db[0] == 0 && db[1] == 0);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_definition),
		cmocka_unit_test(two_lines_are_a_closed_form),
		cmocka_unit_test(what_changes_nothing),
		cmocka_unit_test(more_lines_are_worth_more),
		cmocka_unit_test(slopes_are_differences),
		cmocka_unit_test(nothing_to_gain),
		cmocka_unit_test(spreads_of_any_size),
		cmocka_unit_test(what_is_not_finite),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
