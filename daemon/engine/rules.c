#include "daemon/engine/rules.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "acquisition/space/region.h"
#include "base/alloc.h"
#include "daemon/engine/expression.h"
#include "daemon/engine/quote.h"

enum {
	MOST_BLAMED = 64,            /* rules among which the guilty ones are looked for */
	ONE_CONDITION = 1000 * 1000, /* work to find out whether it can hold */
	ALL_CONDITIONS = 50 * 1000 * 1000
};

static enum kr_status no_memory(struct kr_error *err)
{
	return kr_fail(err, KR_ENOMEM, "no memory for a study");
}

/* ---- parameters ------------------------------------------------------------- */

static enum space_kind kind_of(const struct msg_param *p)
{
	switch (p->kind) {
	case PARAM_FLOAT: return SPACE_FLOAT;
	case PARAM_INT: return SPACE_INT;
	case PARAM_ORDINAL: return SPACE_ORDINAL;
	case PARAM_FIXED: return SPACE_FIXED;
	case PARAM_BOOL:
	case PARAM_CATEGORICAL: break;
	}
	return SPACE_CATEGORICAL;
}

/* What the choices are as numbers; NULL in *out when they are none. */
static enum kr_status numbers_of(
	const struct msg_param *p, struct arena *a, const double **out, struct kr_error *err)
{
	double *numbers;

	*out = NULL;
	if ((p->kind != PARAM_ORDINAL && p->kind != PARAM_FIXED) || !expression_is_numeric(p))
		return KR_OK;
	numbers = ARENA_ARRAY(a, double, p->n_choices);
	if (!numbers)
		return no_memory(err);
	for (int k = 0; k < p->n_choices; k++)
		numbers[k] = p->choices[k].kind == SCALAR_INT ? (double)p->choices[k].i : p->choices[k].r;
	*out = numbers;
	return KR_OK;
}

static enum kr_status make_params(
	const struct params *params, struct arena *a, struct space_param *out, struct kr_error *err)
{
	enum kr_status st = KR_OK;

	for (int i = 0; st == KR_OK && i < params->n; i++) {
		const struct msg_param *p = &params->p[i];

		out[i] = (struct space_param){
			.kind = kind_of(p),
			.low = p->low,
			.high = p->high,
			.log = p->log,
			.step = p->has_step ? p->step : 0,
			.n_choices = p->kind == PARAM_BOOL ? 2 : p->n_choices,
		};
		st = numbers_of(p, a, &out[i].numbers, err);
	}
	return st;
}

enum kr_status rules_in_words_of_request(struct kr_error *err, enum kr_status st)
{
	static const char theirs[] = "params";
	char field[sizeof(err->field)], text[sizeof(err->text)];
	const size_t len = sizeof(theirs) - 1;

	if (st != KR_INVALID_ARGUMENT || !err || strncmp(err->field, theirs, len) != 0)
		return st;
	snprintf(
		field, sizeof(field), "spec.parameters%.*s", (int)(sizeof(field) - 17), err->field + len);
	snprintf(text, sizeof(text), "%s", err->text);
	if (strncmp(text, theirs, len) == 0)
		return kr_fail_field(err, st, field, "spec.parameters%s", text + len);
	return kr_fail_field(err, st, field, "%s: %s", field, text);
}

/* ---- conditions in a circle ------------------------------------------------- */

enum { NEW, OPEN, DONE };

/* A walk from parameter to parameter that its condition asks about, without recursion. */
struct walk {
	const struct params *params;
	const struct condition *const *when;
	unsigned char *mark; /* d */
	int *path, *at;      /* d: parameters, the node each is at */
	int n;
};

static enum kr_status refuse_circle(const struct walk *w, int again, struct kr_error *err)
{
	char field[64], text[200], name[72];
	size_t used = 0;
	int first = 0;

