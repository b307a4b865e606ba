#include "daemon/engine/point.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "acquisition/space/region.h"
#include "daemon/engine/quote.h"
#include "daemon/engine/rules.h"

static struct msg_scalar scalar_at(const struct definition *def, int i, double v)
{
	const struct msg_param *p = &def->spec.params[i];

	switch (p->kind) {
	case PARAM_FLOAT: return (struct msg_scalar){.kind = SCALAR_REAL, .r = v};
	case PARAM_INT: return (struct msg_scalar){.kind = SCALAR_INT, .i = (int64_t)v};
	case PARAM_BOOL: return (struct msg_scalar){.kind = SCALAR_BOOL, .b = v != 0};
	default: return p->choices[(int)v];
	}
}

static const char *type_name(const struct msg_scalar *v)
{
	switch (v->kind) {
	case SCALAR_NULL: return "no value";
	case SCALAR_BOOL: return "a bool";
	case SCALAR_INT: return "an int";
	case SCALAR_REAL: return "a real";
	case SCALAR_STRING: return "text";
	}
	return "unset";
}

/* ---- reading ---------------------------------------------------------------- */

static enum kr_status refuse(
	struct kr_error *err, const char *field, const char *name, const char *text)
{
	char path[sizeof(err->field)];

	snprintf(path, sizeof(path), "%s.%s", field, name);
	return kr_fail_field(err, KR_INVALID_ARGUMENT, path, "%s.%s: %s", field, name, text);
}

static enum kr_status wrong_type(struct kr_error *err, const char *field, const char *name,
	const struct msg_scalar *v, const char *right)
{
	char text[160], shown[72];

	quote_scalar(v, shown, sizeof(shown));
	snprintf(text, sizeof(text), "%s is %s; it must be %s", shown, type_name(v), right);
	return refuse(err, field, name, text);
}

static enum kr_status read_choice(const struct definition *def, const char *field, int i,
	const struct msg_scalar *v, double *out, struct kr_error *err)
{
	const struct msg_param *p = &def->spec.params[i];
	char text[256], shown[72], first[72];
	int k = params_choice(&def->params, i, v);

	*out = k;
	if (k >= 0)
		return KR_OK;
	if (p->kind == PARAM_BOOL)
		return wrong_type(err, field, p->name, v, "true or false");
	quote_scalar(v, shown, sizeof(shown));
	quote_scalar(&p->choices[0], first, sizeof(first));
	if (p->kind == PARAM_FIXED)
		snprintf(
			text, sizeof(text), "%s (%s) is not its fixed value, %s", shown, type_name(v), first);
	else
		snprintf(text, sizeof(text),
			"%s (%s) is not one of its %d choices, the first of which is %s", shown, type_name(v),
			p->n_choices, first);
	return refuse(err, field, p->name, text);
}

static enum kr_status read_value(const struct definition *def, const char *field, int i,
	const struct msg_scalar *v, double *out, struct kr_error *err)
{
	const struct msg_param *p = &def->spec.params[i];
	struct kr_error why;

	if (p->kind != PARAM_FLOAT && p->kind != PARAM_INT)
		return read_choice(def, field, i, v, out, err);
	if (v->kind == SCALAR_INT)
		*out = (double)v->i;
	else if (v->kind == SCALAR_REAL)
		*out = v->r;
	else
		return wrong_type(err, field, p->name, v, "a number");
	if (p->kind == PARAM_INT && *out != rint(*out))
		return wrong_type(err, field, p->name, v, "an integer");
	if (space_check(def->space, i, *out, &why) != KR_OK)
		return refuse(err, field, p->name, why.text);
	return KR_OK;
}

static enum kr_status read_named(const struct definition *def, const char *field, int n,
	const struct msg_named *named, double *values, struct kr_error *err)
{
	enum kr_status st;

	for (int i = 0; i < def->d; i++)
		values[i] = NAN;
	for (int i = 0; i < n; i++) {
		const char *name = named[i].name ? named[i].name : "";
		int k = definition_find(def, name, i);

		if (k < 0)
			return refuse(err, field, name, "the study has no parameter of this name");
		if (!isnan(values[k]))
			return refuse(err, field, name, "it is given twice; give it once");
		st = read_value(def, field, k, &named[i].value, &values[k], err);
		if (st != KR_OK)
			return st;
	}
	return KR_OK;
}

/* ---- rules ------------------------------------------------------------------ */

/* A point of which some values are not known yet: NaN, and may become anything. */
struct open_point {
	const double *values;
	unsigned char *active; /* enum truth, of the parameters judged so far */
};

static enum truth judge_leaf(void *ctx, const struct condition_node *leaf)
{
	const struct open_point *p = ctx;
	double v = p->values[leaf->param];

	if (p->active[leaf->param] == TRUTH_NO)
		return TRUTH_NO;
	if (isnan(v))
		return TRUTH_MAYBE;
	if (!condition_compare(leaf, v))
		return TRUTH_NO;
	return p->active[leaf->param] == TRUTH_YES ? TRUTH_YES : TRUTH_MAYBE;
}

