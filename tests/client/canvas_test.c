/* Drawings: each cell against what its dots say by definition, lines against the real line
 * that they stand for, axes against the arithmetic of their ticks. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include <cmocka.h>

#include "client/cli/axis.h"
#include "client/cli/canvas.h"
#include "client/cli/chart.h"
#include "client/cli/layout.h"
#include "tests/client/fixture.h"

enum { COLUMNS = 30, ROWS = 12, DOTS = 64 };

/* What a cell shows, from the dots of the whole drawing: U+2800 plus 1 2 4 down the left, 8 16 32
 * down the right, 64 and 128 below them. */
static void expected_text(bool dots[DOTS][DOTS], int column, int row, bool utf8, char out[8])
{
	static const int order[8][2] = {{0, 0}, {0, 1}, {0, 2}, {1, 0}, {1, 1}, {1, 2}, {0, 3}, {1, 3}};
	int code = 0x2800;

	if (!utf8) {
		bool above = dots[2 * row][column], below = dots[2 * row + 1][column];

		snprintf(out, 8, "%s", above && below ? ":" : above ? "'" : below ? "." : " ");
		return;
	}
	for (int i = 0; i < 8; i++)
		code += dots[4 * row + order[i][1]][2 * column + order[i][0]] << i;
	if (code == 0x2800)
		snprintf(out, 8, " ");
	else
		snprintf(out, 8, "%lc", (wint_t)code);
}

static void check(const struct canvas *c, bool dots[DOTS][DOTS])
{
	char text[8], expected[8];

	for (int row = 0; row < c->rows; row++)
		for (int column = 0; column < c->columns; column++) {
			expected_text(dots, column, row, c->utf8, expected);
			assert_string_equal(canvas_text(c, column, row, text), expected);
		}
}

static void test_dots(void **state)
{
	(void)state;
	for (int n = 0; n < 50; n++) {
		bool dots[DOTS][DOTS] = {0}, utf8 = n % 2;
		struct canvas c;

		assert_true(canvas_init(&c, COLUMNS, ROWS, utf8, false, arena));
		for (int i = 0; i < n * 10; i++) {
			int x = (int)rng_below(&rng, DOTS + 10) - 5, y = (int)rng_below(&rng, DOTS + 10) - 5;

			canvas_dot(&c, x, y, INK_DATA);
			if (x >= 0 && y >= 0 && x < canvas_width(&c) && y < canvas_height(&c))
				dots[y][x] = true;
		}
		check(&c, dots);
	}
}

static bool is_set(const struct canvas *c, int x, int y)
{
	static const int bits[4][2] = {{1, 8}, {2, 16}, {4, 32}, {64, 128}};
	const struct canvas_cell *cell = &c->cells[y / 4 * c->columns + x / 2];

	return cell->dots & bits[y % 4][x % 2];
}

/* A line has one dot in each column (or row) of its longer side, never more than half a dot from the
 * real line, and is the same drawn from either end. */
static void test_lines(void **state)
{
	(void)state;
	for (int n = 0; n < 200; n++) {
		int x0 = (int)rng_below(&rng, 2 * COLUMNS), y0 = (int)rng_below(&rng, 4 * ROWS);
		int x1 = (int)rng_below(&rng, 2 * COLUMNS), y1 = (int)rng_below(&rng, 4 * ROWS);
		int longer = abs(x1 - x0) > abs(y1 - y0) ? abs(x1 - x0) : abs(y1 - y0), set = 0;
		struct canvas c;

		assert_true(canvas_init(&c, COLUMNS, ROWS, true, false, arena));
		canvas_line(&c, x0, y0, x1, y1, INK_DATA);
		for (int y = 0; y < canvas_height(&c); y++)
			for (int x = 0; x < canvas_width(&c); x++) {
				double distance;

				if (!is_set(&c, x, y))
					continue;
				set++;
				if (longer == 0)
					continue;
				distance = abs(x1 - x0) >= abs(y1 - y0)
					? fabs(y - (y0 + (double)(x - x0) * (y1 - y0) / (x1 - x0)))
					: fabs(x - (x0 + (double)(y - y0) * (x1 - x0) / (y1 - y0)));
				assert_true(distance <= 0.5 + 1e-9);
			}
		assert_int_equal(set, longer + 1);
		assert_true(is_set(&c, x0, y0) && is_set(&c, x1, y1));
	}
}