	while (w->path[first] != again)
		first++;
	snprintf(field, sizeof(field), "spec.parameters[%d].when", again);
	for (int k = first; k < w->n && used + 80 < sizeof(text); k++) {
		quote_text(w->params->p[w->path[k]].name, name, sizeof(name));
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s asks about ", name);
	}
	quote_text(w->params->p[again].name, name, sizeof(name));
	snprintf(text + used, sizeof(text) - used, "%s", name);
	return kr_fail_field(err, KR_INVALID_ARGUMENT, field,
		"%s: a parameter cannot depend on itself: %s; drop one of these conditions", field, text);
}

static enum kr_status walk_from(struct walk *w, int start, struct kr_error *err)
{
	w->path[0] = start;
	w->at[0] = 0;
	w->n = 1;
	w->mark[start] = OPEN;
	while (w->n > 0) {
		int i = w->path[w->n - 1], k = w->at[w->n - 1]++, to;
		const struct condition *c = w->when[i];

		if (!c || k >= c->n) {
			w->mark[i] = DONE;
			w->n--;
			continue;
		}
		if (c->nodes[k].op < CONDITION_RANGE)
			continue;
		to = c->nodes[k].param;
		if (w->mark[to] == OPEN)
			return refuse_circle(w, to, err);
		if (w->mark[to] == DONE)
			continue;
		w->mark[to] = OPEN;
		w->path[w->n] = to;
		w->at[w->n++] = 0;
	}
	return KR_OK;
}

static enum kr_status check_circles(
	const struct params *params, const struct condition *const *when, struct kr_error *err)
{
	size_t d = (size_t)params->n;
	struct walk w = {.params = params, .when = when};
	enum kr_status st = KR_OK;

	w.mark = kr_calloc(d, 1);
	w.path = kr_calloc(2 * d, sizeof(*w.path));
	w.at = w.path ? w.path + d : NULL;
	if (!w.mark || !w.path)
		st = no_memory(err);
	for (int i = 0; st == KR_OK && i < params->n; i++)
		if (w.mark[i] == NEW)
			st = walk_from(&w, i, err);
	kr_free(w.mark);
	kr_free(w.path);
	return st;
}

/* ---- compiling -------------------------------------------------------------- */

/* What compiling is about. */
struct source {
	const struct params *params;
	const struct msg_spec *spec;
	const struct space *plain; /* asked about values */
	struct arena *a;
};

static enum kr_status compile_when(
	const struct source *s, const struct condition **when, struct kr_error *err)
{
	enum kr_status st = KR_OK;

	for (int i = 0; st == KR_OK && i < s->params->n; i++) {
		const char *text = s->params->p[i].when;
		char field[64];

		snprintf(field, sizeof(field), "spec.parameters[%d].when", i);
		if (text)
			st = expression_condition(s->params, s->plain, field, text, &when[i], s->a, err);
	}
	return st == KR_OK ? check_circles(s->params, when, err) : st;
}

static enum kr_status compile(
	const struct source *s, struct space_rules *rules, struct kr_error *err)
{
	int n_forbidden = s->spec->forbidden.n, n_linear = s->spec->constraints.n;
	const struct condition **when = ARENA_ARRAY(s->a, const struct condition *, s->params->n);
	const struct condition **forbidden = ARENA_ARRAY(s->a, const struct condition *, n_forbidden);
	const struct linear **linear = ARENA_ARRAY(s->a, const struct linear *, n_linear);
	enum kr_status st = when && forbidden && linear ? compile_when(s, when, err) : no_memory(err);
	char field[64];

	*rules = (struct space_rules){when, n_forbidden, forbidden, n_linear, linear};
	for (int k = 0; st == KR_OK && k < n_forbidden; k++)
		st = expression_condition(s->params, s->plain, rules_field(s->spec, k, field),
			rules_text(s->spec, k), &forbidden[k], s->a, err);
	for (int k = 0; st == KR_OK && k < n_linear; k++)
		st = expression_constraint(s->params, rules_field(s->spec, n_forbidden + k, field),
			rules_text(s->spec, n_forbidden + k), &linear[k], s->a, err);
	return st;
}

static bool has_rules(const struct msg_spec *spec)
{
	for (int i = 0; i < spec->n_params; i++)
		if (spec->params[i].when)
			return true;
	return spec->forbidden.n || spec->constraints.n;
}

