/* A search space that is built call by call: a msg_spec without metrics. */
#include "client/c/space.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "client/c/error.h"
#include "client/c/value.h"
#include "proto/limits.h"

struct texts {
	const char **p;
	size_t n, cap;
};

struct krige_space {
	struct arena *arena; /* names, choices, texts */
	struct msg_param *params;
	size_t n, cap;
	struct texts constraints, forbidden;
};

static enum krige_status no_memory(struct krige_error *err)
{
	return error_set(err, KRIGE_NO_MEMORY, "no memory for a space");
}

struct krige_space *krige_space_new(void)
{
	struct krige_space *s = KR_NEW(struct krige_space);

	if (!s)
		return NULL;
	s->arena = arena_new(LIMIT_ARENA_BYTES);
	if (s->arena)
		return s;
	kr_free(s);
	return NULL;
}

void krige_space_free(struct krige_space *s)
{
	if (!s)
		return;
	arena_free(s->arena);
	kr_free(s->params);
	kr_free(s->constraints.p);
	kr_free(s->forbidden.p);
	kr_free(s);
}

/* ---- parameters ------------------------------------------------------------ */

static struct msg_param *find(struct krige_space *s, const char *name)
{
	for (size_t i = 0; s && i < s->n; i++)
		if (strcmp(s->params[i].name, name) == 0)
			return &s->params[i];
	return NULL;
}

/* p with its name copied; its other texts are in the arena. */
static enum krige_status add(
	struct krige_space *s, const char *name, struct msg_param *p, struct krige_error *err)
{
	if (!s)
		return no_memory(err);
	if (!name || !name[0])
		return error_field(
			err, KRIGE_INVALID_ARGUMENT, "name", "name is missing; every parameter needs one");
	if (find(s, name))
		return error_field(err, KRIGE_INVALID_ARGUMENT, "name",
			"name '%.100s' is there already; names must differ", name);
	if (KR_GROW(&s->params, s->n, &s->cap) || !value_copy_text(s->arena, name, &p->name))
		return no_memory(err);
	s->params[s->n++] = *p;
	return KRIGE_OK;
}

static enum krige_status add_number(struct krige_space *s, const char *name, enum param_kind kind,
	double low, double high, enum krige_scale scale, double step, struct krige_error *err)
{
	struct msg_param p = {
		.kind = kind,
		.has_low = true,
		.low = low,
		.has_high = true,
		.high = high,
		.log = scale == KRIGE_LOG,
		.has_step = step != 0,
		.step = step,
	};

	if (!isfinite(low) || !isfinite(high) || !isfinite(step))
		return error_field(err, KRIGE_INVALID_ARGUMENT, name ? name : "name",
			"bounds %g to %g with step %g; they must be finite", low, high, step);
	return add(s, name, &p, err);
}

enum krige_status krige_space_float(struct krige_space *s, const char *name, double low,
	double high, enum krige_scale scale, double step, struct krige_error *err)
{
	return add_number(s, name, PARAM_FLOAT, low, high, scale, step, err);
}

enum krige_status krige_space_int(struct krige_space *s, const char *name, int64_t low,
	int64_t high, enum krige_scale scale, int64_t step, struct krige_error *err)
{
	static const int64_t most = (int64_t)1 << 53;

	if (low <= -most || high >= most)
		return error_field(err, KRIGE_INVALID_ARGUMENT, name ? name : "name",
			"bounds %lld to %lld; integers are below 2^53 in size", (long long)low,
			(long long)high);
	return add_number(s, name, PARAM_INT, (double)low, (double)high, scale, (double)step, err);
}

static enum krige_status add_choices(struct krige_space *s, const char *name, enum param_kind kind,
	const struct krige_value *choices, size_t n, struct krige_error *err)
{
	struct msg_scalar *list;
	struct msg_param p = {.kind = kind, .n_choices = (int)n};
	enum krige_status st = KRIGE_OK;

	if (!s)
		return no_memory(err);
	if (n < 1 || n > LIMIT_CHOICES || !choices)
		return error_field(err, KRIGE_INVALID_ARGUMENT, name ? name : "name",
			"%zu choices; 1 to %d are allowed", n, LIMIT_CHOICES);
	list = ARENA_ARRAY(s->arena, struct msg_scalar, n);
	if (!list)
		return no_memory(err);
	for (size_t i = 0; st == KRIGE_OK && i < n; i++) {
		st = value_write(&list[i], &choices[i], name ? name : "name", err);
		if (st == KRIGE_OK && list[i].s && !value_copy_text(s->arena, list[i].s, &list[i].s))
			st = no_memory(err);
	}
	p.choices = list;
	return st == KRIGE_OK ? add(s, name, &p, err) : st;
}

