#include "client/cli/axis.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct axis axis_make(const char *name, double low, double high, bool log)
{
	struct axis a = {.name = name, .low = fmin(low, high), .high = fmax(low, high)};

	a.log = log && a.low > 0;
	if (a.low == a.high && a.log) {
		a.low /= 2;
		a.high *= 2;
	} else if (a.low == a.high) {
		double room = a.low == 0 ? 1 : fabs(a.low) / 10;

		a.low -= room;
		a.high += room;
	}
	return a;
}

struct axis axis_choices(const char *name, int n, const char *const *choices)
{
	return (struct axis){
		.name = name, .low = -0.5, .high = n - 0.5, .n_choices = n, .choices = choices};
}

double axis_place(const struct axis *a, double value)
{
	if (!isfinite(value) || (a->log && value <= 0))
		return NAN;
	if (a->log)
		return (log(value) - log(a->low)) / (log(a->high) - log(a->low));
	/* Halves: the difference of two large numbers may be infinite. */
	return (value / 2 - a->low / 2) / (a->high / 2 - a->low / 2);
}

/* Multiples of step from low to high. */
static double multiples(const struct axis *a, double step)
{
	return floor(a->high / step + 1e-9) - ceil(a->low / step - 1e-9) + 1;
}

/* The smallest of 1, 2, 5, 10, 20, ... that has at most `most` multiples on the axis: it has at
 * least one, as the one before had more, and of three in a row one is a multiple of the next. */
static double nice_step(const struct axis *a, int most)
{
	static const int factors[] = {1, 2, 5};
	double power = pow(10, floor(log10((a->high - a->low) / most)) - 1);

	for (int i = 0;; i++) {
		int decade = i / 3;
		double step = factors[i % 3] * power * pow(10, decade);

		if ((!a->whole || step >= 1) && multiples(a, step) <= most)
			return step;
	}
}

static int linear_ticks(const struct axis *a, int most, double ticks[AXIS_TICKS_MAX])
{
	double range = a->high - a->low, step, first;
	int n = 0;

	if (!isfinite(range) || range < 1e-300)
		return 0;
	most = most < 2 ? 2 : most > AXIS_TICKS_MAX ? AXIS_TICKS_MAX : most;
	step = nice_step(a, most);
	first = ceil(a->low / step - 1e-9);
	for (double count = multiples(a, step); n < count && n < most; n++) {
		double x = (first + n) * step;

		ticks[n] = fabs(x) < step * 1e-9 ? 0 : x;
	}
	return n;
}

/* Factors of each decade, from low to high. */
static int decade_ticks(const struct axis *a, const int *factors, int n_factors, int every,
	int most, double ticks[AXIS_TICKS_MAX])
{
	int from = (int)floor(log10(a->low)), to = (int)ceil(log10(a->high)), n = 0;

	for (int e = from; e <= to; e++) {
		if (((e % every) + every) % every != 0)
			continue;
		for (int i = 0; i < n_factors; i++) {
			double x = factors[i] * pow(10, e);

			if (x < a->low * (1 - 1e-9) || x > a->high * (1 + 1e-9))
				continue;
			if (n == most || n == AXIS_TICKS_MAX)
				return -1;
			ticks[n++] = x;
		}
	}
	return n;
}

static int log_ticks(const struct axis *a, int most, double ticks[AXIS_TICKS_MAX])
{
	static const int factors[] = {1, 2, 5};
	int n = decade_ticks(a, factors, 3, 1, most, ticks);

	for (int every = 1; n < 0 && every < 1024; every++)
		n = decade_ticks(a, factors, 1, every, most, ticks);
	if (n >= 2)
		return n;
	return linear_ticks(a, most, ticks); /* less than a decade */
}

int axis_ticks(const struct axis *a, int most, double ticks[AXIS_TICKS_MAX])
{
	int n = 0, every;

	if (most < 1)
		return 0;
	if (a->n_choices > 0) {
		most = most > AXIS_TICKS_MAX ? AXIS_TICKS_MAX : most;
		every = (a->n_choices + most - 1) / most;
		for (int i = 0; i < a->n_choices; i += every)
			ticks[n++] = i;
		return n;
	}
	return a->log ? log_ticks(a, most, ticks) : linear_ticks(a, most, ticks);
}

const char *axis_label(const struct axis *a, double tick, double step, char out[AXIS_LABEL_BYTES])
{
	int digits = 6;

	if (a->n_choices > 0)
		return tick >= 0 && tick < a->n_choices ? a->choices[(int)tick] : "";
	/* As many digits as tell neighbours apart. */
	if (!a->log && step > 0 && tick != 0)
		digits = (int)floor(log10(fabs(tick))) - (int)floor(log10(step)) + 1;
	digits = digits < 1 ? 1 : digits > 15 ? 15 : digits;
	if (fabs(tick) >= 1 && fabs(tick) < 1e6 && digits < 6)
		digits = 6; /* 1000, not 1e+03 */
	snprintf(out, AXIS_LABEL_BYTES, "%.*g", digits, tick);
	return out;
}
