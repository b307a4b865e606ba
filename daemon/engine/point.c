#include "daemon/engine/point.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "daemon/engine/quote.h"

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

static enum kr_status read_choice(const struct msg_param *p, const char *field,
	const struct msg_scalar *v, double *out, struct kr_error *err)
{
	char text[256], shown[72], first[72];

	for (int k = 0; k < p->n_choices; k++)
		if (msg_scalar_equal(&p->choices[k], v)) {
			*out = k;
			return KR_OK;
		}
	quote_scalar(v, shown, sizeof(shown));
	quote_scalar(&p->choices[0], first, sizeof(first));
	snprintf(text, sizeof(text), "%s (%s) is not one of its %d choices, the first of which is %s",
		shown, type_name(v), p->n_choices, first);
	return refuse(err, field, p->name, text);
}

static enum kr_status read_value(const struct definition *def, const char *field, int i,
	const struct msg_scalar *v, double *out, struct kr_error *err)
{
	const struct msg_param *p = &def->spec.params[i];
	struct kr_error why;

	if (p->kind == PARAM_CATEGORICAL)
		return read_choice(p, field, v, out, err);
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

enum kr_status point_read(const struct definition *def, const char *field, int n,
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

enum kr_status point_read_full(const struct definition *def, const char *field, int n,
	const struct msg_named *named, double *values, struct kr_error *err)
{
	enum kr_status st = point_read(def, field, n, named, values, err);

	for (int i = 0; st == KR_OK && i < def->d; i++)
		if (isnan(values[i]))
			return refuse(
				err, field, def->spec.params[i].name, "it is missing; give every parameter");
	return st;
}

/* ---- writing ---------------------------------------------------------------- */

static struct msg_scalar scalar_of(const struct msg_param *p, double v)
{
	if (p->kind == PARAM_CATEGORICAL)
		return p->choices[(int)v];
	if (p->kind == PARAM_INT)
		return (struct msg_scalar){.kind = SCALAR_INT, .i = (int64_t)v};
	return (struct msg_scalar){.kind = SCALAR_REAL, .r = v};
}

bool point_whole(const struct definition *def, const double *values)
{
	for (int i = 0; i < def->d; i++)
		if (isnan(values[i]))
			return false;
	return true;
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
		out[(*n)++].value = scalar_of(&def->spec.params[i], values[i]);
	}
	return out;
}

size_t point_bytes(const struct definition *def)
{
	enum { FRAMING = 16, NUMBER = 11 };
	size_t sum = 0;

	for (int i = 0; i < def->d; i++) {
		const struct msg_param *p = &def->spec.params[i];
		size_t value = NUMBER;

		for (int k = 0; k < p->n_choices; k++)
			if (p->choices[k].kind == SCALAR_STRING && strlen(p->choices[k].s) > value)
				value = strlen(p->choices[k].s);
		sum += FRAMING + strlen(p->name) + value;
	}
	return sum;
}
