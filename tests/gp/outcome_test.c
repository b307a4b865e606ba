#include "gp/outcome/outcome.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "tests/gp/reference.h"

static struct arena *arena;

static struct outcome fit(bool minimize, const double *y, int n, double *z)
{
	struct outcome o;

	assert_int_equal(outcome_fit(&o, minimize, y, n, z, arena, NULL), KR_OK);
	return o;
}

static void moments(const double *z, int n, double *mean, double *sd)
{
	double sum = 0, squares = 0;

	for (int i = 0; i < n; i++)
		sum += z[i] / n;
	for (int i = 0; i < n; i++)
		squares += (z[i] - sum) * (z[i] - sum);
	*mean = sum;
	*sd = sqrt(squares / (n - 1));
}

/* z has mean 0 and sample deviation 1; what was not clipped maps back exactly; better stays
 * better; a clipped value is never worse than it was. */
static void the_good_half_is_only_scaled(void **state)
{
	struct rng r = reference_rng("good half");
	int seen[3] = {0};

	(void)state;
	for (int trial = 0; trial < 600; trial++) {
		int n = 2 + (int)rng_below(&r, 60);
		bool minimize = trial % 2;
		double y[62], z[62], mean, sd, sorted[62] = {0};
		struct outcome o;

		for (int i = 0; i < n; i++) {
			y[i] = rng_normal(&r);
			if (trial % 3 == 1)
				y[i] = (minimize ? 1 : -1) * exp(3 * y[i]); /* a heavy bad side */
			if (trial % 3 == 2)
				y[i] = y[i] * y[i] * y[i];
		}
		o = fit(minimize, y, n, z);
		seen[o.tail]++;
		moments(z, n, &mean, &sd);
		assert_near(mean, 0, 1e-12);
		assert_near(sd, 1, 1e-12);
		for (int i = 0; i < n; i++) { /* the median, by selection */
			int below = 0;

			for (int j = 0; j < n; j++)
				below += z[j] < z[i] || (z[j] == z[i] && j < i);
			sorted[below] = z[i];
		}
		for (int i = 0; i < n; i++) {
			double back = outcome_raw_value(&o, z[i]);

			bool cut = o.tail == OUTCOME_CLIP ||
				(o.tail == OUTCOME_LOG && fabs(y[i] - o.middle) > 2900 * o.spread);
			if (z[i] >= sorted[n / 2] || !cut)
				assert_near(back, y[i], 1e-9);
			assert_near(outcome_model_value(&o, y[i]), z[i], 1e-9);
			if (cut)
				assert_true((minimize ? y[i] - back : back - y[i]) >= -1e-9 * (1 + fabs(y[i])));
			for (int j = 0; j < n; j++)
				if (minimize ? y[i] < y[j] : y[i] > y[j])
					assert_true(z[i] >= z[j] - 1e-12);
		}
		if (n < 8)
			assert_int_equal(o.tail, OUTCOME_PLAIN);
	}
	assert_true(seen[OUTCOME_PLAIN] && seen[OUTCOME_CLIP] && seen[OUTCOME_LOG]);
}

/* Computed by hand: 5 good values 0..4 about the median 0, bad ones -1, -100 (twice),
 * -1000; g = sqrt(30/5), b is far above 3 g. sqrt 6 ln(1 + y / sqrt 6) for y = 1, 100, 1000. */
