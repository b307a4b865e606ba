#include "daemon/engine/verdict.h"

#include <inttypes.h>
#include <math.h>
#include <stddef.h>

/* Of fewer results nothing can be said. */
enum { FEWEST = 10 };

/* Mean log density of standardized results when only their mean and deviation are known:
 * -ln(2 pi e) / 2. */
static const double log_density_of_nothing = -1.4189385332046727;

/* How far a part of n results lies from the expected one, in its standard deviations. */
static double beyond(double part, double expected, uint32_t n)
{
	return (part - expected) / sqrt(expected * (1 - expected) / n);
}

/* Three deviations are beyond chance for the few numbers that are looked at. */
static const char *trust(const struct msg_calibration *c)
{
	if (c->n < FEWEST)
		return "too few results to judge";
	if (beyond(c->coverage95, 0.95, c->n) < -3 || beyond(c->coverage80, 0.8, c->n) < -3)
		return "the model is surer than it should be";
	if (beyond(c->coverage80, 0.8, c->n) > 3 || beyond(c->coverage50, 0.5, c->n) > 3)
		return "the model is less sure than it could be";
	return "as it should be";
}

static const char *say_coverage(const char *name, const struct msg_calibration *c, struct arena *a)
{
	return arena_printf(a,
		"%s: 95 %% intervals contained %.0f %% of %" PRIu32
		" left-out results (80 %%: %.0f %%, 50 %%: %.0f %%): %s",
		name, 100 * c->coverage95, c->n, 100 * c->coverage80, 100 * c->coverage50, trust(c));
}

static const char *say_use(const char *name, struct arena *a)
{
	return arena_printf(a,
		"%s: the other results say nothing about a left-out one yet, beside their mean and "
		"deviation",
		name);
}

static const char *say_outliers(const char *name, const struct msg_calibration *c, struct arena *a)
{
	const char *trial = c->has_worst ? arena_printf(a, " (trial %" PRIu64 ")", c->worst_number)
									 : "";

	return trial ? arena_printf(a,
					   "%s: %" PRIu32 " of them lie more than 4 deviations from what the others "
					   "predict, the farthest %.1f%s: look for mistakes",
					   name, c->outliers, fabs(c->worst_z), trial)
				 : NULL;
}

int verdict_say(const struct msg_model *m, const char *sentences[VERDICT_MOST], struct arena *a)
{
	const struct msg_calibration *c = &m->calibration;
	const char *name = m->name ? m->name : "success";
	int n = 0;

	if (c->n == 0 && m->name)
		sentences[n++] = arena_printf(a,
			"%s: how well the model predicts was not looked at: a deadline left no time for it, "
			"or all results are of one point",
			name);
	if (c->n > 0)
		sentences[n++] = say_coverage(name, c, a);
	if (c->n >= FEWEST && c->log_density <= log_density_of_nothing)
		sentences[n++] = say_use(name, a);
	if (c->outliers > 0)
		sentences[n++] = say_outliers(name, c, a);
	if (m->jitter > 0)
		sentences[n++] = arena_printf(a,
			"%s: variances were raised by %.1g so that the covariance could be factored; points "
			"lie very close to each other",
			name, m->jitter);
	return n;
}