static enum kr_status make_ruled(const struct params *params, const struct msg_spec *spec,
	struct arena *a, const struct space_param *made, struct space **space, struct kr_error *err)
{
	struct source source = {params, spec, *space, a};
	struct space_rules rules;
	enum kr_status st = compile(&source, &rules, err);

	space_free(*space);
	*space = NULL;
	return st == KR_OK ? space_new_ruled(space, made, params->n, &rules, err) : st;
}

enum kr_status rules_make(const struct params *params, const struct msg_spec *spec, struct arena *a,
	struct space **out, struct kr_error *err)
{
	struct space_param *made = kr_calloc((size_t)params->n, sizeof(*made));
	enum kr_status st = made ? make_params(params, a, made, err) : no_memory(err);

	*out = NULL;
	if (st == KR_OK)
		st = space_new(out, made, params->n, err);
	if (st == KR_OK && has_rules(spec))
		st = make_ruled(params, spec, a, made, out, err);
	kr_free(made);
	return rules_in_words_of_request(err, st);
}

/* ---- naming ----------------------------------------------------------------- */

const char *rules_text(const struct msg_spec *spec, int rule)
{
	int n = spec->forbidden.n;

	return rule < n ? spec->forbidden.p[rule] : spec->constraints.p[rule - n];
}

const char *rules_field(const struct msg_spec *spec, int rule, char out[64])
{
	int n = spec->forbidden.n;

	if (rule < n)
		snprintf(out, 64, "spec.forbidden[%d]", rule);
	else
		snprintf(out, 64, "spec.parameter_constraints[%d]", rule - n);
	return out;
}

/* ---- can it be -------------------------------------------------------------- */

struct check {
	const struct msg_spec *spec;
	const struct space *space;
	int d;
	struct region *g;
	double *x;
	int n_rules;
	long left;
};

static void ignore_all(struct check *c, bool ignored)
{
	for (int k = 0; k < c->n_rules; k++)
		region_ignore(c->g, k, ignored);
}

static enum region_answer ask(struct check *c, long work)
{
	long most = work < c->left ? work : c->left;
	enum region_answer answer;

	for (int i = 0; i < c->d; i++)
		c->x[i] = space_coord(c->space, i, NAN);
	answer = region_near(c->g, c->x, -1, most);
	c->left -= most - region_left(c->g);
	return answer;
}

static enum region_answer can_hold(struct check *c, const struct condition *condition)
{
	enum region_answer answer;

	region_require(c->g, condition);
	answer = ask(c, ONE_CONDITION);
	region_require(c->g, NULL);
	return answer;
}

static enum kr_status refuse(
	struct kr_error *err, const char *field, const char *text, const char *what)
{
	char shown[104];

	quote_text(text, shown, sizeof(shown));
	shown[0] = shown[strlen(shown) - 1] = '"';
	return kr_fail_field(err, KR_INVALID_ARGUMENT, field, "%s is %s: %s", field, shown, what);
}

/* By themselves, without the other rules. */
static enum kr_status check_conditions(struct check *c, struct kr_error *err)
{
	static const char never[] =
		"no values of the parameters make it true; correct it, or remove it";
	const struct space_rules *rules = space_rules(c->space);
	enum kr_status st = KR_OK;
	char field[64];

	ignore_all(c, true);
	for (int i = 0; st == KR_OK && i < c->d; i++) {
		snprintf(field, sizeof(field), "spec.parameters[%d].when", i);
		if (space_when(c->space, i) && can_hold(c, space_when(c->space, i)) == REGION_EMPTY)
			st = refuse(err, field, c->spec->params[i].when, never);
	}
	for (int k = 0; st == KR_OK && k < rules->n_forbidden; k++)
		if (can_hold(c, rules->forbidden[k]) == REGION_EMPTY)
			st = refuse(err, rules_field(c->spec, k, field), rules_text(c->spec, k), never);
	ignore_all(c, false);
	return st;
}