static void the_logarithm_by_hand(void **state)
{
	const double y[9] = {0, -100, 1, 2, -1, 3, 4, -1000, -100};
	const double u[9] = {0, -9.145145850501073, 1, 2, -0.8385744480627747, 3, 4,
		-14.732020144327487, -9.145145850501073};
	double z[9];
	struct outcome o = fit(false, y, 9, z);

	(void)state;
	assert_int_equal(o.tail, OUTCOME_LOG);
	for (int i = 0; i < 9; i++) {
		assert_near(o.shift + o.scale * z[i], u[i], 1e-12);
		assert_near(outcome_raw_value(&o, z[i]), y[i], 1e-12);
		assert_near(outcome_model_value(&o, y[i]), z[i], 1e-12);
	}
	/* no kink in the median, 8 g at most */
	assert_near((outcome_model_value(&o, -1e-6) - z[0]) * o.scale / -1e-6, 1, 1e-6);
	assert_near(o.shift + o.scale * outcome_model_value(&o, -1e9), -8 * sqrt(6), 1e-12);
	assert_near(o.shift + o.scale * outcome_model_value(&o, -DBL_MAX), -8 * sqrt(6), 1e-12);
	/* 20 g: straight on from 8 g, sqrt 6 (e^8 - 1 + 12 e^8), not sqrt 6 (e^20 - 1) */
	assert_near(
		outcome_raw_value(&o, (-20 * sqrt(6) - o.shift) / o.scale) / -94921.28867829914, 1, 1e-12);
	/* half the distance between the raw quantiles */
	assert_near(outcome_raw_sd(&o, 0.5 * (z[2] + z[7]), 0.5 * (z[2] - z[7])), 500.5, 1e-9);
	assert_near(outcome_raw_sd(&o, z[6], z[6] - z[3]), 2, 1e-12);
}

/* Quartiles of 0..11 and -6: by hand (type 7) Q1 = 2, Q3 = 8, fence 2 - 9 = -7: plain;
 * with -9 in its place the fence stays and -9 becomes -7. */
static void the_fence_by_hand(void **state)
{
	double y[13] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, -6}, z[13];
	struct outcome o = fit(false, y, 13, z);

	(void)state;
	assert_int_equal(o.tail, OUTCOME_PLAIN);
	y[12] = -9;
	o = fit(false, y, 13, z);
	assert_int_equal(o.tail, OUTCOME_CLIP);
	assert_near(outcome_raw_value(&o, z[12]), -7, 1e-12);
	for (int i = 0; i < 13; i++)
		y[i] = -y[i];
	o = fit(true, y, 13, z);
	assert_near(outcome_raw_value(&o, z[12]), 7, 1e-12);
}

static void constant_data_become_zeros(void **state)
{
	const double values[] = {0, 1, -3.7, 1e300, -1e-300, DBL_MAX, 5e-324};
	double y[40], z[40];

	(void)state;
	for (size_t v = 0; v < sizeof(values) / sizeof(*values); v++)
		for (int n = 1; n <= 40; n += 13) {
			struct outcome o;

			for (int i = 0; i < n; i++)
				y[i] = values[v];
			o = fit(false, y, n, z);
			for (int i = 0; i < n; i++)
				assert_true(z[i] == 0);
			assert_true(o.scale == 1);
			assert_near(outcome_raw_value(&o, 0) / fmax(1, fabs(values[v])),
				values[v] / fmax(1, fabs(values[v])), 1e-15);
		}
}

static void zero_has_no_sign(void **state)
{
	double y[3] = {0}, z[3];
	struct outcome o = fit(true, y, 3, z);

	(void)state;
	assert_false(signbit(outcome_raw_value(&o, 0)));
}

/* The smallest doubles there are: their deviation rounds to 0, and is divided by. */
static void subnormal_data_have_a_scale(void **state)
{
	enum { N = 14 };
	struct arena *a = arena_new(1 << 20);

	(void)state;
	for (int ones = 1; ones < N; ones++) {
		double y[N] = {0}, z[N];
		struct outcome o;

		for (int i = 0; i < ones; i++)
			y[i] = 5e-324;
		assert_int_equal(outcome_fit(&o, true, y, N, z, a, NULL), KR_OK);
		assert_true(o.scale > 0);
		for (int i = 0; i < N; i++) {
			assert_true(isfinite(z[i]));
			assert_true(isfinite(outcome_model_value(&o, y[i])));
			assert_true(fabs(outcome_raw_value(&o, z[i])) <= 1e-322);
		}
	}
	arena_free(a);
}