static void expect_row(const struct canvas *c, int row, const char *text)
{
	char *got;
	size_t len;
	FILE *f = open_memstream(&got, &len);

	canvas_put_row(f, c, row);
	fclose(f);
	assert_string_equal(got, text);
	free(got);
}

static void test_marks_and_color(void **state)
{
	struct canvas c;

	(void)state;
	assert_true(canvas_init(&c, 4, 1, true, false, arena));
	canvas_dot(&c, 0, 0, INK_DATA);
	canvas_dot(&c, 4, 0, INK_DATA);
	canvas_mark(&c, 4, 3, MARK_FAILED, INK_FAILED);
	canvas_mark(&c, 99, 99, MARK_FAILED, INK_FAILED);
	expect_row(&c, 0, "⠁ ×");
	c.color = true;
	expect_row(&c, 0, "\033[0m\033[36m⠁\033[0m \033[0m\033[31m×\033[0m");
	assert_true(canvas_init(&c, 4, 1, false, false, arena));
	canvas_mark(&c, 1, 0, MARK_RUNNING, INK_RUNNING);
	canvas_mark(&c, 2, 0, MARK_BEST, INK_BEST);
	expect_row(&c, 0, " o*");
	assert_true(canvas_init(&c, -3, 5, true, false, arena));
	canvas_dot(&c, 0, 0, INK_DATA);
}

/* ---- axes ------------------------------------------------------------------------------ */

static void test_places(void **state)
{
	struct axis linear = axis_make("x", 10, -10, false), log = axis_make("x", 1e-4, 1, true);
	struct axis wide = axis_make("x", -1.7e308, 1.7e308, false);

	(void)state;
	assert_float_equal(axis_place(&linear, -10), 0, 0);
	assert_float_equal(axis_place(&linear, 5), 0.75, 1e-15);
	assert_float_equal(axis_place(&log, 1e-3), 0.25, 1e-12);
	assert_true(isnan(axis_place(&log, 0)) && isnan(axis_place(&log, NAN)));
	assert_true(isnan(axis_place(&linear, INFINITY)));
	assert_float_equal(axis_place(&wide, 0), 0.5, 1e-15);
	assert_false(axis_make("x", 0, 1, true).log);
	for (int i = 0; i < 4; i++) {
		const double x = (const double[]){0, -3, 1e300, 1e-300}[i];
		struct axis same = axis_make("x", x, x, i > 1);

		assert_true(same.low < x && x < same.high);
		assert_float_equal(axis_place(&same, x), 0.5, 1e-9);
	}
}

/* Ticks lie on the axis, ascend, are not too many, and are round: 1, 2 or 5 times a power of ten
 * apart (linear), or such numbers themselves (log). */
static void test_ticks(void **state)
{
	double ticks[AXIS_TICKS_MAX];

	(void)state;
	for (int n = 0; n < 2000; n++) {
		double middle = rng_normal(&rng) * pow(10, (int)rng_below(&rng, 12) - 6);
		double range = exp(8 * rng_normal(&rng)) + 1e-9 * fabs(middle);
		bool log = n % 2;
		double low = log ? exp(8 * rng_normal(&rng)) : middle;
		struct axis a = axis_make("x", low, log ? low * (1.5 + range) : low + range, log);
		int most = 2 + (int)rng_below(&rng, 12), k = axis_ticks(&a, most, ticks);

		assert_true(k >= 1 && k <= most);
		for (int i = 0; i < k; i++) {
			double place = axis_place(&a, ticks[i]), step = i > 0 ? ticks[i] - ticks[i - 1] : 0;
			double leading = i > 0 ? step / pow(10, floor(log10(step * (1 + 1e-4)))) : 1;

			assert_true(place >= -1e-6 && place <= 1 + 1e-6);
			assert_true(i == 0 || step > 0);
			if (!log && i > 0)
				assert_true(fabs(leading - 1) < 1e-4 || fabs(leading - 2) < 1e-4 ||
					fabs(leading - 5) < 1e-4);
		}
	}
}