/* Leave out what the emptiness does not need; what remains cannot be obeyed together. */
static enum kr_status blame(struct check *c, struct kr_error *err)
{
	char field[64], other[64], others[200] = "", what[300];
	int n = 0, last = -1;
	size_t used = 0;

	for (int k = 0; k < c->n_rules && c->n_rules <= MOST_BLAMED; k++) {
		region_ignore(c->g, k, true);
		if (ask(c, ONE_CONDITION) == REGION_EMPTY)
			continue;
		region_ignore(c->g, k, false);
		if (last >= 0 && used + 64 < sizeof(others))
			used += (size_t)snprintf(others + used, sizeof(others) - used, "%s%s",
				n > 1 ? ", " : "", rules_field(c->spec, last, other));
		last = k;
		n++;
	}
	if (last < 0)
		return kr_fail_field(err, KR_INVALID_ARGUMENT,
			c->spec->constraints.n ? "spec.parameter_constraints" : "spec.forbidden",
			"no point obeys all %d rules; relax some", c->n_rules);
	rules_field(c->spec, last, field);
	if (n == 1)
		return refuse(err, field, rules_text(c->spec, last),
			last < c->spec->forbidden.n
				? "this forbids every point; narrow it, or widen the parameters"
				: "no point obeys it; relax it, or widen the parameters");
	snprintf(what, sizeof(what), "no point obeys it together with %s; relax one of them", others);
	return refuse(err, field, rules_text(c->spec, last), what);
}

static const char *list_of(const struct msg_spec *spec)
{
	return spec->constraints.n ? "spec.parameter_constraints" : "spec.forbidden";
}

static enum kr_status check_empty(struct check *c, struct kr_error *err)
{
	enum region_answer roomy = region_roomy(c->g, c->x, REGION_MUCH), near;

	if (roomy == REGION_FOUND)
		return KR_OK;
	c->left = 2 * REGION_MUCH;
	near = ask(c, REGION_MUCH);
	if (near == REGION_EMPTY)
		return blame(c, err);
	if (roomy == REGION_EMPTY)
		return kr_fail_field(err, KR_INVALID_ARGUMENT, "spec.parameter_constraints",
			"spec.parameter_constraints leave the continuous parameters no room to vary: two of "
			"them are as good as an equality; leave a parameter out and compute it from the "
			"others, or make it fixed");
	return kr_fail_field(err, KR_INVALID_ARGUMENT, list_of(c->spec),
		"%s could not be shown to leave a point of the space, within a bound on the work; "
		"use fewer of them, or simpler ones",
		list_of(c->spec));
}

static enum kr_status check_active(struct check *c, struct kr_error *err)
{
	enum kr_status st = KR_OK;
	char field[64];

	for (int i = 0; st == KR_OK && i < c->d && c->n_rules > 0; i++) {
		const struct condition *when = space_when(c->space, i);

		snprintf(field, sizeof(field), "spec.parameters[%d].when", i);
		if (when && can_hold(c, when) == REGION_EMPTY)
			st = refuse(err, field, c->spec->params[i].when,
				"the parameter is never there: forbidden combinations and constraints rule out "
				"every point where this holds; relax one, or remove the parameter");
	}
	return st;
}

enum kr_status rules_check(const struct params *params, const struct msg_spec *spec,
	const struct space *space, struct kr_error *err)
{
	enum { ARENA_BYTES = 64 << 20 };
	struct check c = {.spec = spec, .space = space, .d = params->n, .left = ALL_CONDITIONS};
	struct arena *a;
	enum kr_status st;

	if (!space_ruled(space))
		return KR_OK;
	c.n_rules = spec->forbidden.n + spec->constraints.n;
	a = arena_new(ARENA_BYTES);
	c.g = a ? region_new(space, a) : NULL;
	c.x = a ? ARENA_ARRAY(a, double, c.d) : NULL;
	st = c.g && c.x ? check_conditions(&c, err) : no_memory(err);
	if (st == KR_OK)
		st = check_empty(&c, err);
	if (st == KR_OK)
		st = check_active(&c, err);
	arena_free(a);
	return st;
}
