/* The driver of libkrige: see README.md. One JSON object a line in, one out. */
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/number.h"
#include "client/c/krige.h"
#include "client/cli/json.h"

enum { MOST_HELD = 256, MOST_FIELDS = 128 };

struct held {
	char name[80];
	struct krige_trial *trial;
};

struct driver {
	struct krige_client *client;
	struct krige_study *studies[MOST_HELD];
	int n_studies;
	struct held trials[MOST_HELD];
	int n_trials;
	struct arena *arena; /* of this step */
	struct krige_error err;
};

/* A fault of the case, not of the client. */
static void die(const char *what, const char *detail)
{
	fprintf(stderr, "c_driver: %s: %s\n", what, detail);
	exit(1);
}

/* ---- JSON out ---------------------------------------------------------------------- */

static void put_text(const char *s)
{
	if (!s) {
		printf("null");
		return;
	}
	putchar('"');
	for (; *s; s++)
		if (*s == '"' || *s == '\\')
			printf("\\%c", *s);
		else if ((unsigned char)*s < 0x20)
			printf("\\u%04x", (unsigned)*s);
		else
			putchar(*s);
	putchar('"');
}

static void put_real(double x)
{
	char text[NUMBER_SHOWN];

	number_show(x, text);
	printf("%s%s", text, strpbrk(text, ".en") ? "" : ".0");
}

static void put_value(struct krige_value v)
{
	switch (v.type) {
	case KRIGE_NULL: printf("null"); break;
	case KRIGE_BOOL: printf("%s", v.as.boolean ? "true" : "false"); break;
	case KRIGE_INT: printf("%lld", (long long)v.as.integer); break;
	case KRIGE_REAL: put_real(v.as.real); break;
	case KRIGE_TEXT: put_text(v.as.text); break;
	}
}

static void put_trial(const struct krige_trial *t)
{
	printf("{\"number\": %llu, \"state\": \"%s\", \"attempt\": %u, \"params\": {",
		(unsigned long long)krige_trial_number(t), krige_trial_state_name(krige_trial_get_state(t)),
		krige_trial_attempt(t));
	for (size_t i = 0; i < krige_trial_n_params(t); i++) {
		struct krige_named p = krige_trial_param(t, i);

		printf("%s", i ? ", " : "");
		put_text(p.name);
		printf(": ");
		put_value(p.value);
	}
	printf("}, \"values\": {");
	for (size_t i = 0; i < krige_trial_n_metrics(t); i++) {
		struct krige_metric m = krige_trial_metric(t, i);

		printf("%s", i ? ", " : "");
		put_text(m.name);
		printf(": ");
		put_real(m.value);
	}
	printf("}, \"reason\": ");
	put_text(krige_trial_reason(t));
	printf("}");
}

/* ---- JSON in ----------------------------------------------------------------------- */

static const cJSON *field(const cJSON *step, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(step, name);
}

static const cJSON *need(const cJSON *step, const char *name)
{
	const cJSON *item = field(step, name);

	if (!item)
		die("the step lacks", name);
	return item;
}

static const char *text_of(const cJSON *step, const char *name)
{
	const cJSON *item = need(step, name);

	if (!json_is_text(item))
		die("not a text", name);
	return item->valuestring;
}

static const char *text_or(const cJSON *step, const char *name, const char *otherwise)
{
	return field(step, name) ? text_of(step, name) : otherwise;
}

static double real_of(const cJSON *item)
{
	double x;

	if (json_real(item, &x))
		return x;
	if (json_is_text(item))
		return strtod(item->valuestring, NULL); /* "nan", "inf" */
	die("not a number", item && item->string ? item->string : "");
	return 0;
}

static double real_or(const cJSON *step, const char *name, double otherwise)
{
	return field(step, name) ? real_of(field(step, name)) : otherwise;
}

static int64_t int_of(const cJSON *step, const char *name)
{
	int64_t x;

	if (!json_i64(need(step, name), &x))
		die("not an int", name);
	return x;
}

static struct krige_value value_of(struct driver *d, const cJSON *item)
{
	struct msg_scalar s;
	bool no_memory = false;

	if (!json_scalar(d->arena, item, &s, &no_memory))
		die("not a value", item->string ? item->string : "");
	switch (s.kind) {
	case SCALAR_NULL: break;
	case SCALAR_BOOL: return krige_bool(s.b);
	case SCALAR_INT: return krige_int(s.i);
	case SCALAR_REAL: return krige_real(s.r);
	case SCALAR_STRING: return krige_text(s.s);
	}
	return krige_null();
}