/* The model sees the same whatever the units are, from 1e-300 to 1e300. */
static void units_do_not_matter(void **state)
{
	struct rng r = reference_rng("units");
	const double units[] = {1e-300, 1e-8, 1, 1e8, 1e300, 1.5e307};

	(void)state;
	for (int trial = 0; trial < 60; trial++) {
		int n = 2 + (int)rng_below(&r, 40);
		double y[41], z[41], scaled[41], zs[41];
		struct outcome o, os;

		for (int i = 0; i < n; i++)
			y[i] = trial % 2 ? rng_normal(&r) : -exp(rng_normal(&r));
		o = fit(trial % 3 == 0, y, n, z);
		for (size_t u = 0; u < sizeof(units) / sizeof(*units); u++) {
			bool finite = true;

			for (int i = 0; i < n; i++) {
				scaled[i] = y[i] * units[u];
				finite = finite && isfinite(scaled[i]);
			}
			if (!finite)
				continue;
			os = fit(trial % 3 == 0, scaled, n, zs);
			assert_int_equal(os.tail, o.tail);
			for (int i = 0; i < n; i++) {
				assert_near(zs[i], z[i], 1e-9);
				assert_true(isfinite(outcome_raw_value(&os, zs[i])));
			}
			assert_near(outcome_raw_sd(&os, 3, 0.5) / units[u], outcome_raw_sd(&o, 3, 0.5), 1e-9);
		}
	}
}

/* However large a penalty is, the model sees what it saw before. */
static void penalties_have_no_size(void **state)
{
	const double penalties[] = {1e4, 1e15, 3.4e38, 1e150, 1e300, DBL_MAX};
	struct rng r = reference_rng("penalties");
	double y[20], z[20], first[20];

	(void)state;
	for (int i = 0; i < 20; i++)
		y[i] = rng_normal(&r);
	for (int k = 0; k < 6; k++) {
		struct outcome o;

		y[3] = y[11] = penalties[k];
		o = fit(true, y, 20, z);
		assert_int_equal(o.tail, OUTCOME_LOG);
		for (int i = 0; i < 20; i++)
			if (i != 3 && i != 11)
				assert_near(outcome_raw_value(&o, z[i]), y[i], 1e-12);
		assert_true(outcome_raw_value(&o, z[3]) > 1000 && outcome_raw_value(&o, z[3]) < 1e4);
		if (k == 0)
			memcpy(first, z, sizeof(z));
		assert_memory_equal(first, z, sizeof(z));
	}
}

static void what_is_beyond_the_numbers_stops_at_the_last(void **state)
{
	const double y[2] = {DBL_MAX, -DBL_MAX};
	double z[2];
	struct outcome o = fit(true, y, 2, z);

	(void)state;
	assert_near(z[0], -sqrt(0.5), 1e-15);
	assert_near(z[1], sqrt(0.5), 1e-15);
	assert_true(outcome_raw_value(&o, 10) == -DBL_MAX);
	assert_true(outcome_raw_value(&o, -10) == DBL_MAX);
	assert_true(outcome_raw_sd(&o, 0, 10) == DBL_MAX);
}

/* Where a value stands to its bound is the same before and after, whatever was cut. */
static void bounds_keep_their_sides(void **state)
{
	struct rng r = reference_rng("bounds");

	(void)state;
	for (int trial = 0; trial < 300; trial++) {
		int n = 1 + (int)rng_below(&r, 40);
		double y[40], z[40], unit = exp(40 * (rng_uniform(&r) - 0.5));
		double lower = trial % 3 == 0 ? -INFINITY : -unit * rng_uniform(&r);
		double upper = trial % 3 == 1 ? INFINITY : unit * rng_uniform(&r);
		struct outcome o;

		for (int i = 0; i < n; i++)
			y[i] = trial % 2 ? unit * rng_normal(&r) : unit * rng_normal(&r) / rng_uniform(&r);
		if (trial % 5 == 0)
			y[0] = trial % 3 ? lower : upper;
		outcome_fit_bounded(&o, y, n, lower, upper, z);
		for (int i = 0; i < n; i++) {
			assert_true((y[i] <= upper) == (z[i] <= outcome_model_value(&o, upper)));
			assert_true((y[i] >= lower) == (z[i] >= outcome_model_value(&o, lower)));
			assert_true(o.tail == OUTCOME_CLIP || z[i] == outcome_model_value(&o, y[i]));
		}
	}
}

