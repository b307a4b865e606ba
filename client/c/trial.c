#include "client/c/trial.h"

#include <string.h>

#include "base/alloc.h"
#include "client/c/error.h"
#include "client/c/value.h"

enum krige_status trial_new(struct krige_trial **out, const struct krige_study *s,
	const struct msg_trial *m, struct memory *memory, struct krige_error *err)
{
	struct krige_trial *t = KR_NEW(struct krige_trial);

	*out = t;
	if (!t)
		return error_set(err, KRIGE_NO_MEMORY, "no memory for a trial");
	*t = (struct krige_trial){
		.client = s->client,
		.study_memory = memory_retain(s->memory),
		.memory = memory_retain(memory),
		.study = s->name,
		.m = m,
		.number = m->number,
		.attempt = m->attempt,
		.has_token = m->has_lease && m->lease.has_token,
	};
	memcpy(t->token, m->lease.token, sizeof(t->token));
	return KRIGE_OK;
}

void krige_trial_free(struct krige_trial *t)
{
	if (!t)
		return;
	memory_release(t->study_memory);
	memory_release(t->memory);
	kr_free(t);
}

void trial_renew(struct krige_trial *t, const struct msg_trial *m, struct memory *memory)
{
	struct memory *old = t->memory;

	t->memory = memory_retain(memory);
	t->m = m;
	memory_release(old);
}

struct msg_lease trial_lease(const struct krige_trial *t)
{
	struct msg_lease lease = {
		.number = t->number,
		.has_attempt = t->has_token,
		.attempt = t->attempt,
		.has_token = t->has_token,
	};

	memcpy(lease.token, t->token, sizeof(lease.token));
	return lease;
}

/* ---- what it says ---------------------------------------------------------- */

const char *krige_trial_state_name(enum krige_trial_state state)
{
	return msg_trial_state_name((enum trial_state)state);
}

uint64_t krige_trial_number(const struct krige_trial *t)
{
	return t->number;
}

enum krige_trial_state krige_trial_get_state(const struct krige_trial *t)
{
	return (enum krige_trial_state)t->m->state;
}

uint32_t krige_trial_attempt(const struct krige_trial *t)
{
	return t->m->attempt;
}

const char *krige_trial_reason(const struct krige_trial *t)
{
	return t->m->reason;
}

const char *krige_trial_worker(const struct krige_trial *t)
{
	return t->m->worker;
}

size_t krige_trial_n_params(const struct krige_trial *t)
{
	return (size_t)t->m->n_params;
}

struct krige_named krige_trial_param(const struct krige_trial *t, size_t i)
{
	if (i >= (size_t)t->m->n_params)
		return (struct krige_named){.value = krige_null()};
	return (struct krige_named){t->m->params[i].name, value_read(&t->m->params[i].value)};
}

size_t krige_trial_n_metrics(const struct krige_trial *t)
{
	return (size_t)t->m->n_values;
}

struct krige_metric krige_trial_metric(const struct krige_trial *t, size_t i)
{
	const struct msg_value *v;

	if (i >= (size_t)t->m->n_values)
		return (struct krige_metric){0};
	v = &t->m->values[i];
	return (struct krige_metric){v->name, v->value, v->has_sem ? v->sem : 0};
}

/* ---- parameters by name ---------------------------------------------------- */

enum krige_status krige_trial_get(
	const struct krige_trial *t, const char *name, struct krige_value *out, struct krige_error *err)
{
	for (int i = 0; name && i < t->m->n_params; i++)
		if (strcmp(t->m->params[i].name, name) == 0) {
			*out = value_read(&t->m->params[i].value);
			return KRIGE_OK;
		}
	return error_field(err, KRIGE_NOT_FOUND, name ? name : "name",
		"trial %llu has no parameter '%.100s'; it is not in the space, or its condition does "
		"not hold",
		(unsigned long long)t->number, name ? name : "");
}

static enum krige_status wrong_type(
	const char *name, const struct krige_value *v, const char *wanted, struct krige_error *err)
{
	static const char *const types[] = {"?", "null", "a bool", "an int", "a real", "a text"};

	return error_field(err, KRIGE_INVALID_ARGUMENT, name,
		"'%.100s' is %s, not %s; read it with krige_trial_get()", name,
		types[v->type <= KRIGE_TEXT ? v->type : 0], wanted);
}

enum krige_status krige_trial_real(
	const struct krige_trial *t, const char *name, double *out, struct krige_error *err)
{
	struct krige_value v = {0};
	enum krige_status st = krige_trial_get(t, name, &v, err);

	if (st != KRIGE_OK)
		return st;
	if (v.type != KRIGE_REAL && v.type != KRIGE_INT)
		return wrong_type(name, &v, "a number", err);
	*out = v.type == KRIGE_REAL ? v.as.real : (double)v.as.integer;
	return KRIGE_OK;
}

enum krige_status krige_trial_int(
	const struct krige_trial *t, const char *name, int64_t *out, struct krige_error *err)
{
	struct krige_value v = {0};
	enum krige_status st = krige_trial_get(t, name, &v, err);

	if (st != KRIGE_OK)
		return st;
	if (v.type != KRIGE_INT)
		return wrong_type(name, &v, "an int", err);
	*out = v.as.integer;
	return KRIGE_OK;
}

enum krige_status krige_trial_text(
	const struct krige_trial *t, const char *name, const char **out, struct krige_error *err)
{
	struct krige_value v = {0};
	enum krige_status st = krige_trial_get(t, name, &v, err);

	if (st != KRIGE_OK)
		return st;
	if (v.type != KRIGE_TEXT)
		return wrong_type(name, &v, "a text", err);
	*out = v.as.text;
	return KRIGE_OK;
}