static size_t named_of(struct driver *d, const cJSON *object, struct krige_named *out)
{
	size_t n = 0;
	const cJSON *item;

	cJSON_ArrayForEach(item, object)
	{
		if (n == MOST_FIELDS)
			die("too many", "parameters");
		out[n++] = (struct krige_named){item->string, value_of(d, item)};
	}
	return n;
}

static struct krige_metric metric_of(const char *name, const cJSON *item)
{
	if (cJSON_IsArray(item))
		return (struct krige_metric){
			name, real_of(cJSON_GetArrayItem(item, 0)), real_of(cJSON_GetArrayItem(item, 1))};
	return (struct krige_metric){name, real_of(item), 0};
}

static size_t metrics_of(const cJSON *step, struct krige_metric *out)
{
	const cJSON *values = field(step, "values"), *item;
	size_t n = 0;

	if (!values) {
		out[0] = metric_of(NULL, need(step, "value"));
		return 1;
	}
	cJSON_ArrayForEach(item, values) out[n++] = metric_of(item->string, item);
	return n;
}

static size_t texts_of(const cJSON *list, const char **out)
{
	size_t n = 0;
	const cJSON *item;

	cJSON_ArrayForEach(item, list) out[n++] = item->valuestring;
	return n;
}

/* ---- what is held ------------------------------------------------------------------ */

static void hold(struct driver *d, const char *name, struct krige_trial *t)
{
	struct held *h = NULL;

	for (int i = 0; i < d->n_trials; i++)
		if (strcmp(d->trials[i].name, name) == 0)
			h = &d->trials[i];
	if (h)
		krige_trial_free(h->trial);
	else if (d->n_trials < MOST_HELD)
		h = &d->trials[d->n_trials++];
	else
		die("too many trials", name);
	snprintf(h->name, sizeof(h->name), "%s", name);
	h->trial = t;
}

static struct krige_trial *held(struct driver *d, const cJSON *step)
{
	const char *name = text_of(step, "trial");

	for (int i = 0; i < d->n_trials; i++)
		if (strcmp(d->trials[i].name, name) == 0)
			return d->trials[i].trial;
	die("no such trial", name);
	return NULL;
}

/* The study of that name: the handle kept, or attached to now. NULL: err says why not. */
static struct krige_study *study_of(struct driver *d, const cJSON *step)
{
	const char *name = text_of(step, "study");
	struct krige_study *s;

	for (int i = 0; i < d->n_studies; i++)
		if (strcmp(krige_study_name(d->studies[i]), name) == 0)
			return d->studies[i];
	if (krige_attach(&s, d->client, name, &d->err) != KRIGE_OK)
		return NULL;
	d->studies[d->n_studies++] = s;
	return s;
}

/* ---- operations: an answer on stdout, or the error in d->err ----------------------- */

typedef enum krige_status operation(struct driver *d, const cJSON *step);

static enum krige_status nothing(enum krige_status s)
{
	if (s == KRIGE_OK)
		printf("{\"ok\": {}}");
	return s;
}

static enum krige_status do_open(struct driver *d, const cJSON *step)
{
	struct krige_options o = {
		.size = sizeof(o),
		.attempt_ms = (uint32_t)(real_or(step, "attempt", 5) * 1000),
		.retry_ms = (uint32_t)(real_or(step, "retry", 0) * 1000),
	};

	return nothing(krige_open(&d->client, text_of(step, "endpoint"), &o, &d->err));
}

static enum krige_status add_param(
	struct driver *d, struct krige_space *space, const cJSON *p, struct krige_error *err)
{
	const char *type = text_of(p, "type"), *name = p->string;
	enum krige_scale scale = cJSON_IsTrue(field(p, "log")) ? KRIGE_LOG : KRIGE_LINEAR;
	struct krige_value values[MOST_FIELDS];
	const cJSON *item, *choices = field(p, "choices");
	size_t n = 0;

