/* GetModel: the models of a study as they were last fitted for a suggestion. A read: nothing is
 * computed. */
#include "acquisition/policy/policy.h"
#include "daemon/engine/call.h"
#include "daemon/engine/snapshot.h"
#include "daemon/engine/verdict.h"

/* Of FIXED parameters, lengthscales mean nothing. */
static bool varies(const struct definition *def, int i)
{
	return def->spec.params[i].kind != PARAM_FIXED;
}

static enum kr_status put_parameters(struct call *c, struct kr_error *err)
{
	const struct definition *def = c->study->def;
	struct msg_texts *out = &c->reply.u.get_model.parameters;
	const char **names = ARENA_ARRAY(c->a, const char *, def->d);

	if (!names)
		return call_no_memory(err);
	for (int i = 0; i < def->d; i++)
		if (varies(def, i))
			names[out->n++] = def->spec.params[i].name;
	out->p = names;
	return KR_OK;
}

/* m->lengthscales <- those of the parameters that vary. False without memory. */
static bool select(struct call *c, struct msg_model *m)
{
	const double *from = m->lengthscales;
	double *to = ARENA_ARRAY(c->a, double, m->n_lengthscales);
	int n = 0;

	for (int i = 0; to && i < m->n_lengthscales; i++)
		if (varies(c->study->def, i))
			to[n++] = from[i];
	m->n_lengthscales = n;
	m->lengthscales = to;
	return to != NULL;
}

/* All but that of success when the trials that failed are deleted or excluded: suggestions know
 * none then, and no fit would take its place. */
static enum kr_status put_models(struct call *c, struct kr_error *err)
{
	struct msg_models *out = &c->reply.u.get_model.models, all = models_list(c->study->models);
	struct msg_model *list = ARENA_ARRAY(c->a, struct msg_model, all.n);
	bool failed = snapshot_has_failed(c->study);

	if (!list)
		return call_no_memory(err);
	for (int i = 0; i < all.n; i++) {
		if (!all.p[i].name && !failed)
			continue;
		list[out->n] = all.p[i];
		if (!select(c, &list[out->n++]))
			return call_no_memory(err);
	}
	out->p = list;
	return KR_OK;
}

static enum kr_status put_sentences(struct call *c, struct kr_error *err)
{
	struct msg_get_model_reply *r = &c->reply.u.get_model;
	const char **list = ARENA_ARRAY(c->a, const char *, r->models.n *VERDICT_MOST);

	if (!list)
		return call_no_memory(err);
	for (int i = 0; i < r->models.n; i++)
		r->sentences.n += verdict_say(&r->models.p[i], list + r->sentences.n, c->a);
	for (int i = 0; i < r->sentences.n; i++)
		if (!list[i])
			return call_no_memory(err);
	r->sentences.p = list;
	return KR_OK;
}

static const char *why_none(struct call *c)
{
	const struct study *s = c->study;
	uint64_t points = s->trials.n - study_n_deleted(s);
	size_t n = s->history.n;

	if (n == 0)
		return arena_printf(
			c->a, "study '%s' has no result yet; a model is made from results", s->def->name);
	if (points < POLICY_INITIAL_POINTS)
		return arena_printf(c->a,
			"study '%s' has results of %zu of the %d points of its initial design; the first "
			"suggestion after them fits a model",
			s->def->name, n, POLICY_INITIAL_POINTS);
	if (s->job)
		return arena_printf(
			c->a, "study '%s' computes a suggestion now, which may fit a model", s->def->name);
	return arena_printf(c->a,
		"no suggestion of study '%s' has needed a model yet; the next one fits one to its %zu "
		"results",
		s->def->name, n);
}

enum kr_status handle_get_model(struct call *c, struct kr_error *err)
{
	struct msg_get_model_reply *r = &c->reply.u.get_model;
	enum kr_status st = call_study(c, c->m->u.get_model.study, err);

	if (st != KR_OK)
		return st;
	r->results = c->study->history.n;
	if (!c->study->models) {
		r->reason = why_none(c);
		return r->reason ? KR_OK : call_no_memory(err);
	}
	st = put_parameters(c, err);
	if (st == KR_OK)
		st = put_models(c, err);
	return st == KR_OK ? put_sentences(c, err) : st;
}
