/* Scalar functions against mpmath over wide ranges; special_table.py made the numbers. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "gp/special/bvn.h"
#include "gp/special/special.h"

/* What the headers promise, as relative errors. The slope of ln h loses u^2 times the error of
 * erfcx above the seam at -30; a logarithm near 0 is as good as its argument. */
static const double relative = 3e-14, slope_relative = 1e-12, log_absolute = 1e-15;
static const double bvn_absolute = 1e-15;

struct row {
	double x, value, second;
};

static void close_to(const char *what, double x, double got, double want, double rtol, double atol)
{
	if (fabs(got - want) <= atol + rtol * fabs(want))
		return;
	fail_msg("%s(%.17g) = %.17g, mpmath says %.17g (relative error %.1e)", what, x, got, want,
		fabs(got - want) / fabs(want));
}

static void log_cdf(void **state)
{
	static const struct row rows[] = {
#define LOG_CDF(x, value) {x, value, 0},
#include "tests/gp/special_table.def"
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		close_to("log_cdf", rows[i].x, special_log_cdf(rows[i].x), rows[i].value, relative, 0);
}

static void erfcx(void **state)
{
	static const struct row rows[] = {
#define ERFCX(x, value) {x, value, 0},
#include "tests/gp/special_table.def"
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		close_to("erfcx", rows[i].x, special_erfcx(rows[i].x), rows[i].value, relative, 0);
}

static void hazard(void **state)
{
	static const struct row rows[] = {
#define HAZARD(x, value, logarithm) {x, value, logarithm},
#include "tests/gp/special_table.def"
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		double x = rows[i].x;

		close_to("hazard", x, special_hazard(x), rows[i].value, relative, 0);
		close_to("log_hazard", x, special_log_hazard(x), rows[i].second, relative, log_absolute);
	}
}

static void log_h(void **state)
{
	static const struct row rows[] = {
#define LOG_H(x, value, slope) {x, value, slope},
#include "tests/gp/special_table.def"
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		double x = rows[i].x, slope, value = special_log_h(x, &slope);

		close_to("log_h", x, value, rows[i].value, relative, log_absolute);
		close_to("slope of log_h", x, slope, rows[i].second, slope_relative, 0);
	}
}

static void quantile(void **state)
{
	static const struct row rows[] = {
#define QUANTILE(x, value) {x, value, 0},
#include "tests/gp/special_table.def"
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		close_to("quantile", rows[i].x, special_quantile(rows[i].x), rows[i].value, relative, 0);
}

static void bivariate(void **state)
{
	static const struct {
		double h, k, rho, value;
	} rows[] = {
#define BVN(h, k, rho, value) {h, k, rho, value},
#include "tests/gp/special_table.def"
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		close_to("bvn_cdf, rho", rows[i].rho, bvn_cdf(rows[i].h, rows[i].k, rows[i].rho),
			rows[i].value, 0, bvn_absolute);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(log_cdf),
		cmocka_unit_test(erfcx),
		cmocka_unit_test(hazard),
		cmocka_unit_test(log_h),
		cmocka_unit_test(quantile),
		cmocka_unit_test(bivariate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