	cJSON_ArrayForEach(item, choices) values[n++] = value_of(d, item);
	if (strcmp(type, "float") == 0)
		return krige_space_float(space, name, real_of(need(p, "low")), real_of(need(p, "high")),
			scale, real_or(p, "step", 0), err);
	if (strcmp(type, "int") == 0)
		return krige_space_int(space, name, (int64_t)real_of(need(p, "low")),
			(int64_t)real_of(need(p, "high")), scale, (int64_t)real_or(p, "step", 0), err);
	if (strcmp(type, "categorical") == 0)
		return krige_space_categorical(space, name, values, n, err);
	if (strcmp(type, "ordinal") == 0)
		return krige_space_ordinal(space, name, values, n, err);
	if (strcmp(type, "bool") == 0)
		return krige_space_bool(space, name, err);
	return krige_space_fixed(space, name, value_of(d, need(p, "value")), err);
}

static enum krige_status add_prior(
	struct krige_space *space, const char *name, const cJSON *prior, struct krige_error *err)
{
	double weights[MOST_FIELDS];
	size_t n = 0;
	const cJSON *w;

	if (cJSON_IsObject(prior))
		return krige_space_normal(space, name, real_of(need(prior, "mean")),
			real_of(need(prior, field(prior, "sd") ? "sd" : "factor")), err);
	cJSON_ArrayForEach(w, prior) weights[n++] = real_of(w);
	return krige_space_weights(space, name, weights, n, err);
}

static enum krige_status fill_space(
	struct driver *d, struct krige_space *space, const cJSON *step, struct krige_error *err)
{
	enum krige_status s = KRIGE_OK;
	const cJSON *p, *space_json = need(step, "space");

	cJSON_ArrayForEach(p, space_json)
	{
		if (s == KRIGE_OK)
			s = add_param(d, space, p, err);
		if (s == KRIGE_OK && field(p, "when"))
			s = krige_space_when(space, p->string, text_of(p, "when"), err);
		if (s == KRIGE_OK && field(p, "prior"))
			s = add_prior(space, p->string, field(p, "prior"), err);
	}
	cJSON_ArrayForEach(p, field(step, "parameter_constraints")) if (s == KRIGE_OK)
		s = krige_space_constrain(space, p->valuestring, err);
	cJSON_ArrayForEach(p, field(step, "forbidden")) if (s == KRIGE_OK)
		s = krige_space_forbid(space, p->valuestring, err);
	return s;
}

static enum krige_if_exists if_exists(const cJSON *step)
{
	const char *word = text_or(step, "if_exists", "fail");

	return strcmp(word, "attach") == 0 ? KRIGE_IF_EXISTS_ATTACH
		: strcmp(word, "replace") == 0 ? KRIGE_IF_EXISTS_REPLACE
									   : KRIGE_IF_EXISTS_FAIL;
}

static struct krige_stop_rules stop_of(const cJSON *stop, double *target)
{
	*target = real_or(stop, "target", 0);
	return (struct krige_stop_rules){
		.size = sizeof(struct krige_stop_rules),
		.no_progress = (uint64_t)real_or(stop, "no_progress", 0),
		.min_progress = real_or(stop, "min_progress", 0),
		.min_progress_relative = real_or(stop, "min_progress_relative", 0),
		.target = field(stop, "target") ? target : NULL,
		.p_gain = real_or(stop, "p_gain", 0),
		.gain = real_or(stop, "gain", 0),
		.gain_relative = real_or(stop, "gain_relative", 0),
	};
}

static enum krige_status do_create(struct driver *d, const cJSON *step)
{
	const char *constraints[MOST_FIELDS], *sources[MOST_FIELDS];
	uint64_t seed = field(step, "seed") ? (uint64_t)int_of(step, "seed") : 0;
	double noise = real_or(step, "noise", -1);
	double level = real_or(step, "acquisition_level", 0),
		   beta = real_or(step, "acquisition_beta", 0);
	struct krige_study_options o = {
		.size = sizeof(o),
		.objective = text_of(step, "objective"),
		.constraints = constraints,
		.n_constraints = texts_of(field(step, "constraints"), constraints),
		.budget = (uint64_t)real_or(step, "budget", 0),
		.lease_s = real_or(step, "lease", 0),
		.seed = field(step, "seed") ? &seed : NULL,
		.if_exists = if_exists(step),
		.noise = noise < 0 ? KRIGE_NOISE_LEARNT
			: noise > 0    ? KRIGE_NOISE_KNOWN
						   : KRIGE_NOISE_NONE,
		.noise_sd = noise,
		.requeue = strcmp(text_or(step, "on_expiry", "expire"), "requeue") == 0,
		.retry_limit = (uint32_t)real_or(step, "retry_limit", 0),
		.acquisition = text_or(step, "acquisition", NULL),
		.acquisition_level = field(step, "acquisition_level") ? &level : NULL,
		.acquisition_beta = field(step, "acquisition_beta") ? &beta : NULL,
		.warm_start = sources,
		.n_warm_start = texts_of(field(step, "warm_start"), sources),
	};
	struct krige_stop_rules rules;
	double target;

