#include "daemon/engine/warm_start.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "acquisition/policy/subset.h"
#include "daemon/engine/point.h"
#include "daemon/engine/quote.h"

enum { MOST_LOOKED_AT = 2000 }; /* the engine has other things to do */

/* One source on its way. */
struct source {
	struct call *c;
	const struct definition *def; /* of the new study */
	const struct study *from;
	const char *field;  /* "spec.warm_start[0]" */
	double *values, *y; /* n x d, n: those that fit */
	double *merit;      /* n: larger is better */
	size_t n;
};

static bool is_fixed(const struct msg_param *p)
{
	return p->kind == PARAM_FIXED;
}

static enum kr_status unfit(
	const struct source *s, const struct msg_param *p, const char *what, struct kr_error *err)
{
	char study[72], name[72];

	quote_text(s->from->def->name, study, sizeof(study));
	quote_text(p->name, name, sizeof(name));
	return kr_fail_field(err, KR_INVALID_ARGUMENT, s->field,
		"%s: study %s %s %s; leave the study out", s->field, study, what, name);
}

/* Does the study have the parameters of the new one, and no others? */
static enum kr_status check_parameters(const struct source *s, struct kr_error *err)
{
	const struct msg_spec *to = &s->def->spec, *from = &s->from->def->spec;

	for (int i = 0; i < to->n_params; i++) {
		int k = definition_find(s->from->def, to->params[i].name, i);
		const struct msg_param *p = k < 0 ? NULL : &from->params[k];

		if (!p && !is_fixed(&to->params[i]))
			return unfit(s, &to->params[i], "has no parameter", err);
		if (p && p->kind != to->params[i].kind && !is_fixed(p) && !is_fixed(&to->params[i]))
			return unfit(s, p, "has, of another kind, the parameter", err);
	}
	for (int i = 0; i < from->n_params; i++)
		if (!is_fixed(&from->params[i]) && definition_find(s->def, from->params[i].name, i) < 0)
			return unfit(s, &from->params[i], "varies what this one has not, the parameter", err);
	return KR_OK;
}

/* values <- the point of a trial in the new space; false when it is none. */
static bool translate(const struct source *s, const struct trial *t, double *values, bool *memory)
{
	struct arena_mark mark = arena_mark(s->c->a);
	int n, kept = 0;
	const struct msg_named *named = point_write(s->from->def, t->values, &n, s->c->a);
	struct msg_named *known = ARENA_ARRAY(s->c->a, struct msg_named, s->def->d);
	enum kr_status st = KR_ENOMEM;

	for (int i = 0; named && known && i < n; i++)
		if (definition_find(s->def, named[i].name, i) >= 0)
			known[kept++] = named[i];
	if (named && known)
		st = point_read_full(s->def, "params", kept, known, values, NULL);
	arena_release(s->c->a, mark);
	*memory |= st == KR_ENOMEM;
	return st == KR_OK;
}

/* The i-th result, when it fits. */
static bool add(struct source *s, size_t i, bool *memory)
{
	const struct trial *t = trials_at(&s->from->trials, history_trial(&s->from->history, i));
	double *values = s->values + s->n * (size_t)s->def->d;

	if (!study_feasible(s->from, t) || !translate(s, t, values, memory))
		return false;
	s->y[s->n] = study_objective(s->from, t);
	s->merit[s->n] = s->from->def->minimize ? -s->y[s->n] : s->y[s->n];
	s->n++;
	return true;
}

/* Those of its results that fit: of very many the newest, and the best. */
static enum kr_status gather(struct source *s, uint64_t *n_unfit, struct kr_error *err)
{
	const struct history *h = &s->from->history;
	size_t d = (size_t)s->def->d, n = h->n < MOST_LOOKED_AT ? h->n : MOST_LOOKED_AT;
	size_t best = s->from->now.has_best ? history_find(h, s->from->now.best) : h->n;
	bool memory = false;

	s->values = arena_alloc(s->c->a, (n + 1) * d * sizeof(double));
	s->y = ARENA_ARRAY(s->c->a, double, n + 1);
	s->merit = ARENA_ARRAY(s->c->a, double, n + 1);
	if (!s->values || !s->y || !s->merit)
		return call_no_memory(err);
	if (best < h->n - n)
		*n_unfit += !add(s, best, &memory);
	for (size_t i = h->n - n; i < h->n && !memory; i++)
		*n_unfit += !add(s, i, &memory);
	return memory ? call_no_memory(err) : KR_OK;
}

static int most_points(const struct definition *def)
{
	int most = LIMIT_WARM_START_NUMBERS / (def->d * def->spec.warm_start.n);

	return most < LIMIT_WARM_START_POINTS ? most : LIMIT_WARM_START_POINTS;
}

