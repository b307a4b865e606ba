#include "acquisition/space/space.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "tests/acquisition/cube.h"

enum { SEED = 20250117, SPACES = 2000, POINTS = 20 };

static double value_of(const struct space *s, double coord)
{
	double v;
	space_decode(s, &coord, &v);
	return v;
}

static double coord_of(const struct space *s, double value)
{
	double c;
	space_encode(s, &value, &c);
	return c;
}

static void grid_values_come_back_bit_for_bit(void **state)
{
	(void)state;
	struct rng r = rng_make(SEED, 0, RNG_TEST, 0);
	print_message("seed %d\n", SEED);
	for (int i = 0; i < SPACES; i++) {
		struct space_param p = cube_param(&r);
		struct space *s = cube_space(&p, 1);
		double levels = space_levels(s, 0);
		for (int j = 0; j < POINTS && isfinite(levels); j++) {
			double k = j < 2 ? (j ? levels - 1 : 0) : floor(rng_uniform(&r) * levels);
			double c = space_level_coord(s, 0, k);
			double v = value_of(s, c);
			assert_true(space_level(s, 0, v) == k);
			assert_true(coord_of(s, v) == c);
			assert_true(value_of(s, coord_of(s, v)) == v);
			assert_int_equal(space_check(s, 0, v, NULL), KR_OK);
		}
		space_free(s);
	}
}

/* Anything decoded is allowed, and decoding keeps the order of coordinates. */
static void decoded_points_are_allowed_and_monotone(void **state)
{
	(void)state;
	struct rng r = rng_make(SEED, 1, RNG_TEST, 0);
	for (int i = 0; i < SPACES; i++) {
		struct space_param p = cube_param(&r);
		struct space *s = cube_space(&p, 1);
		double scale = p.kind == SPACE_CATEGORICAL ? p.n_choices : 1;
		double last = -INFINITY;
		for (int j = -2; j <= POINTS + 2; j++) {
			double v = value_of(s, scale * j / POINTS);
			assert_int_equal(space_check(s, 0, v, NULL), KR_OK);
			assert_true(v >= last);
			last = v;
		}
		assert_int_equal(space_check(s, 0, value_of(s, NAN), NULL), KR_OK);
		space_free(s);
	}
}

static void continuous_bounds_come_back_exactly(void **state)
{
	(void)state;
	struct rng r = rng_make(SEED, 2, RNG_TEST, 0);
	for (int i = 0; i < SPACES; i++) {
		struct space_param p = cube_param(&r);
		if (p.kind != SPACE_FLOAT)
			continue;
		p.step = 0;
		struct space *s = cube_space(&p, 1);
		assert_true(coord_of(s, p.low) == 0 && coord_of(s, p.high) == 1);
		assert_true(value_of(s, 0) == p.low && value_of(s, 1) == p.high);
		double v;
		cube_draw(s, &r, &v);
		double back = value_of(s, coord_of(s, v));
		double ulps = p.log ? fabs(log(v)) + fabs(log(p.low)) + fabs(log(p.high)) + 4 : 4;
		double size = p.log ? v : fmax(fabs(p.low), fabs(p.high));
		assert_true(fabs(back - v) <= 2 * ulps * DBL_EPSILON * size);
		space_free(s);
	}
}

static void snapping_is_encoding_of_decoding(void **state)
{
	(void)state;
	struct rng r = rng_make(SEED, 3, RNG_TEST, 0);
	for (int i = 0; i < SPACES; i++) {
		struct space_param p = cube_param(&r);
		struct space *s = cube_space(&p, 1);
		double c = 1.2 * rng_uniform(&r) - 0.1;
		double snapped = c;
		space_snap(s, &snapped);
		if (isfinite(space_levels(s, 0)))
			assert_true(snapped == coord_of(s, value_of(s, c)));
		else
			assert_true(snapped == fmin(fmax(c, 0), 1));
		double again = snapped;
		space_snap(s, &again);
		assert_true(again == snapped);
		space_free(s);
	}
}

static void grid_values_own_equal_cells(void **state)
{
	(void)state;
	struct space_param p = {.kind = SPACE_INT, .low = -3, .high = 6};
	struct space *s = cube_space(&p, 1);
	assert_true(space_count(s) == 10);
	for (int v = -3; v <= 6; v++) {
		double low = (v + 3) / 10.0;
		assert_true(fabs(coord_of(s, v) - (low + 0.05)) < 1e-15);
		assert_true(value_of(s, low + 1e-9) == v);
		assert_true(value_of(s, low + 0.1 - 1e-9) == v);
	}
	space_free(s);
}

