#include "daemon/engine/grounds.h"

#include <string.h>

static uint64_t trial_of(const struct history_view *of, int observation)
{
	return observation >= 0 ? history_view_trial(of, (size_t)observation) : 0;
}

const struct msg_grounds *grounds_make(struct grounds *out, const struct definition *def,
	const struct history_view *of, const struct policy_suggestion *p)
{
	if (!p->has_prediction)
		return NULL;
	out->g = (struct msg_grounds){
		.role = p->role == POLICY_EXPLOIT ? WHY_EXPLOIT : WHY_EXPLORE,
		.observations = of->n,
		.has_gain = p->has_gain && p->incumbent >= 0,
		.model_mean = p->model_mean,
		.noise_sd = p->noise_sd,
		.rank = (uint32_t)p->rank,
		.optima = (uint32_t)p->n_optima,
		.pulls = out->pulls,
		.levers = out->levers,
	};
	if (out->g.has_gain) {
		out->g.incumbent = trial_of(of, p->incumbent);
		out->g.best = p->best;
		out->g.p_gain = p->p_gain;
		out->g.expected_gain = p->expected_gain;
	}
	for (int i = 0; i < p->n_pulls; i++) {
		const struct policy_pull *from = &p->pulls[i];

		if (from->observation >= 0)
			out->pulls[out->g.n_pulls++] = (struct msg_pull){
				trial_of(of, from->observation), from->weight, from->pull, from->distance};
	}
	for (int i = 0; i < p->n_levers; i++)
		out->levers[out->g.n_levers++] = (struct msg_lever){
			def->spec.params[p->levers[i].parameter].name, p->levers[i].lengthscale};
	return &out->g;
}

/* ---- kept ------------------------------------------------------------------- */

size_t grounds_size(const struct msg_grounds *g)
{
	return g ? sizeof(*g) + (size_t)g->n_pulls * sizeof(*g->pulls) +
			(size_t)g->n_levers * sizeof(*g->levers)
			 : 0;
}

const struct msg_grounds *grounds_keep(
	struct pool *pool, const struct definition *def, const struct msg_grounds *g)
{
	struct msg_grounds *kept;
	struct msg_lever *levers;

	if (!g)
		return NULL;
	kept = pool_copy(pool, g, sizeof(*g));
	kept->pulls = pool_copy(pool, g->pulls, (size_t)g->n_pulls * sizeof(*g->pulls));
	kept->levers = levers = pool_copy(pool, g->levers, (size_t)g->n_levers * sizeof(*g->levers));
	for (int i = 0; i < g->n_levers; i++)
		levers[i].name = def->spec.params[params_find(&def->params, g->levers[i].name, 0)].name;
	return kept;
}

bool grounds_good(const struct msg_grounds *g, const struct definition *def, uint64_t n_trials)
{
	if (!g)
		return true;
	if (g->has_gain && g->incumbent >= n_trials)
		return false;
	for (int i = 0; i < g->n_pulls; i++)
		if (g->pulls[i].number >= n_trials)
			return false;
	for (int i = 0; i < g->n_levers; i++)
		if (!g->levers[i].name || params_find(&def->params, g->levers[i].name, 0) < 0)
			return false;
	return true;
}

/* ---- compared --------------------------------------------------------------- */

static bool same(double a, double b)
{
	return memcmp(&a, &b, sizeof(a)) == 0;
}

static bool same_pull(const struct msg_pull *a, const struct msg_pull *b)
{
	return a->number == b->number && same(a->weight, b->weight) && same(a->pull, b->pull) &&
		same(a->distance, b->distance);
}

bool grounds_equal(const struct msg_grounds *a, const struct msg_grounds *b)
{
	if (!a || !b)
		return !a && !b;
	if (a->role != b->role || a->observations != b->observations || a->has_gain != b->has_gain ||
		a->incumbent != b->incumbent || a->rank != b->rank || a->optima != b->optima ||
		a->n_pulls != b->n_pulls || a->n_levers != b->n_levers)
		return false;
	if (!same(a->best, b->best) || !same(a->p_gain, b->p_gain) ||
		!same(a->expected_gain, b->expected_gain) || !same(a->model_mean, b->model_mean) ||
		!same(a->noise_sd, b->noise_sd))
		return false;
	for (int i = 0; i < a->n_pulls; i++)
		if (!same_pull(&a->pulls[i], &b->pulls[i]))
			return false;
	for (int i = 0; i < a->n_levers; i++)
		if (strcmp(a->levers[i].name, b->levers[i].name) != 0 ||
			!same(a->levers[i].lengthscale, b->levers[i].lengthscale))
			return false;
	return true;
}