enum krige_status krige_space_categorical(struct krige_space *s, const char *name,
	const struct krige_value *choices, size_t n, struct krige_error *err)
{
	return add_choices(s, name, PARAM_CATEGORICAL, choices, n, err);
}

enum krige_status krige_space_ordinal(struct krige_space *s, const char *name,
	const struct krige_value *values, size_t n, struct krige_error *err)
{
	return add_choices(s, name, PARAM_ORDINAL, values, n, err);
}

enum krige_status krige_space_bool(struct krige_space *s, const char *name, struct krige_error *err)
{
	struct msg_param p = {.kind = PARAM_BOOL};

	return add(s, name, &p, err);
}

enum krige_status krige_space_fixed(
	struct krige_space *s, const char *name, struct krige_value value, struct krige_error *err)
{
	return add_choices(s, name, PARAM_FIXED, &value, 1, err);
}

/* ---- conditions ------------------------------------------------------------ */

/* Parameter `name`, which a call says more about. */
static enum krige_status known(struct krige_space *s, const char *name, const char *what,
	struct msg_param **out, struct krige_error *err)
{
	*out = name ? find(s, name) : NULL;
	if (*out)
		return KRIGE_OK;
	return error_field(err, KRIGE_INVALID_ARGUMENT, "name",
		"there is no parameter '%.100s'; add it before its %s", name ? name : "", what);
}

enum krige_status krige_space_when(
	struct krige_space *s, const char *name, const char *condition, struct krige_error *err)
{
	struct msg_param *p;

	if (known(s, name, "condition", &p, err) != KRIGE_OK)
		return KRIGE_INVALID_ARGUMENT;
	if (!condition || !condition[0])
		return error_field(err, KRIGE_INVALID_ARGUMENT, "condition",
			"the condition of '%.100s' is empty; write one like \"opt == 'sgd'\"", name);
	return value_copy_text(s->arena, condition, &p->when) ? KRIGE_OK : no_memory(err);
}

/* ---- beliefs --------------------------------------------------------------- */

static enum krige_status set_prior(struct krige_space *s, const char *name, enum prior_kind kind,
	const double *numbers, size_t n, struct krige_error *err)
{
	struct msg_param *p;

	if (known(s, name, "prior", &p, err) != KRIGE_OK)
		return KRIGE_INVALID_ARGUMENT;
	if (n < 1 || n > LIMIT_CHOICES || !numbers)
		return error_field(
			err, KRIGE_INVALID_ARGUMENT, name, "%zu weights; give one for each choice", n);
	if (kind == PRIOR_NORMAL && p->log)
		kind = PRIOR_LOG_NORMAL;
	numbers = arena_memdup(s->arena, numbers, n * sizeof(*numbers));
	if (!numbers)
		return no_memory(err);
	p->prior = (struct msg_prior){kind, (int)n, numbers};
	return KRIGE_OK;
}

enum krige_status krige_space_normal(
	struct krige_space *s, const char *name, double mean, double spread, struct krige_error *err)
{
	return set_prior(s, name, PRIOR_NORMAL, (double[]){mean, spread}, 2, err);
}

enum krige_status krige_space_weights(struct krige_space *s, const char *name,
	const double *weights, size_t n, struct krige_error *err)
{
	return set_prior(s, name, PRIOR_WEIGHTS, weights, n, err);
}

static enum krige_status add_text(struct krige_space *s, struct texts *t, const char *field,
	const char *text, struct krige_error *err)
{
	if (!text || !text[0])
		return error_field(err, KRIGE_INVALID_ARGUMENT, field, "%s is empty; write one", field);
	if (KR_GROW(&t->p, t->n, &t->cap) || !value_copy_text(s->arena, text, &t->p[t->n]))
		return no_memory(err);
	t->n++;
	return KRIGE_OK;
}

enum krige_status krige_space_constrain(
	struct krige_space *s, const char *constraint, struct krige_error *err)
{
	return s ? add_text(s, &s->constraints, "constraint", constraint, err) : no_memory(err);
}

enum krige_status krige_space_forbid(
	struct krige_space *s, const char *condition, struct krige_error *err)
{
	return s ? add_text(s, &s->forbidden, "condition", condition, err) : no_memory(err);
}

void space_write(const struct krige_space *s, struct msg_spec *spec)
{
	spec->n_params = (int)s->n;
	spec->params = s->params;
	spec->constraints = (struct msg_texts){(int)s->constraints.n, s->constraints.p};
	spec->forbidden = (struct msg_texts){(int)s->forbidden.n, s->forbidden.p};
}