static void log_cells_end_half_way_between_values(void **state)
{
	(void)state;
	struct space_param p = {.kind = SPACE_INT, .low = 1, .high = 100, .log = true};
	struct space *s = cube_space(&p, 1);
	for (int v = 1; v <= 100; v++) {
		double low = log((v - 0.5) / 0.5) / log(100.5 / 0.5);
		double high = log((v + 0.5) / 0.5) / log(100.5 / 0.5);
		assert_true(coord_of(s, v) > low && coord_of(s, v) < high);
		assert_true(value_of(s, low + 1e-9) == v);
		assert_true(value_of(s, high - 1e-9) == v);
	}
	space_free(s);
}

static void decimal_grids_have_the_typed_values(void **state)
{
	(void)state;
	static const double typed[] = {0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0};
	struct space_param p = {.kind = SPACE_FLOAT, .low = 0, .high = 1, .step = 0.1};
	struct space *s = cube_space(&p, 1);
	assert_true(space_levels(s, 0) == 11);
	for (int k = 0; k <= 10; k++) {
		assert_true(value_of(s, space_level_coord(s, 0, k)) == typed[k]);
		assert_int_equal(space_check(s, 0, 0.1 * k, NULL), KR_OK); /* 0.30000000000000004 */
	}
	space_free(s);

	p = (struct space_param){.kind = SPACE_FLOAT, .low = 0.1, .high = 0.3, .step = 0.2};
	s = cube_space(&p, 1);
	assert_true(space_levels(s, 0) == 2);
	assert_true(value_of(s, 1) == 0.3);
	space_free(s);

	p = (struct space_param){.kind = SPACE_FLOAT, .low = 0.0, .high = 1.0, .step = 0.3};
	s = cube_space(&p, 1);
	assert_true(space_levels(s, 0) == 4);
	assert_true(value_of(s, 1) == 0.9); /* the last that is not above high */
	space_free(s);
}

static void equality_and_hash_are_those_of_the_point(void **state)
{
	(void)state;
	struct space_param p[3] = {
		{.kind = SPACE_FLOAT, .low = -1, .high = 1},
		{.kind = SPACE_FLOAT, .low = 0, .high = 1, .step = 0.1},
		{.kind = SPACE_CATEGORICAL, .n_choices = 3},
	};
	struct space *s = cube_space(p, 3);
	double a[3] = {0.0, 0.3, 1}, b[3] = {-0.0, 0.1 + 0.2, 1};
	assert_true(space_equal(s, a, b));
	assert_true(space_hash(s, a) == space_hash(s, b));
	for (int i = 0; i < 3; i++) {
		memcpy(b, a, sizeof(b));
		b[i] += i == 0 ? DBL_MIN : i == 1 ? 0.1 : 1;
		assert_false(space_equal(s, a, b));
		assert_true(space_hash(s, a) != space_hash(s, b));
	}
	space_free(s);
}