/* out <- the chosen ones. */
static enum kr_status choose(
	const struct source *s, struct record_source *out, struct kr_error *err)
{
	size_t d = (size_t)s->def->d;
	int most = most_points(s->def), n = (int)s->n;
	int *rows = ARENA_ARRAY(s->c->a, int, most);
	double *values = arena_alloc(s->c->a, (size_t)most * d * sizeof(double));
	double *y = ARENA_ARRAY(s->c->a, double, most);

	if (!rows || !values || !y)
		return call_no_memory(err);
	n = n ? subset_pick(s->def->space, n, s->values, s->merit, most, rows, s->c->a) : 0;
	if (n < 0)
		return call_no_memory(err);
	for (int i = 0; i < n; i++) {
		memcpy(values + (size_t)i * d, s->values + (size_t)rows[i] * d, d * sizeof(double));
		y[i] = s->y[rows[i]];
	}
	out->n_values = n * s->def->d;
	out->values = values;
	out->n_outcomes = n;
	out->outcomes = y;
	out->what.taken = (uint64_t)n;
	out->what.unused = s->from->history.n - out->what.unfit - (uint64_t)n;
	return KR_OK;
}

/* The study of the k-th name. */
static enum kr_status find(struct call *c, const char *name, const char *field,
	const struct study **out, struct kr_error *err)
{
	struct call one = *c;
	enum kr_status st = call_study(&one, name, err);

	c->of_names |= one.of_names;
	if (st == KR_NOT_FOUND)
		return kr_fail_field(
			err, st, field, "%s: there is no study '%s'; leave it out", field, name);
	*out = one.study;
	return st;
}

static enum kr_status take_one(struct call *c, const struct definition *def, int k,
	struct record_source *out, struct kr_error *err)
{
	char field[40];
	struct source s = {.c = c, .def = def, .field = field};
	enum kr_status st;

	snprintf(field, sizeof(field), "spec.warm_start[%d]", k);
	st = find(c, def->spec.warm_start.p[k], field, &s.from, err);
	if (st == KR_OK)
		st = check_parameters(&s, err);
	if (st == KR_OK)
		st = gather(&s, &out->what.unfit, err);
	if (st != KR_OK)
		return st;
	out->what.name = s.from->def->name;
	out->what.id = s.from->id;
	out->maximize = !s.from->def->minimize;
	return choose(&s, out, err);
}

/* out <- what that study has taken of its k-th source; borrowed. */
static struct record_source recorded(const struct definition *from, int k)
{
	const struct policy_source *points = &from->sources[k];

	return (struct record_source){.what = from->warm_start[k],
		.maximize = !points->minimize,
		.n_values = points->n * from->d,
		.values = points->X,
		.n_outcomes = points->n,
		.outcomes = points->y};
}

/* A study is cloned: what it has taken, whatever has become of its sources since. */
static enum kr_status take_recorded(struct call *c, const struct definition *def, const char *name,
	struct record_source *taken, struct kr_error *err)
{
	const struct study *from;
	enum kr_status st = find(c, name, "clone_of", &from, err);

	if (st == KR_OK)
		st = definition_agrees_start(from->def, &def->spec, err);
	for (int k = 0; st == KR_OK && k < def->spec.warm_start.n; k++)
		taken[k] = recorded(from->def, k);
	return st;
}

/* One that takes the place of another can't begin with it under the name that is its own then. */
static enum kr_status check_names(const struct definition *def, struct kr_error *err)
{
	char field[40], name[72];

	for (int k = 0; k < def->spec.warm_start.n; k++) {
		if (strcmp(def->spec.warm_start.p[k], def->name) != 0)
			continue;
		snprintf(field, sizeof(field), "spec.warm_start[%d]", k);
		quote_text(def->name, name, sizeof(name));
		return kr_fail_field(err, KR_INVALID_ARGUMENT, field,
			"%s is %s, the new study itself; leave it out, or give the new study another name",
			field, name);
	}
	return KR_OK;
}

enum kr_status warm_start_take(struct call *c, struct definition *def,
	const struct record_source **sources, struct kr_error *err)
{
	const char *clone_of = c->m->u.create_study.clone_of;
	int n = def->spec.warm_start.n;
	struct record_source *taken = ARENA_ARRAY(c->a, struct record_source, n);
	enum kr_status st = taken ? KR_OK : call_no_memory(err);

	*sources = taken;
	if (st == KR_OK)
		st = clone_of ? take_recorded(c, def, clone_of, taken, err) : check_names(def, err);
	for (int k = 0; st == KR_OK && !clone_of && k < n; k++) {
		taken[k] = (struct record_source){0};
		st = take_one(c, def, k, &taken[k], err);
	}
	return st == KR_OK ? definition_take(def, n, taken, err) : st;
}
