/* What a user believes about where the optimum is. That a mean is within the bounds is left to
 * acquisition/space/belief.h. */
#include <math.h>

#include "proto/decode_part.h"

static enum kr_status refuse(const struct decoder *d, const struct place *at, const char *what)
{
	return decode_part__fail(d, at, KR_INVALID_ARGUMENT, "%s", what);
}

static bool is_numeric(const struct msg_param *p)
{
	return p->kind == PARAM_FLOAT || p->kind == PARAM_INT;
}

static enum kr_status check_kind(
	const struct decoder *d, const struct place *at, const struct msg_param *p)
{
	const struct place *kind = PLACE(at, "kind");

	if (!p->prior.kind)
		return decode_part__missing(d, kind, "it must be NORMAL, LOG_NORMAL or WEIGHTS");
	if (p->kind == PARAM_FIXED)
		return refuse(d, at, "is of a FIXED parameter, which has one value; remove it");
	if (!is_numeric(p) && p->prior.kind != PRIOR_WEIGHTS)
		return refuse(
			d, kind, "is for FLOAT and INT; a parameter with choices takes WEIGHTS, one for each");
	if (is_numeric(p) && p->log && p->prior.kind != PRIOR_LOG_NORMAL)
		return refuse(d, kind, "must be LOG_NORMAL (median, factor) on a log scale");
	if (is_numeric(p) && !p->log && p->prior.kind != PRIOR_NORMAL)
		return refuse(d, kind, "must be NORMAL (mean, sd) where the scale is not log");
	return KR_OK;
}

static enum kr_status check_spread(
	const struct decoder *d, const struct place *at, const struct msg_prior *m)
{
	const struct place *spread = PLACE_AT(at, "numbers", 1);

	if (m->n != 2)
		return decode_part__fail(d, PLACE(at, "numbers"), KR_INVALID_ARGUMENT, "has %d entries; %s",
			m->n,
			m->kind == PRIOR_NORMAL ? "NORMAL has two, mean and sd"
									: "LOG_NORMAL has two, median and factor");
	if (m->kind == PRIOR_NORMAL && !(m->numbers[1] > 0))
		return decode_part__fail(
			d, spread, KR_INVALID_ARGUMENT, "is %g; an sd must be above 0", m->numbers[1]);
	if (m->kind == PRIOR_LOG_NORMAL && !(m->numbers[1] > 1))
		return decode_part__fail(d, spread, KR_INVALID_ARGUMENT,
			"is %g; a factor must be above 1: two thirds of the belief is between median / factor "
			"and median * factor",
			m->numbers[1]);
	return KR_OK;
}

static enum kr_status check_weights(
	const struct decoder *d, const struct place *at, const struct msg_param *p)
{
	int n = p->kind == PARAM_BOOL ? 2 : p->n_choices;
	double sum = 0;

	if (p->prior.n != n)
		return decode_part__fail(d, PLACE(at, "numbers"), KR_INVALID_ARGUMENT,
			"has %d entries for %d choices; give each a weight%s", p->prior.n, n,
			p->kind == PARAM_BOOL ? ", false first" : "");
	for (int k = 0; k < n; k++) {
		if (p->prior.numbers[k] < 0)
			return decode_part__fail(d, PLACE_AT(at, "numbers", k), KR_INVALID_ARGUMENT,
				"is %g; a weight must be at least 0", p->prior.numbers[k]);
		sum += p->prior.numbers[k] > 0;
	}
	return sum > 0 ? KR_OK
				   : refuse(d, PLACE(at, "numbers"), "are all 0; give a choice more weight");
}

static enum kr_status check(
	const struct decoder *d, const struct place *at, const struct msg_param *p)
{
	enum kr_status st = check_kind(d, at, p);

	for (int k = 0; st == KR_OK && k < p->prior.n; k++)
		st = decode_part__finite(d, PLACE_AT(at, "numbers", k), p->prior.numbers[k]);
	if (st != KR_OK)
		return st;
	return p->prior.kind == PRIOR_WEIGHTS ? check_weights(d, at, p)
										  : check_spread(d, at, &p->prior);
}

enum kr_status decode_prior__read(
	const struct decoder *d, const struct place *at, const Kriged__Prior *pb, struct msg_param *out)
{
	unsigned kind = 0;
	enum kr_status st = KR_OK;

	if (pb->has_kind)
		st = decode_part__enum(
			d, PLACE(at, "kind"), &kriged__prior__kind__descriptor, (int)pb->kind, &kind);
	out->prior = (struct msg_prior){kind, (int)pb->n_numbers, pb->numbers};
	return st == KR_OK && d->strict ? check(d, at, out) : st;
}