	if (field(step, "stop")) {
		rules = stop_of(field(step, "stop"), &target);
		o.stop = &rules;
	}
	struct krige_space *space = krige_space_new();
	struct krige_study *study;
	enum krige_status s = fill_space(d, space, step, &d->err);

	if (s == KRIGE_OK)
		s = krige_create_study(&study, d->client, text_of(step, "study"), space, &o, &d->err);
	krige_space_free(space);
	if (s == KRIGE_OK)
		d->studies[d->n_studies++] = study;
	return nothing(s);
}

static enum krige_status do_attach(struct driver *d, const cJSON *step)
{
	return nothing(study_of(d, step) ? KRIGE_OK : d->err.code);
}

static enum krige_status do_ask(struct driver *d, const cJSON *step)
{
	struct krige_named fixed[MOST_FIELDS];
	struct krige_ask_options o = {
		.size = sizeof(o),
		.fixed = fixed,
		.n_fixed = named_of(d, field(step, "fixed"), fixed),
		.deadline_ms = (uint32_t)(real_or(step, "deadline", 0) * 1000),
		.wait_ms = (uint32_t)(real_or(step, "wait", 0) * 1000),
		.worker = text_or(step, "worker", NULL),
	};
	struct krige_study *study = study_of(d, step);
	struct krige_trial *t;

	if (!study || krige_ask(&t, study, &o, &d->err) != KRIGE_OK)
		return d->err.code;
	hold(d, text_of(step, "as"), t);
	printf("{\"ok\": ");
	put_trial(t);
	printf("}");
	return KRIGE_OK;
}

static enum krige_status do_ask_many(struct driver *d, const cJSON *step)
{
	struct krige_study *study = study_of(d, step);
	struct krige_trial *trials[MOST_HELD];
	char name[80];
	size_t given;

	if (!study || krige_ask_many(trials, (size_t)int_of(step, "n"), &given, study, NULL, &d->err))
		return d->err.code;
	printf("{\"ok\": {\"trials\": [");
	for (size_t i = 0; i < given; i++) {
		snprintf(name, sizeof(name), "%s.%zu", text_of(step, "as"), i);
		hold(d, name, trials[i]);
		printf("%s", i ? ", " : "");
		put_trial(trials[i]);
	}
	printf("]}}");
	return KRIGE_OK;
}

static enum krige_status do_tell(struct driver *d, const cJSON *step)
{
	struct krige_trial *t = held(d, step);
	struct krige_metric metrics[MOST_FIELDS];
	size_t n = metrics_of(step, metrics);
	enum krige_status s = krige_tell_metrics(t, metrics, n, &d->err);

	if (s == KRIGE_OK) {
		printf("{\"ok\": ");
		put_trial(t);
		printf("}");
	}
	return s;
}

static enum krige_status state_of(enum krige_status s, const struct krige_trial *t)
{
	if (s == KRIGE_OK)
		printf("{\"ok\": {\"state\": \"%s\"}}", krige_trial_state_name(krige_trial_get_state(t)));
	return s;
}

static enum krige_status end(struct driver *d, const cJSON *step, enum krige_trial_state state)
{
	struct krige_trial *t = held(d, step);

	return state_of(krige_fail(t, state, text_or(step, "reason", NULL), &d->err), t);
}

static enum krige_status do_fail(struct driver *d, const cJSON *step)
{
	return end(d, step, KRIGE_FAILED);
}

static enum krige_status do_infeasible(struct driver *d, const cJSON *step)
{
	return end(d, step, KRIGE_INFEASIBLE);
}

static enum krige_status do_prune(struct driver *d, const cJSON *step)
{
	return end(d, step, KRIGE_PRUNED);
}

static enum krige_status do_release(struct driver *d, const cJSON *step)
{
	struct krige_trial *t = held(d, step);

