/* Why a trial was suggested: the rule, the prediction, and what that rests on. */
#include "proto/decode_part.h"
#include "proto/limits.h"

static enum kr_status read_pull(
	const struct decoder *d, const struct place *at, const void *item, void *out)
{
	const Kriged__Pull *pb = item;

	(void)d;
	(void)at;
	*(struct msg_pull *)out = (struct msg_pull){pb->number, pb->weight, pb->pull, pb->distance};
	return KR_OK;
}

static enum kr_status read_lever(
	const struct decoder *d, const struct place *at, const void *item, void *out)
{
	const Kriged__Lever *pb = item;
	struct msg_lever *m = out;

	m->lengthscale = pb->lengthscale;
	return decode_part__name(d, PLACE(at, "name"), pb->has_name, pb->name, &m->name);
}

static enum kr_status read_grounds(const struct decoder *d, const struct place *at,
	const Kriged__Why *pb, const struct msg_grounds **out)
{
	struct msg_grounds *m = ARENA_NEW(d->a, struct msg_grounds);
	unsigned role = 0;
	enum kr_status st = m ? KR_OK : decode_part__no_memory(d);

	if (st == KR_OK)
		st = decode_part__enum(
			d, PLACE(at, "role"), &kriged__why__role__descriptor, (int)pb->role, &role);
	if (st == KR_OK)
		st = decode_part__list(d, at, "pulls", pb->n_pulls, (void *const *)pb->pulls, INT32_MAX,
			sizeof(*m->pulls), read_pull, &m->n_pulls, &m->pulls);
	if (st == KR_OK)
		st = decode_part__list(d, at, "levers", pb->n_levers, (void *const *)pb->levers, INT32_MAX,
			sizeof(*m->levers), read_lever, &m->n_levers, &m->levers);
	if (st != KR_OK)
		return st;
	m->role = role;
	m->observations = pb->observations;
	m->has_gain = pb->has_p_gain;
	m->incumbent = pb->incumbent;
	m->best = pb->best;
	m->p_gain = pb->p_gain;
	m->expected_gain = pb->expected_gain;
	m->model_mean = pb->model_mean;
	m->noise_sd = pb->noise_sd;
	m->rank = pb->rank;
	m->optima = pb->optima;
	*out = m;
	return KR_OK;
}

enum kr_status decode_why__read(
	const struct decoder *d, const struct place *at, const Kriged__Why *pb, struct msg_why *out)
{
	unsigned rule = 0, freshness = 0;
	enum kr_status st = KR_OK;

	*out = (struct msg_why){0};
	if (!pb)
		return KR_OK;
	if (pb->has_rule)
		st = decode_part__enum(
			d, PLACE(at, "rule"), &kriged__why__rule__descriptor, (int)pb->rule, &rule);
	if (st == KR_OK && pb->has_freshness)
		st = decode_part__enum(d, PLACE(at, "freshness"), &kriged__why__freshness__descriptor,
			(int)pb->freshness, &freshness);
	out->rule = rule;
	out->freshness = freshness;
	out->has_prediction = pb->has_mean && pb->has_sd;
	out->mean = pb->mean;
	out->sd = pb->sd;
	out->log_acq = pb->log_acq;
	out->has_p_feasible = pb->has_p_feasible;
	out->p_feasible = pb->p_feasible;
	out->has_acq = pb->has_acq;
	out->acq = pb->acq;
	if (st == KR_OK && pb->has_role)
		st = read_grounds(d, at, pb, &out->grounds);
	return st == KR_OK ? decode_part__text(d, PLACE(at, "acquisition"),
							 pb->has_acquisition && pb->acquisition.len > 0, pb->acquisition,
							 LIMIT_NAME_BYTES, &out->acquisition)
					   : st;
}