/* Ten values 0 .. 9 and one far above: Q1 = 2.5, Q3 = 7.5. */
static void the_far_side_of_a_bound_is_cut(void **state)
{
	double y[11] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 1e6}, z[11], low[11];
	struct outcome o;

	(void)state;
	outcome_fit_bounded(&o, y, 11, -INFINITY, 5, z);
	assert_int_equal(o.tail, OUTCOME_CLIP);
	assert_near(z[10], outcome_model_value(&o, 7.5 + 1.5 * 5), 1e-12);
	outcome_fit_bounded(&o, y, 11, -INFINITY, 20, z); /* the bound is farther than Q3 */
	assert_near(z[10], outcome_model_value(&o, 20 + 1.5 * 17.5), 1e-12);
	outcome_fit_bounded(&o, y, 11, 2, INFINITY, z); /* the far side is the good one */
	assert_int_equal(o.tail, OUTCOME_PLAIN);
	for (int i = 0; i < 11; i++)
		y[i] = -y[i];
	outcome_fit_bounded(&o, y, 11, -5, INFINITY, low);
	assert_int_equal(o.tail, OUTCOME_CLIP);
	assert_near(low[10], outcome_model_value(&o, -15), 1e-12);
}

/* Numbers with few digits left have no scale that leads from one to the other. */
static void data_below_the_normal_numbers_are_constant(void **state)
{
	double y[12], z[12];
	struct outcome o;

	(void)state;
	for (int n = 2; n <= 12; n += 5) {
		for (int i = 0; i < n; i++)
			y[i] = 5e-324 * (i % 3);
		o = fit(false, y, n, z);
		for (int i = 0; i < n; i++) {
			assert_true(z[i] == 0);
			assert_near(outcome_model_value(&o, y[i]), 0, 1e-300);
		}
		assert_true(o.scale == 1 && isfinite(outcome_raw_value(&o, 1)));
	}
}

static void constant_bounded_data_are_measured_by_the_bound(void **state)
{
	const double y[3] = {4, 4, 4};
	double z[3];
	struct outcome o;

	(void)state;
	outcome_fit_bounded(&o, y, 3, -INFINITY, 4.25, z);
	assert_true(z[0] == 0 && z[2] == 0);
	assert_near(outcome_model_value(&o, 4.25), 1, 1e-14);
	outcome_fit_bounded(&o, y, 3, 3, 4, z); /* on a bound */
	assert_true(z[0] == 0 && outcome_model_value(&o, 4) == 0 && o.scale == 1);
}

/* Values that differ by rounding only count as constant; z stays small whatever their size. */
static void almost_constant_bounded_data_stay_small(void **state)
{
	const double sizes[] = {1e-300, 1, 1e300};
	double y[10], z[10];
	struct outcome o;

	(void)state;
	for (int k = 0; k < 3; k++) {
		for (int i = 0; i < 10; i++)
			y[i] = sizes[k] * (1 + i * 0x1p-50);
		outcome_fit_bounded(&o, y, 10, -INFINITY, INFINITY, z);
		for (int i = 0; i < 10; i++)
			assert_true(fabs(z[i]) <= 1);
		outcome_fit_bounded(&o, y, 10, -INFINITY, y[4], z);
		for (int i = 0; i < 10; i++) {
			assert_true(fabs(z[i]) <= 1 + 1e-12);
			assert_true((z[i] <= outcome_model_value(&o, y[4])) == (i <= 4));
		}
	}
}

/* Bilog, by its definition in units of the deviation, standardized again. */
static void bilog_by_its_definition(void **state)
{
	double y[6] = {-4, 0, 1, 2, 3, 30}, s[6], z[6], f[6], mean, sd;
	struct outcome o;

	(void)state;
	outcome_fit_bounded(&o, y, 6, -INFINITY, 1.5, s);
	for (int i = 0; i < 6; i++) {
		double gap = (y[i] - 1.5) / o.scale;
		f[i] = gap > 0 ? log(1 + gap) : -log(1 - gap);
	}
	moments(f, 6, &mean, &sd);
	memcpy(z, s, sizeof(z));
	outcome_bilog(&o, y, 6, -INFINITY, 1.5, z);
	assert_int_equal(o.bend.kind, BEND_BILOG);
	for (int i = 0; i < 6; i++) {
		assert_near(z[i], (f[i] - mean) / sd, 1e-13);
		assert_near(outcome_raw_value(&o, z[i]), y[i], 1e-13);
	}
	assert_near(outcome_model_value(&o, 1.5), -mean / sd, 1e-13);
}