	return state_of(krige_release(t, text_or(step, "reason", NULL), &d->err), t);
}

static enum krige_status do_report(struct driver *d, const cJSON *step)
{
	enum krige_stop stop;
	enum krige_status s = krige_report(
		held(d, step), int_of(step, "step"), real_of(need(step, "value")), &stop, &d->err);

	if (s == KRIGE_OK)
		printf("{\"ok\": {\"stop\": %s}}", stop == KRIGE_GO_ON ? "false" : "true");
	return s;
}

static enum krige_status do_heartbeat(struct driver *d, const cJSON *step)
{
	struct krige_trial *t = held(d, step);
	int lost;
	enum krige_status s = krige_heartbeat(&t, 1, &lost, &d->err);

	if (s == KRIGE_OK)
		printf("{\"ok\": {\"lost\": %s}}", lost ? "true" : "false");
	return s;
}

static enum krige_status number_told(enum krige_status s, const uint64_t *number)
{
	if (s == KRIGE_OK)
		printf("{\"ok\": {\"number\": %llu}}", (unsigned long long)*number);
	return s;
}

static enum krige_status do_tell_point(struct driver *d, const cJSON *step)
{
	struct krige_named params[MOST_FIELDS];
	struct krige_metric metrics[MOST_FIELDS];
	struct krige_study *study = study_of(d, step);
	size_t n = named_of(d, need(step, "params"), params), n_metrics = metrics_of(step, metrics);
	uint64_t number = 0;

	if (!study)
		return d->err.code;
	return number_told(
		krige_tell_point(study, params, n, metrics, n_metrics, &number, &d->err), &number);
}

static enum krige_status do_enqueue(struct driver *d, const cJSON *step)
{
	struct krige_named params[MOST_FIELDS];
	struct krige_study *study = study_of(d, step);
	size_t n = named_of(d, need(step, "params"), params);
	uint64_t number = 0;

	if (!study)
		return d->err.code;
	return number_told(krige_enqueue(study, params, n, &number, &d->err), &number);
}

static enum krige_status do_predict(struct driver *d, const cJSON *step)
{
	struct krige_named params[MOST_FIELDS];
	struct krige_prediction p[MOST_FIELDS];
	struct krige_study *study = study_of(d, step);
	size_t n = named_of(d, need(step, "params"), params), n_out = MOST_FIELDS;

	if (!study || krige_predict(study, params, n, p, &n_out, &d->err) != KRIGE_OK)
		return d->err.code;
	printf("{\"ok\": {");
	for (size_t i = 0; i < n_out; i++) {
		printf("%s", i ? ", " : "");
		put_text(p[i].metric);
		printf(": {\"mean\": ");
		put_real(p[i].mean);
		printf(", \"sd\": ");
		put_real(p[i].sd);
		printf("}");
	}
	printf("}}");
	return KRIGE_OK;
}

static void put_metric_model(const struct krige_metric_model *m)
{
	put_text(m->metric ? m->metric : "success");
	printf(": {\"observations\": %zu, \"left_out\": %zu, \"noise_sd\": ", m->n_observations,
		m->n_left_out);
	put_real(m->noise_sd);
	printf(", \"lengthscales\": {");
	for (size_t i = 0; i < m->n_parameters; i++) {
		printf("%s", i ? ", " : "");
		put_text(m->parameters[i]);
		printf(": ");
		put_real(m->lengthscales[i]);
	}
	printf("}}");
}

static enum krige_status do_model(struct driver *d, const cJSON *step)
{
	struct krige_study *study = study_of(d, step);
	struct krige_model *model;
	enum krige_status st;

	if (!study)
		return d->err.code;
	st = krige_get_model(&model, study, &d->err);
	if (st != KRIGE_OK)
		return st;
	printf("{\"ok\": {\"reason\": ");
	if (krige_model_reason(model))
		put_text(krige_model_reason(model));
	else
		printf("null");
	printf(", \"metrics\": {");
	for (size_t i = 0; i < krige_model_count(model); i++) {
		printf("%s", i ? ", " : "");
		put_metric_model(krige_model_at(model, i));
	}
	printf("}}}");
	krige_model_free(model);
	return KRIGE_OK;
}

static enum krige_status one_trial(enum krige_status s, struct krige_trial *const *trial)
{
	struct krige_trial *t = *trial;

