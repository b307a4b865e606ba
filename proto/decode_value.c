/* Values of metrics: a number, maybe with its standard error, or replicates of
 * one measurement, which become their mean and its standard error. */
#include <math.h>

#include "proto/decode_part.h"
#include "proto/limits.h"

static enum kr_status check_sem(const struct decoder *d, const struct place *at, double sem)
{
	enum kr_status st = decode_part__finite(d, at, sem);

	if (st != KR_OK || sem >= 0)
		return st;
	return decode_part__fail(
		d, at, KR_INVALID_ARGUMENT, "is %g; a standard error is not negative", sem);
}

static enum kr_status check_replicates(
	const struct decoder *d, const struct place *at, const Kriged__MetricValue *pb)
{
	const char *other = pb->has_value ? "value" : pb->has_sem ? "sem" : NULL;
	const struct place *list = PLACE(at, "replicates");
	enum kr_status st = KR_OK;

	if (other)
		return decode_part__fail(d, list, KR_INVALID_ARGUMENT,
			"has %zu entries beside %s; give replicates alone, or value and sem", pb->n_replicates,
			other);
	if (pb->n_replicates < 2)
		return decode_part__fail(
			d, list, KR_INVALID_ARGUMENT, "has 1 entry; give at least two, or the number as value");
	for (size_t i = 0; st == KR_OK && !d->nonfinite && i < pb->n_replicates; i++)
		st = decode_part__finite(d, PLACE_AT(at, "replicates", (int)i), pb->replicates[i]);
	return st;
}

/* Mean and standard error s / sqrt(n), s^2 = sum (x - mean)^2 / (n - 1), by Welford 1962
 * (Technometrics 4(3), eq. I and the recursion for the mean), on numbers scaled by a power of
 * two so that no difference overflows: |mean| and the standard error are at most max |x|. */
static void summarize(size_t n, const double *x, struct msg_value *out)
{
	double largest = 0, mean = 0, squares = 0;
	int scale;

	for (size_t i = 0; i < n; i++) {
		if (!isfinite(x[i])) {
			out->value = NAN;
			return;
		}
		largest = fmax(largest, fabs(x[i]));
	}
	frexp(largest, &scale);
	for (size_t i = 0; i < n; i++) {
		double scaled = ldexp(x[i], -scale), step = scaled - mean;

		mean += step / (double)(i + 1);
		squares += step * (scaled - mean);
	}
	out->value = ldexp(mean, scale);
	out->has_sem = true;
	out->sem = ldexp(sqrt(squares / (double)(n - 1) / (double)n), scale);
}

static enum kr_status read_value(
	const struct decoder *d, const struct place *at, const void *item, void *out_item)
{
	const Kriged__MetricValue *pb = item;
	struct msg_value *out = out_item;
	const struct place *value = PLACE(at, "value");
	enum kr_status st = decode_part__name(d, PLACE(at, "name"), pb->has_name, pb->name, &out->name);

	if (st == KR_OK && d->strict && pb->n_replicates) {
		st = check_replicates(d, at, pb);
		if (st == KR_OK)
			summarize(pb->n_replicates, pb->replicates, out);
		return st;
	}
	if (st != KR_OK)
		return st;
	if (!pb->has_value && d->strict)
		return decode_part__missing(d, value, "give the measured number");
	out->value = pb->value;
	out->has_sem = pb->has_sem;
	out->sem = pb->sem;
	if (!d->nonfinite)
		st = decode_part__finite(d, value, out->value);
	if (st == KR_OK && out->has_sem && d->strict)
		st = check_sem(d, PLACE(at, "sem"), out->sem);
	return st;
}

enum kr_status decode_value__list(const struct decoder *d, const struct place *up, size_t n,
	Kriged__MetricValue *const *pb, int *n_out, const struct msg_value **out)
{
	enum kr_status st = decode_part__list(d, up, "values", n, (void *const *)pb, LIMIT_METRICS,
		sizeof(**out), read_value, n_out, out);

	if (st != KR_OK || !d->strict || *n_out == 0)
		return st;
	return decode_distinct__check(
		d, up, "values", "name", KEY_TEXT, *n_out, &(*out)->name, sizeof(**out));
}