/* No two ticks of an axis read the same. */
static void test_labels(void **state)
{
	char text[2][AXIS_LABEL_BYTES];
	double ticks[AXIS_TICKS_MAX];

	(void)state;
	for (int n = 0; n < 2000; n++) {
		double low = n % 3 ? 1e5 * rng_normal(&rng) : 0, range = exp(3 * rng_normal(&rng));
		struct axis a = axis_make("x", low, low + range, false);
		int k = axis_ticks(&a, 6, ticks);

		for (int i = 1; i < k; i++)
			assert_string_not_equal(axis_label(&a, ticks[i - 1], ticks[1] - ticks[0], text[0]),
				axis_label(&a, ticks[i], ticks[1] - ticks[0], text[1]));
	}
}

static void test_choices(void **state)
{
	static const char *const names[] = {"sgd", "adam", "null"};
	struct axis a = axis_choices("opt", 3, names);
	char text[AXIS_LABEL_BYTES];
	double ticks[AXIS_TICKS_MAX];

	(void)state;
	assert_int_equal(axis_ticks(&a, 5, ticks), 3);
	assert_string_equal(axis_label(&a, ticks[2], 1, text), "null");
	assert_float_equal(axis_place(&a, 0), 1.0 / 6, 1e-15);
	assert_float_equal(axis_place(&a, 2), 5.0 / 6, 1e-15);
	assert_int_equal(axis_ticks(&a, 2, ticks), 2);
}

/* ---- a chart --------------------------------------------------------------------------- */

/* Whatever the axes, no line is wider than asked for, and a corner is where it belongs. */
static void test_chart(void **state)
{
	(void)state;
	for (int n = 0; n < 300; n++) {
		struct arena_mark mark = arena_mark(arena);
		int width = 20 + (int)rng_below(&rng, 100), rows = 2 + (int)rng_below(&rng, 20), x, y,
			lines = 0;
		double low = rng_normal(&rng), high = low + exp(6 * rng_normal(&rng));
		struct chart c = {.x = axis_make("größe", low, high, false),
			.y = axis_make("y", high, low, n % 2),
			.title = "t",
			.strip = n % 3 == 0};
		char *text;
		size_t len;
		FILE *f = open_memstream(&text, &len);

		assert_true(chart_init(&c, rows, width, n % 5 != 0, false, arena));
		assert_true(chart_at(&c, low, high, &x, &y) && x == 0 && y == 0);
		assert_true(chart_at(&c, high, low, &x, &y) && x == canvas_width(&c.canvas) - 1);
		assert_int_equal(y + (c.strip ? (c.canvas.utf8 ? 4 : 2) : 0), canvas_height(&c.canvas) - 1);
		assert_false(chart_at(&c, NAN, low, &x, &y));
		assert_false(chart_at(&c, low, high + 1e9 * (fabs(high) + 1), &x, &y));
		chart_print(f, &c);
		fclose(f);
		for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"), lines++)
			assert_true(layout_width(line) <= width);
		assert_int_equal(lines, rows + 3);
		free(text);
		arena_release(arena, mark);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dots),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_marks_and_color),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_ticks),
		cmocka_unit_test(test_labels),
		cmocka_unit_test(test_choices),
		cmocka_unit_test(test_chart),
	};

	return cmocka_run_group_tests(tests, fixture_new, fixture_free);
}