static void broken_rules_name_field_and_value(void **state)
{
	(void)state;
	const struct {
		struct space_param p;
		const char *field, *value;
	} cases[] = {
		{{.kind = SPACE_FLOAT, .low = NAN, .high = 1}, "params[1].low", "nan"},
		{{.kind = SPACE_FLOAT, .low = 0, .high = INFINITY}, "params[1].high", "inf"},
		{{.kind = SPACE_FLOAT, .low = 1, .high = 1}, "params[1].high", "is 1;"},
		{{.kind = SPACE_FLOAT, .low = 2, .high = 1}, "params[1].high", "is 1;"},
		{{.kind = SPACE_FLOAT, .low = -1e308, .high = 1e308}, "params[1].high", "high - low must"},
		{{.kind = SPACE_FLOAT, .low = 0, .high = 1, .log = true}, "params[1].low", "is 0;"},
		{{.kind = SPACE_FLOAT, .low = 0, .high = 1, .step = -0.5}, "params[1].step", "-0.5"},
		{{.kind = SPACE_FLOAT, .low = 0, .high = 1, .step = NAN}, "params[1].step", "nan"},
		{{.kind = SPACE_FLOAT, .low = 0, .high = 1, .step = 1.5}, "params[1].step", "1.5"},
		{{.kind = SPACE_FLOAT, .low = 1e6, .high = 2e6, .step = 1e-12}, "params[1].step",
			"tell its values apart"},
		{{.kind = SPACE_INT, .low = 0.5, .high = 3}, "params[1].low", "0.5"},
		{{.kind = SPACE_INT, .low = 0, .high = 0x1p53}, "params[1].high", "9007199254740992"},
		{{.kind = SPACE_INT, .low = 0, .high = 8, .step = 0.5}, "params[1].step", "0.5"},
		{{.kind = SPACE_CATEGORICAL}, "params[1].n_choices", "is 0;"},
		{{.kind = (enum space_kind)7, .high = 1}, "params[1].kind", "is 7;"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct space_param two[2] = {{.kind = SPACE_FLOAT, .high = 1}, cases[i].p};
		struct space *s;
		struct kr_error e;
		assert_int_equal(space_new(&s, two, 2, &e), KR_INVALID_ARGUMENT);
		assert_null(s);
		assert_string_equal(e.field, cases[i].field);
		assert_non_null(strstr(e.text, cases[i].value));
	}
	struct space *s;
	assert_int_equal(space_new(&s, NULL, 0, NULL), KR_INVALID_ARGUMENT);
	assert_int_equal(space_new(&s, NULL, SPACE_MAX_DIMS + 1, NULL), KR_INVALID_ARGUMENT);
}

static void foreign_values_are_refused(void **state)
{
	(void)state;
	struct space_param p[4] = {
		{.kind = SPACE_FLOAT, .low = -1, .high = 1},
		{.kind = SPACE_INT, .low = 1, .high = 9, .step = 2},
		{.kind = SPACE_CATEGORICAL, .n_choices = 3},
		{.kind = SPACE_FLOAT, .low = 0, .high = 1, .step = 0.25},
	};
	static const struct {
		int i;
		double value;
		const char *right;
	} cases[] = {
		{0, 1.5, "-1 to 1"},
		{0, NAN, "-1 to 1"},
		{1, 2, "not low + a multiple"},
		{1, 3.5, "nearest allowed value is 3"},
		{1, 11, "1 to 9"},
		{2, 3, "0 to 2"},
		{2, -1, "0 to 2"},
		{2, 0.5, "0 to 2"},
		{2, NAN, "0 to 2"},
		{3, 0.3, "is 0.25"},
	};
	struct space *s = cube_space(p, 4);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct kr_error e;
		assert_int_equal(space_check(s, cases[i].i, cases[i].value, &e), KR_INVALID_ARGUMENT);
		assert_non_null(strstr(e.text, cases[i].right));
	}
	space_free(s);
}

/* Ranges at the edge of double: nothing becomes NaN. */
static void extreme_ranges_work(void **state)
{
	(void)state;
	const struct space_param p[] = {
		{.kind = SPACE_FLOAT, .low = 0, .high = 0x1p-1074},
		{.kind = SPACE_FLOAT, .low = 1, .high = 1 + DBL_EPSILON},
		{.kind = SPACE_FLOAT, .low = 1e300, .high = 1.0000000000000002e300, .log = true},
		{.kind = SPACE_FLOAT, .low = 0x1p-1074, .high = DBL_MAX, .log = true},
		{.kind = SPACE_FLOAT, .low = 0, .high = 1e300, .step = 1e286},
		{.kind = SPACE_FLOAT, .low = 0x1p-1074, .high = 1, .step = 1, .log = true},
		{.kind = SPACE_INT, .low = -0x1p53 + 1, .high = 0x1p53 - 1},
	};
	for (size_t i = 0; i < sizeof(p) / sizeof(*p); i++) {
		struct space *s = cube_space(&p[i], 1);
		for (int j = 0; j <= 10; j++) {
			double v = value_of(s, j / 10.0), c = coord_of(s, v);
			assert_true(v >= p[i].low && v <= p[i].high);
			assert_true(c >= 0 && c <= 1);
		}
		space_free(s);
	}
}

static void running_out_of_memory_is_an_answer(void **state)
{
	(void)state;
	struct space_param p = {.kind = SPACE_FLOAT, .high = 1};
	enum kr_status st = KR_ENOMEM;
	for (long n = 1; st == KR_ENOMEM; n++) {
		struct space *s;
		kr_alloc_fail_at(n, 0);
		st = space_new(&s, &p, 1, NULL);
		kr_alloc_fail_at(0, 0);
		assert_true((st == KR_OK) == (s != NULL));
		space_free(s);
	}
	assert_int_equal(st, KR_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grid_values_come_back_bit_for_bit),
		cmocka_unit_test(decoded_points_are_allowed_and_monotone),
		cmocka_unit_test(continuous_bounds_come_back_exactly),
		cmocka_unit_test(snapping_is_encoding_of_decoding),
		cmocka_unit_test(grid_values_own_equal_cells),
		cmocka_unit_test(log_cells_end_half_way_between_values),
		cmocka_unit_test(decimal_grids_have_the_typed_values),
		cmocka_unit_test(equality_and_hash_are_those_of_the_point),
		cmocka_unit_test(broken_rules_name_field_and_value),
		cmocka_unit_test(foreign_values_are_refused),
		cmocka_unit_test(extreme_ranges_work),
		cmocka_unit_test(running_out_of_memory_is_an_answer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