	if (s == KRIGE_OK && t) {
		printf("{\"ok\": ");
		put_trial(t);
		printf("}");
	} else if (s == KRIGE_OK) {
		printf("{\"ok\": null}");
	}
	krige_trial_free(t);
	return s;
}

static enum krige_status do_best(struct driver *d, const cJSON *step)
{
	struct krige_study *study = study_of(d, step);
	struct krige_trial *t = NULL;

	return study ? one_trial(krige_best(&t, study, &d->err), &t) : d->err.code;
}

static enum krige_status do_trial(struct driver *d, const cJSON *step)
{
	struct krige_study *study = study_of(d, step);
	struct krige_trial *t = NULL;
	enum krige_status s;

	if (!study)
		return d->err.code;
	s = krige_get_trial(&t, study, (uint64_t)int_of(step, "number"), &d->err);
	return one_trial(s, &t);
}

static uint32_t states_of(const cJSON *list)
{
	uint32_t states = 0;
	const cJSON *item;

	cJSON_ArrayForEach(
		item, list) for (int k = 1; k < KRIGE_N_TRIAL_STATES;
						 k++) if (strcmp(item->valuestring,
									  krige_trial_state_name((enum krige_trial_state)k)) == 0)
		states |= 1u << k;
	return states;
}

static enum krige_status do_list(struct driver *d, const cJSON *step)
{
	struct krige_list_options o = {.size = sizeof(o), .states = states_of(field(step, "states"))};
	struct krige_study *study = study_of(d, step);
	struct krige_list *list;

	if (!study || krige_list_trials(&list, study, &o, &d->err) != KRIGE_OK)
		return d->err.code;
	printf("{\"ok\": {\"trials\": [");
	for (size_t i = 0; i < krige_list_count(list); i++) {
		printf("%s", i ? ", " : "");
		put_trial(krige_list_at(list, i));
	}
	printf("]}}");
	krige_list_free(list);
	return KRIGE_OK;
}

static enum krige_status do_cancel(struct driver *d, const cJSON *step)
{
	struct krige_study *study = study_of(d, step);

	if (!study)
		return d->err.code;
	return nothing(krige_cancel(study, (uint64_t)int_of(step, "number"), NULL, &d->err));
}

static enum krige_status do_info(struct driver *d, const cJSON *step)
{
	static const char *const states[] = {"?", "ACTIVE", "PAUSED", "FINISHED", "DELETED"};
	struct krige_study_info info = {.size = sizeof(info)};
	struct krige_study *study = study_of(d, step);
	const char *comma = "";

	if (!study || krige_study_get_info(study, &info, &d->err) != KRIGE_OK)
		return d->err.code;
	printf("{\"ok\": {\"state\": \"%s\", \"counts\": {", states[info.state]);
	for (int k = 1; k < KRIGE_N_TRIAL_STATES; k++)
		if (info.counts[k]) {
			printf("%s\"%s\": %llu", comma, krige_trial_state_name((enum krige_trial_state)k),
				(unsigned long long)info.counts[k]);
			comma = ", ";
		}
	printf("}, \"budget\": ");
	if (info.has_budget)
		printf("%llu}}", (unsigned long long)info.budget);
	else
		printf("null}}");
	return KRIGE_OK;
}

static enum krige_status set_state(struct driver *d, const cJSON *step, enum krige_action action)
{
	struct krige_study *study = study_of(d, step);

	return study ? nothing(krige_study_set_state(study, action, &d->err)) : d->err.code;
}

static enum krige_status do_pause(struct driver *d, const cJSON *step)
{
	return set_state(d, step, KRIGE_PAUSE);
}

static enum krige_status do_resume(struct driver *d, const cJSON *step)
{
	return set_state(d, step, KRIGE_RESUME);
}

static enum krige_status do_finish(struct driver *d, const cJSON *step)
{
	return set_state(d, step, KRIGE_FINISH);
}

static enum krige_status do_set_budget(struct driver *d, const cJSON *step)
{
	struct krige_study *study = study_of(d, step);

	if (!study)
		return d->err.code;
	return nothing(krige_study_set_budget(study, (uint64_t)int_of(step, "budget"), &d->err));
}

static enum krige_status do_set_stop(struct driver *d, const cJSON *step)
{
	struct krige_study *study = study_of(d, step);
	double target;
	struct krige_stop_rules rules = stop_of(field(step, "stop"), &target);