/* Sides of bounds, bent or not, next to the bound too; the inverse is exact where nothing was cut. */
static void bilog_keeps_sides(void **state)
{
	struct rng r = reference_rng("bilog");
	int bent = 0;

	(void)state;
	for (int trial = 0; trial < 1000; trial++) {
		int n = 1 + (int)rng_below(&r, 40);
		double y[40], z[40], unit = exp(40 * (rng_uniform(&r) - 0.5)), spread;
		double upper = trial % 3 == 1 ? INFINITY : unit * rng_normal(&r);
		double lower = trial % 3 == 0 ? -INFINITY
									  : fmin(upper, unit) - unit * exp(3 * rng_normal(&r));
		struct outcome o;

		for (int i = 0; i < n; i++) {
			y[i] = trial % 2 ? unit * rng_normal(&r) : unit * rng_normal(&r) / rng_uniform(&r);
			if (rng_below(&r, 6) == 0 && isfinite(lower))
				y[i] = nextafter(lower, rng_below(&r, 2) ? INFINITY : -INFINITY);
			if (rng_below(&r, 6) == 0 && isfinite(upper))
				y[i] = nextafter(upper, rng_below(&r, 2) ? INFINITY : -INFINITY);
		}
		outcome_fit_bounded(&o, y, n, lower, upper, z);
		spread = o.scale;
		outcome_bilog(&o, y, n, lower, upper, z);
		bent += o.bend.kind == BEND_BILOG;
		for (int i = 0; i < n; i++) {
			assert_true(isfinite(z[i]));
			assert_true((y[i] <= upper) == (z[i] <= outcome_model_value(&o, upper)));
			assert_true((y[i] >= lower) == (z[i] >= outcome_model_value(&o, lower)));
			if (y[i] >= o.cut_low && y[i] <= o.cut_high)
				assert_true(
					fabs(outcome_raw_value(&o, z[i]) - y[i]) <= 1e-11 * (spread + fabs(y[i])));
		}
	}
	assert_true(bent > 900);
}

/* Evidence that says what it is told. */
struct told {
	double plain, bent;
	int asked;
};

static enum kr_status tell(void *context, const struct outcome *o, const double *z, int n,
	double *nats, struct kr_error *err)
{
	struct told *t = context;

	(void)z, (void)n;
	t->asked++;
	*nats = o->bend.kind == BEND_NONE ? t->plain : t->bent;
	return *nats == 13 ? kr_fail(err, KR_ENOTPD, "unlucky") : KR_OK;
}

/* Independent and normal: the evidence that power_fit maximizes. */
static enum kr_status independent(void *context, const struct outcome *o, const double *z, int n,
	double *nats, struct kr_error *err)
{
	(void)context, (void)o, (void)err;
	*nats = 0;
	for (int i = 0; i < n; i++)
		*nats -= 0.5 * z[i] * z[i] + 0.5 * log(2 * M_PI);
	return KR_OK;
}

