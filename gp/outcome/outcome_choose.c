/* A power transform chosen by evidence. */
#include <math.h>
#include <string.h>

#include "gp/outcome/outcome.h"

/* A transform that gains less is not worth what it makes of the data (seven to one is chance). */
static const double least_gain = 2;

static double log_jacobian(const struct bend *b, const double *s, int n)
{
	double sum = 0;

	for (int i = 0; i < n; i++)
		sum += bend_log_slope(b, s[i]);
	return sum;
}

enum kr_status outcome_choose_power(struct outcome *o, double *z, int n, outcome_evidence *evidence,
	void *context, struct arena *scratch, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(scratch);
	double *bent_z = arena_alloc(scratch, sizeof(*bent_z) * (size_t)n), plain = 0, bent = 0;
	struct outcome candidate = *o;
	enum kr_status st = KR_OK;

	if (!bent_z)
		return kr_fail(err, KR_ENOMEM, "power transform of %d outcomes", n);
	candidate.bend = bend_power(z, n, bent_z);
	if (candidate.bend.kind == BEND_NONE)
		goto done;
	st = evidence(context, o, z, n, &plain, err);
	if (!st)
		st = evidence(context, &candidate, bent_z, n, &bent, err);
	if (st || !isfinite(bent))
		goto done;
	candidate.gain = o->gain = bent + log_jacobian(&candidate.bend, z, n) - plain;
	if (candidate.gain > least_gain) {
		*o = candidate;
		memcpy(z, bent_z, sizeof(*z) * (size_t)n);
	}
done:
	arena_release(scratch, mark);
	return st;
}