	if (!study)
		return d->err.code;
	return nothing(krige_study_set_stop(study, &rules, &d->err));
}

static enum krige_status do_set_acquisition(struct driver *d, const cJSON *step)
{
	struct krige_study *study = study_of(d, step);
	double level = real_or(step, "acquisition_level", 0),
		   beta = real_or(step, "acquisition_beta", 0);

	if (!study)
		return d->err.code;
	return nothing(krige_study_set_acquisition(study, text_or(step, "acquisition", NULL),
		field(step, "acquisition_level") ? &level : NULL,
		field(step, "acquisition_beta") ? &beta : NULL, &d->err));
}

/* {"number", "rule", "role", "observations", "incumbent", "pulls": [number..]} */
static enum krige_status do_explain(struct driver *d, const cJSON *step)
{
	struct krige_study *study = study_of(d, step);
	struct krige_explanation *e;
	const struct krige_why *w;
	enum krige_status st;

	if (!study)
		return d->err.code;
	st = krige_explain(
		&e, study, field(step, "number") ? (uint64_t)int_of(step, "number") : UINT64_MAX, &d->err);
	if (st != KRIGE_OK)
		return st;
	w = krige_explanation_why(e);
	printf("{\"ok\": {\"number\": %" PRIu64 ", \"rule\": \"%s\", \"role\": \"%s\", "
		   "\"observations\": %" PRIu64 ", \"pulls\": [",
		w->number, w->rule, w->role, w->n_observations);
	for (size_t i = 0; i < w->n_pulls; i++)
		printf("%s%" PRIu64, i ? ", " : "", w->pulls[i].number);
	printf("]}}");
	krige_explanation_free(e);
	return KRIGE_OK;
}

/* ---- the loop ---------------------------------------------------------------------- */

static const struct {
	const char *name;
	operation *run;
} operations[] = {{"open", do_open}, {"create", do_create}, {"attach", do_attach}, {"ask", do_ask},
	{"ask_many", do_ask_many}, {"tell", do_tell}, {"fail", do_fail}, {"infeasible", do_infeasible},
	{"prune", do_prune}, {"release", do_release}, {"report", do_report},
	{"heartbeat", do_heartbeat}, {"tell_point", do_tell_point}, {"enqueue", do_enqueue},
	{"predict", do_predict}, {"model", do_model}, {"best", do_best}, {"trial", do_trial},
	{"list", do_list}, {"cancel", do_cancel}, {"info", do_info}, {"pause", do_pause},
	{"resume", do_resume}, {"finish", do_finish}, {"set_budget", do_set_budget},
	{"set_stop", do_set_stop}, {"set_acquisition", do_set_acquisition}, {"explain", do_explain}};

static void run_step(struct driver *d, const cJSON *step)
{
	const char *name = text_of(step, "do");
	enum krige_status s = KRIGE_INTERNAL;
	size_t i = 0, n = sizeof(operations) / sizeof(operations[0]);

	while (i < n && strcmp(operations[i].name, name) != 0)
		i++;
	if (i == n)
		die("no such operation", name);
	s = operations[i].run(d, step);
	if (s != KRIGE_OK) {
		printf("{\"error\": \"%s\", \"field\": ", krige_status_name(s));
		put_text(d->err.field);
		printf(", \"message\": ");
		put_text(d->err.message);
		printf("}");
	}
	printf("\n");
	fflush(stdout);
}

static void close_all(struct driver *d)
{
	for (int i = 0; i < d->n_trials; i++)
		krige_trial_free(d->trials[i].trial);
	for (int i = 0; i < d->n_studies; i++)
		krige_study_free(d->studies[i]);
	krige_close(d->client);
	arena_free(d->arena);
}

int main(void)
{
	static struct driver d;
	char *line = NULL;
	size_t cap = 0;
	ssize_t len;
	struct kr_error err;
	int n = 0;

	d.arena = arena_new((size_t)64 << 20);
	while ((len = getline(&line, &cap, stdin)) > 0) {
		cJSON *step;

		if (json_parse_line(&step, line, (size_t)len, ++n, &err) != KR_OK)
			die("bad line", err.text);
		run_step(&d, step);
		cJSON_Delete(step);
		arena_reset(d.arena);
	}
	free(line);
	close_all(&d);
	return 0;
}