/* A power is taken when it gains more than two nats, its Jacobian counted; else nothing changes. */
static void a_power_has_to_earn_its_place(void **state)
{
	struct rng r = reference_rng("power chosen");

	(void)state;
	for (int trial = 0; trial < 200; trial++) {
		int n = 10 + (int)rng_below(&r, 40);
		double y[50], z[50], before[50], jacobian = 0;
		struct told t = {0};
		struct outcome o, plain;

		for (int i = 0; i < n; i++)
			y[i] = trial % 2 ? exp(rng_normal(&r)) : rng_normal(&r);
		plain = o = fit(trial % 3 == 0, y, n, z);
		memcpy(before, z, sizeof(z));
		assert_int_equal(outcome_choose_power(&o, z, n, tell, &t, arena, NULL), KR_OK);
		assert_int_equal(t.asked, 2);
		jacobian = o.gain;
		t.bent = 1.99 - jacobian;
		o = plain;
		memcpy(z, before, sizeof(z));
		assert_int_equal(outcome_choose_power(&o, z, n, tell, &t, arena, NULL), KR_OK);
		assert_near(o.gain, 1.99, 1e-12);
		assert_int_equal(o.bend.kind, BEND_NONE);
		assert_memory_equal(z, before, sizeof(*z) * (size_t)n);
		t.bent = 2.01 - jacobian;
		assert_int_equal(outcome_choose_power(&o, z, n, tell, &t, arena, NULL), KR_OK);
		assert_int_equal(o.bend.kind, BEND_POWER);
		for (int i = 0; i < n; i++) {
			double s = before[i];
			jacobian -= bend_log_slope(&o.bend, s);
			assert_near(bend_value(&o.bend, s), z[i], 1e-12);
			assert_near(bend_inverse(&o.bend, z[i]), s, 1e-11);
			assert_near(outcome_model_value(&o, outcome_raw_value(&o, z[i])), z[i], 1e-9);
			if (o.tail != OUTCOME_CLIP)
				assert_near(outcome_raw_value(&o, z[i]), y[i], 1e-9);
		}
		assert_near(jacobian, 0, 1e-10); /* d z = slope d s, summed in logarithms */
		t.bent = 13;
		plain = o;
		plain.bend = (struct bend){0};
		o = plain;
		assert_int_equal(outcome_choose_power(&o, before, n, tell, &t, arena, NULL), KR_ENOTPD);
		assert_memory_equal(&o, &plain, sizeof(o));
	}
}

/* Lognormal data are found to be, normal ones are left alone; with exact noise of an independent
 * model the gain is that of the likelihoods. */
static void skewed_data_are_bent(void **state)
{
	struct rng r = reference_rng("skewed");
	int taken[2] = {0};

	(void)state;
	for (int trial = 0; trial < 200; trial++) {
		double y[60], z[60];
		struct outcome o;

		for (int i = 0; i < 60; i++)
			y[i] = trial % 2 ? exp(rng_normal(&r)) : rng_normal(&r);
		o = fit(false, y, 60, z);
		assert_int_equal(outcome_choose_power(&o, z, 60, independent, NULL, arena, NULL), KR_OK);
		taken[trial % 2] += o.bend.kind == BEND_POWER;
	}
	assert_true(taken[0] < 20 && taken[1] > 90);
}

/* Raw quantiles keep their order and are finite, ten deviations beyond the data too; the
 * deviation is half the distance of two of them; a raw deviation in model units is the slope. */
static void quantiles_go_there_and_back(void **state)
{
	struct rng r = reference_rng("quantiles");

	(void)state;
	for (int trial = 0; trial < 300; trial++) {
		int n = 2 + (int)rng_below(&r, 40);
		bool minimize = trial % 2;
		double y[41], z[41], before = minimize ? INFINITY : -INFINITY;
		double unit = exp(30 * rng_normal(&r));
		struct told t = {0, 1e9, 0};
		struct outcome o;

		for (int i = 0; i < n; i++)
			y[i] = unit * (trial % 3 ? exp(2 * rng_normal(&r)) : rng_normal(&r) / rng_uniform(&r));
		o = fit(minimize, y, n, z);
		assert_int_equal(outcome_choose_power(&o, z, n, tell, &t, arena, NULL), KR_OK);
		assert_int_equal(o.bend.kind, BEND_POWER);
		for (double q = -12; q <= 12; q += 0.25) {
			double raw = outcome_raw_value(&o, q), sd = outcome_raw_sd(&o, q, 0.5), h = 1e-4;
			double left = outcome_raw_value(&o, q - 0.5), right = outcome_raw_value(&o, q + 0.5);
			assert_true(isfinite(raw) && (minimize ? raw <= before : raw >= before));
			assert_true(isfinite(sd) && sd > 0);
			assert_near(sd / unit, 0.5 * fabs(right / unit - left / unit), 1e-12);
			if ((raw >= o.cut_low || o.minimize) && o.tail == OUTCOME_PLAIN) {
				assert_near(outcome_model_value(&o, raw), q, 1e-9);
				double slope = fabs(outcome_raw_value(&o, q + h) - outcome_raw_value(&o, q - h));
				assert_near(outcome_model_sd(&o, raw, slope) / (2 * h), 1, 1e-2);
			}
			before = raw;
		}
	}
}

