/* Trials and studies, as replies show them. */
#include "proto/decode_part.h"

void decode_study__counts(size_t n, Kriged__StateCount *const *pb, uint64_t counts[TRIAL_N_STATES])
{
	for (size_t i = 0; i < n; i++)
		counts[decode_part__known(
			&kriged__trial_state__descriptor, pb[i]->has_state, (int)pb[i]->state)] = pb[i]->count;
	counts[0] = 0;
}

static enum kr_status read_progress(
	const struct decoder *d, const struct place *at, const void *item, void *out_item)
{
	const Kriged__Progress *pb = item;
	struct msg_progress *m = out_item;

	(void)d;
	(void)at;
	m->step = pb->step;
	m->value = pb->value;
	m->time_ms = pb->time_ms;
	return KR_OK;
}

enum kr_status decode_study__trial(
	const struct decoder *d, const struct place *at, const void *item, void *out_item)
{
	const Kriged__Trial *pb = item;
	struct msg_trial *m = out_item;
	enum kr_status st;

	m->number = pb->number;
	m->state = decode_part__known(&kriged__trial_state__descriptor, pb->has_state, (int)pb->state);
	m->attempt = pb->attempt;
	m->created_ms = pb->created_ms;
	m->finished_ms = pb->finished_ms;
	m->late = pb->late;
	m->told = pb->told;
	m->seq = pb->seq;
	m->has_lease = pb->lease;
	m->excluded = pb->excluded;
	m->has_feasible = pb->has_feasible;
	m->feasible = pb->feasible;
	st = decode_part__named(d, at, "params", pb->n_params, pb->params, &m->n_params, &m->params);
	if (st == KR_OK)
		st = decode_value__list(d, at, pb->n_values, pb->values, &m->n_values, &m->values);
	if (st == KR_OK)
		st = decode_part__text(d, PLACE(at, "reason"), pb->has_reason, pb->reason, 0, &m->reason);
	if (st == KR_OK)
		st = decode_part__text(d, PLACE(at, "worker"), pb->has_worker, pb->worker, 0, &m->worker);
	if (st == KR_OK)
		st = decode_why__read(d, at, pb->why, &m->why);
	if (st == KR_OK && pb->lease)
		st = decode_part__lease(d, at, pb->lease, &m->lease);
	if (st == KR_OK)
		st = decode_part__labels(d, at, pb->n_labels, pb->labels, &m->labels);
	if (st == KR_OK)
		st = decode_part__text(d, PLACE(at, "note"), pb->has_note, pb->note, 0, &m->note);
	if (st == KR_OK)
		st = decode_part__list(d, at, "progress", pb->n_progress, (void *const *)pb->progress, 0,
			sizeof(*m->progress), read_progress, &m->n_progress, &m->progress);
	return st;
}

enum kr_status decode_study__one_trial(const struct decoder *d, const struct place *at,
	const Kriged__Trial *pb, const struct msg_trial **out)
{
	struct msg_trial *m;

	if (!pb)
		return KR_OK;
	m = ARENA_NEW(d->a, struct msg_trial);
	if (!m)
		return decode_part__no_memory(d);
	*out = m;
	return decode_study__trial(d, at, pb, m);
}

enum kr_status decode_study__read(
	const struct decoder *d, const struct place *at, const void *item, void *out_item)
{
	const Kriged__Study *pb = item;
	struct msg_study *m = out_item;
	enum kr_status st;

	m->id = pb->id;
	m->state = decode_part__known(&kriged__study_state__descriptor, pb->has_state, (int)pb->state);
	m->created_ms = pb->created_ms;
	m->seq = pb->seq;
	m->reserved = pb->reserved;
	m->spec_version = pb->spec_version;
	m->prepared = decode_part__known(
		&kriged__prepared__descriptor, pb->has_prepared, (int)pb->prepared);
	m->has_outlook = pb->outlook != NULL;
	if (pb->outlook)
		m->outlook = (struct msg_outlook){pb->outlook->number, pb->outlook->expected_gain,
			pb->outlook->gain, pb->outlook->p_gain};
	decode_study__counts(pb->n_counts, pb->counts, m->counts);
	st = decode_part__text(d, PLACE(at, "name"), pb->has_name, pb->name, 0, &m->name);
	if (st == KR_OK && pb->spec)
		st = decode_spec__read(d, at, pb->spec, &m->spec);
	if (st == KR_OK)
		st = decode_study__one_trial(d, PLACE(at, "best"), pb->best, &m->best);
	if (st == KR_OK)
		st = decode_part__text(d, PLACE(at, "reason"), pb->has_reason, pb->reason, 0, &m->reason);
	if (st == KR_OK)
		st = decode_part__list(d, at, "warm_start", pb->n_warm_start, (void *const *)pb->warm_start,
			0, sizeof(*m->warm_start), decode_part__warm_start, &m->n_warm_start, &m->warm_start);
	return st;
}