/* "'opt' is 'adam'": what a condition asks about first. */
static void tell_parent(const struct definition *def, const struct condition *c,
	const double *values, const unsigned char *active, char *out, size_t size)
{
	char name[72], shown[72];
	int i = -1;

	for (int k = 0; k < c->n && i < 0; k++)
		if (c->nodes[k].op >= CONDITION_RANGE)
			i = c->nodes[k].param;
	if (i < 0)
		return;
	quote_text(def->spec.params[i].name, name, sizeof(name));
	if (active[i] == TRUTH_NO || isnan(values[i])) {
		snprintf(out, size, "%s is not there", name);
		return;
	}
	struct msg_scalar v = scalar_at(def, i, values[i]);

	quote_scalar(&v, shown, sizeof(shown));
	snprintf(out, size, "%s is %s", name, shown);
}

static enum kr_status refuse_inactive(const struct definition *def, const char *field, int i,
	const double *values, const unsigned char *active, struct kr_error *err)
{
	char text[320], when[104], parent[160] = "";

	quote_text(def->spec.params[i].when, when, sizeof(when));
	when[0] = when[strlen(when) - 1] = '"';
	tell_parent(def, space_when(def->space, i), values, active, parent, sizeof(parent));
	snprintf(text, sizeof(text), "it is there only when %s, but %s; leave it out", when, parent);
	return refuse(err, field, def->spec.params[i].name, text);
}

/* Nothing is given that cannot be there; full: all is given that is, but for what has only one
 * value: that is filled in. */
static enum kr_status check_active(const struct definition *def, const char *field, double *values,
	bool full, struct kr_error *err)
{
	unsigned char active[SPACE_MAX_DIMS];
	struct open_point point = {values, active};
	const int *order = space_order(def->space);

	for (int k = 0; k < def->d; k++) {
		int i = order[k];
		const struct condition *when = space_when(def->space, i);
		enum truth t = when ? condition_judge(when, judge_leaf, &point) : TRUTH_YES;

		active[i] = (unsigned char)t;
		if (t == TRUTH_NO && !isnan(values[i]))
			return refuse_inactive(def, field, i, values, active, err);
		if (full && t == TRUTH_YES && def->spec.params[i].kind == PARAM_FIXED)
			values[i] = 0;
	}
	for (int i = 0; full && i < def->d; i++)
		if (active[i] != TRUTH_NO && isnan(values[i]))
			return refuse(err, field, def->spec.params[i].name,
				"it is missing; give every parameter that is there");
	return KR_OK;
}

/* Is a whole point allowed? */
static enum kr_status check_rules(
	const struct definition *def, const char *field, const double *values, struct kr_error *err)
{
	int rule = space_broken(def->space, values);
	char text[104], name[64];

	if (rule < 0)
		return KR_OK;
	quote_text(rules_text(&def->spec, rule), text, sizeof(text));
	text[0] = text[strlen(text) - 1] = '"';
	return kr_fail_field(err, KR_INVALID_ARGUMENT, field, "%s: the point %s %s, %s", field,
		rule < def->spec.forbidden.n ? "is forbidden by" : "does not obey",
		rules_field(&def->spec, rule, name), text);
}

/* Is any point with these values allowed? */
static enum kr_status check_some(
	const struct definition *def, const char *field, const double *values, struct kr_error *err)
{
	enum { ARENA_BYTES = 64 << 20 };
	struct arena *a = arena_new(ARENA_BYTES);
	struct region *g = a ? region_new(def->space, a) : NULL;
	double *x = g ? ARENA_ARRAY(a, double, def->d) : NULL;
	enum region_answer answer = REGION_UNKNOWN;

	if (x) {
		region_fix(g, values);
		for (int i = 0; i < def->d; i++)
			x[i] = space_coord(def->space, i, NAN);
		answer = region_near(g, x, -1, region_little(g));
	}
	arena_free(a);
	if (!x)
		return kr_fail(err, KR_ENOMEM, "no memory to check a point");
	return answer != REGION_EMPTY
		? KR_OK
		: kr_fail_field(err, KR_INVALID_ARGUMENT, field,
			  "%s: no point with these values obeys the conditions, forbidden combinations and "
			  "constraints of the study; fix fewer or other values",
			  field);
}

enum kr_status point_read(const struct definition *def, const char *field, int n,
	const struct msg_named *named, double *values, struct kr_error *err)
{
	enum kr_status st = read_named(def, field, n, named, values, err);

	if (st != KR_OK || !space_ruled(def->space))
		return st;
	st = check_active(def, field, values, false, err);
	if (st != KR_OK || n == 0)
		return st;
	return point_whole(def, values) ? check_rules(def, field, values, err)
									: check_some(def, field, values, err);
}

enum kr_status point_read_full(const struct definition *def, const char *field, int n,
	const struct msg_named *named, double *values, struct kr_error *err)
{
	enum kr_status st = read_named(def, field, n, named, values, err);

	if (st == KR_OK)
		st = check_active(def, field, values, true, err);
	return st == KR_OK ? check_rules(def, field, values, err) : st;
}

/* ---- writing ---------------------------------------------------------------- */

bool point_whole(const struct definition *def, const double *values)
{
	return space_complete(def->space, values);
}

const struct msg_named *point_write(
	const struct definition *def, const double *values, int *n, struct arena *a)
{
	struct msg_named *out = ARENA_ARRAY(a, struct msg_named, def->d);

	*n = 0;
	for (int i = 0; out && i < def->d; i++) {
		if (isnan(values[i]))
			continue;
		out[*n].name = def->spec.params[i].name;
		out[(*n)++].value = scalar_at(def, i, values[i]);
	}
	return out;
}