static void what_was_done_is_said(void **state)
{
	const double skewed[9] = {0, -100, 1, 2, -1, 3, 4, -1000, -100};
	double y[13] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, -9}, minus[9], z[13];
	struct told t = {0, 1e6, 0};
	struct outcome o;
	char text[200], cut[12];

	(void)state;
	for (int i = 0; i < 9; i++)
		minus[i] = -skewed[i];
	o = fit(true, minus, 9, z);
	outcome_describe(&o, text, sizeof(text));
	assert_memory_equal(text, "minimize; logarithm above the median 0; standardized: mean ", 59);
	outcome_describe(&o, cut, sizeof(cut));
	assert_string_equal(cut, "minimize; l");
	o = fit(false, y, 13, z);
	outcome_describe(&o, text, sizeof(text));
	assert_string_equal(text, "maximize; cut below -7; standardized: mean 4.538, deviation 4.892");
	assert_int_equal(outcome_choose_power(&o, z, 13, tell, &t, arena, NULL), KR_OK);
	outcome_describe(&o, text, sizeof(text));
	assert_non_null(strstr(text, "deviation 4.892; Yeo-Johnson, lambda 1."));
	assert_non_null(strstr(text, ", better by 10000"));
	y[12] = 1e6;
	outcome_fit_bounded(&o, y, 13, -INFINITY, 5, z);
	outcome_bilog(&o, y, 13, -INFINITY, 5, z);
	outcome_describe(&o, text, sizeof(text));
	assert_string_equal(text,
		"with bounds; cut above 18; standardized: mean 6.462, deviation "
		"4.892; logarithm of the distance from the bound");
}

static void memory_may_run_out(void **state)
{
	double y[100] = {1}, z[100], before[100];
	struct told t = {0, 1e6, 0};
	struct outcome o, plain;
	struct arena *a = arena_new(64);

	(void)state;
	assert_int_equal(outcome_fit(&o, true, y, 100, z, a, NULL), KR_ENOMEM);
	plain = o = fit(true, y, 100, z);
	memcpy(before, z, sizeof(z));
	assert_int_equal(outcome_choose_power(&o, z, 100, tell, &t, a, NULL), KR_ENOMEM);
	assert_memory_equal(&o, &plain, sizeof(o));
	assert_memory_equal(before, z, sizeof(z));
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_good_half_is_only_scaled),
		cmocka_unit_test(the_logarithm_by_hand),
		cmocka_unit_test(the_fence_by_hand),
		cmocka_unit_test(constant_data_become_zeros),
		cmocka_unit_test(data_below_the_normal_numbers_are_constant),
		cmocka_unit_test(units_do_not_matter),
		cmocka_unit_test(penalties_have_no_size),
		cmocka_unit_test(what_is_beyond_the_numbers_stops_at_the_last),
		cmocka_unit_test(bounds_keep_their_sides),
		cmocka_unit_test(the_far_side_of_a_bound_is_cut),
		cmocka_unit_test(constant_bounded_data_are_measured_by_the_bound),
		cmocka_unit_test(almost_constant_bounded_data_stay_small),
		cmocka_unit_test(bilog_by_its_definition),
		cmocka_unit_test(bilog_keeps_sides),
		cmocka_unit_test(a_power_has_to_earn_its_place),
		cmocka_unit_test(skewed_data_are_bent),
		cmocka_unit_test(quantiles_go_there_and_back),
		cmocka_unit_test(what_was_done_is_said),
		cmocka_unit_test(subnormal_data_have_a_scale),
		cmocka_unit_test(zero_has_no_sign),
		cmocka_unit_test(memory_may_run_out),
	};
	int failed;

	arena = arena_new(1 << 20);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	arena_free(arena);
	return failed;
}
