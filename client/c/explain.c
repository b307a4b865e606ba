/* Why a trial was suggested, and what came of it. */
#include <math.h>

#include "base/alloc.h"
#include "client/c/call.h"
#include "client/c/error.h"
#include "client/c/study.h"

struct krige_explanation {
	struct memory *memory;
	struct krige_why why;
	struct msg_texts sentences;
};

static void put_grounds(
	struct krige_why *out, const struct msg_grounds *g, struct krige_pull *pulls)
{
	out->role = msg_why_role_name(g->role);
	out->n_observations = g->observations;
	if (g->has_gain) {
		out->incumbent = g->incumbent;
		out->best = g->best;
		out->p_gain = g->p_gain;
		out->expected_gain = g->expected_gain;
	}
	out->model_mean = g->model_mean;
	out->noise_sd = g->noise_sd;
	out->rank = g->rank;
	out->n_optima = g->optima;
	out->n_pulls = (size_t)g->n_pulls;
	out->pulls = pulls;
	for (int i = 0; i < g->n_pulls; i++)
		pulls[i] = (struct krige_pull){sizeof(*pulls), g->pulls[i].number, g->pulls[i].weight,
			g->pulls[i].pull, g->pulls[i].distance};
}

static void put_why(
	struct krige_why *out, const struct msg_explain_reply *r, struct krige_pull *pulls)
{
	const struct msg_why *w = &r->trial->why;

	*out = (struct krige_why){
		.size = sizeof(*out),
		.number = r->trial->number,
		.rule = msg_why_rule_name(w->rule),
		.role = msg_why_role_name(0),
		.mean = w->has_prediction ? w->mean : NAN,
		.sd = w->has_prediction ? w->sd : NAN,
		.p_feasible = w->has_p_feasible ? w->p_feasible : NAN,
		.p_gain = NAN,
		.expected_gain = NAN,
		.incumbent = UINT64_MAX,
		.best = NAN,
		.model_mean = NAN,
		.noise_sd = NAN,
		.surprise = r->has_surprise ? r->surprise : NAN,
	};
	if (w->grounds)
		put_grounds(out, w->grounds, pulls);
}

/* Takes a reference to the memory of the reply. */
static enum krige_status make(struct krige_explanation **out, const struct msg_explain_reply *r,
	struct memory *memory, struct krige_error *err)
{
	struct krige_explanation *e;
	struct krige_pull *pulls;

	if (!r->trial)
		return error_set(err, KRIGE_INTERNAL, "the daemon explained no trial");
	e = KR_NEW(struct krige_explanation);
	pulls = ARENA_ARRAY(memory->arena, struct krige_pull,
		r->trial->why.grounds ? r->trial->why.grounds->n_pulls : 0);
	if (!e || !pulls) {
		kr_free(e);
		return error_set(err, KRIGE_NO_MEMORY, "no memory for an explanation");
	}
	put_why(&e->why, r, pulls);
	e->sentences = r->sentences;
	e->memory = memory_retain(memory);
	*out = e;
	return KRIGE_OK;
}

enum krige_status krige_explain(
	struct krige_explanation **out, struct krige_study *s, uint64_t number, struct krige_error *err)
{
	struct msg_request request = {.method = METHOD_EXPLAIN,
		.u.explain = {.study = s->name, .has_number = number != UINT64_MAX, .number = number}};
	struct msg_reply reply;
	struct memory *memory;
	enum krige_status st = call_keep(s->client, &request, &reply, &memory, err);

	*out = NULL;
	if (st == KRIGE_OK)
		st = make(out, &reply.u.explain, memory, err);
	memory_release(memory);
	return st;
}

const struct krige_why *krige_explanation_why(const struct krige_explanation *e)
{
	return &e->why;
}

const char *krige_explanation_sentence(const struct krige_explanation *e, size_t i)
{
	return i < (size_t)e->sentences.n ? e->sentences.p[i] : NULL;
}

void krige_explanation_free(struct krige_explanation *e)
{
	if (!e)
		return;
	memory_release(e->memory);
	kr_free(e);
}
