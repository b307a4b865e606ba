/* Study file: the study. */
#include "client/cli/studyfile.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/cli/studyfile_internal.h"

static enum kr_status read_name(
	struct studyfile__parse *p, const char *path, const cJSON *item, void *out)
{
	struct msg_create_study *study = out;

	return studyfile__text(p, path, item, &study->name);
}

static enum kr_status read_objective(
	struct studyfile__parse *p, const char *path, const cJSON *item, void *out)
{
	static const struct {
		const char *word;
		enum metric_role role;
	} roles[] = {{"minimize ", METRIC_MINIMIZE}, {"maximize ", METRIC_MAXIMIZE}};
	struct msg_create_study *study = out;
	struct msg_metric *metric;
	const char *text = NULL;
	enum kr_status s;

	if (cJSON_IsArray(item) && cJSON_GetArraySize(item) == 1)
		item = item->child;
	if (cJSON_IsArray(item))
		return studyfile__wrong(
			p, path, "several objectives are not built yet in this version; give one");
	s = studyfile__text(p, path, item, &text);
	if (!text)
		return s;
	metric = ARENA_NEW(p->a, struct msg_metric);
	if (!metric)
		return studyfile__no_memory(p);
	for (int i = 0; i < 2; i++) {
		if (strncmp(text, roles[i].word, strlen(roles[i].word)) != 0)
			continue;
		metric->role = roles[i].role;
		metric->name = text + strlen(roles[i].word);
		study->spec.n_metrics = 1;
		study->spec.metrics = metric;
		return KR_OK;
	}
	return studyfile__wrong(p, path, "\"%s\"; write \"minimize NAME\" or \"maximize NAME\"", text);
}

static enum kr_status read_budget(
	struct studyfile__parse *p, const char *path, const cJSON *item, void *out)
{
	struct msg_create_study *study = out;

	study->spec.has_budget = !cJSON_IsNull(item);
	return study->spec.has_budget ? studyfile__u64(p, path, item, &study->spec.budget) : KR_OK;
}

static enum kr_status read_lease(
	struct studyfile__parse *p, const char *path, const cJSON *item, void *out)
{
	struct msg_create_study *study = out;

	study->spec.has_lease = !cJSON_IsNull(item);
	return study->spec.has_lease ? studyfile__real(p, path, item, &study->spec.lease_s) : KR_OK;
}

static enum kr_status read_seed(
	struct studyfile__parse *p, const char *path, const cJSON *item, void *out)
{
	struct msg_create_study *study = out;

	study->spec.has_seed = !cJSON_IsNull(item);
	return study->spec.has_seed ? studyfile__u64(p, path, item, &study->spec.seed) : KR_OK;
}

enum if_exists studyfile_if_exists(const char *word)
{
	static const char *const words[] = {"fail", "attach", "replace"};

	for (int i = 0; i < 3; i++)
		if (strcmp(word, words[i]) == 0)
			return (enum if_exists)(IF_EXISTS_FAIL + i);
	return (enum if_exists)0;
}

static enum kr_status read_if_exists(
	struct studyfile__parse *p, const char *path, const cJSON *item, void *out)
{
	struct msg_create_study *study = out;

	if (json_is_text(item))
		study->if_exists = studyfile_if_exists(item->valuestring);
	if (study->if_exists)
		return KR_OK;
	return studyfile__wrong(p, path, "must be \"fail\", \"attach\" or \"replace\"");
}

static enum kr_status read_texts(
	struct studyfile__parse *p, const char *path, const cJSON *item, struct msg_texts *out)
{
	char at[STUDYFILE__PATH + 16];
	enum kr_status s = KR_OK;
	const char **texts;

	if (!cJSON_IsArray(item))
		return studyfile__wrong(p, path, "%s; must be a list of strings", json_kind(item));
	texts = ARENA_ARRAY(p->a, const char *, cJSON_GetArraySize(item));
	if (!texts)
		return studyfile__no_memory(p);
	*out = (struct msg_texts){.p = texts};
	for (const cJSON *c = item->child; c && s == KR_OK; c = c->next) {
		snprintf(at, sizeof(at), "%s[%d]", path, out->n);
		s = studyfile__text(p, at, c, &texts[out->n++]);
	}
	return s;
}

static enum kr_status read_parameter_constraints(
	struct studyfile__parse *p, const char *path, const cJSON *item, void *out)
{
	struct msg_create_study *study = out;

	return cJSON_IsNull(item) ? KR_OK : read_texts(p, path, item, &study->spec.constraints);
}

static enum kr_status read_forbidden(
	struct studyfile__parse *p, const char *path, const cJSON *item, void *out)
{
	struct msg_create_study *study = out;

	return cJSON_IsNull(item) ? KR_OK : read_texts(p, path, item, &study->spec.forbidden);
}

/* Outcome constraints wait for the objective, which is the first metric. */
static enum kr_status read_constraints(
	struct studyfile__parse *p, const char *path, const cJSON *item, void *out)
{
	(void)out;
	return cJSON_IsNull(item) ? KR_OK : read_texts(p, path, item, &p->constraints);
}

static enum kr_status read_noise(
	struct studyfile__parse *p, const char *path, const cJSON *item, void *out)
{
	struct msg_create_study *study = out;

	study->spec.has_noise_sd = !cJSON_IsNull(item);
	return study->spec.has_noise_sd ? studyfile__real(p, path, item, &study->spec.noise_sd) : KR_OK;
}

static enum kr_status read_acquisition(
	struct studyfile__parse *p, const char *path, const cJSON *item, void *out)
{
	struct msg_create_study *study = out;

	return cJSON_IsNull(item) ? KR_OK
							  : studyfile__text(p, path, item, &study->spec.acquisition.name);
}

static enum kr_status read_acquisition_level(
	struct studyfile__parse *p, const char *path, const cJSON *item, void *out)
{
	struct msg_spec *spec = &((struct msg_create_study *)out)->spec;

	spec->acquisition.has_level = !cJSON_IsNull(item);
	return spec->acquisition.has_level ? studyfile__real(p, path, item, &spec->acquisition.level)
									   : KR_OK;
}

static enum kr_status read_acquisition_beta(
	struct studyfile__parse *p, const char *path, const cJSON *item, void *out)
{
	struct msg_spec *spec = &((struct msg_create_study *)out)->spec;

	spec->acquisition.has_beta = !cJSON_IsNull(item);
	return spec->acquisition.has_beta ? studyfile__real(p, path, item, &spec->acquisition.beta)
									  : KR_OK;
}

/* "latency <= 10": the name's length, the bound, its number. False when it is not that. */
static bool read_bound(const char *text, size_t *len, bool *upper, double *number)
{
	const char *sign = strstr(text, "<=");
	char *end;

	*upper = sign != NULL;
	if (!sign)
		sign = strstr(text, ">=");
	if (!sign || sign == text)
		return false;
	*len = (size_t)(sign - text);
	while (*len > 0 && text[*len - 1] == ' ')
		(*len)--;
	*number = strtod(sign + 2, &end);
	while (*end == ' ')
		end++;
	return *len > 0 && end > sign + 2 && !*end && isfinite(*number);
}

/* The metric of that name among n, or the next, empty one. */
static struct msg_metric *metric_named(
	struct msg_metric *metrics, int n, const char *name, size_t len)
{
	int i = 1;

	while (i < n && (strlen(metrics[i].name) != len || memcmp(metrics[i].name, name, len) != 0))
		i++;
	return &metrics[i];
}

static enum kr_status add_constraint(struct studyfile__parse *p, const char *path, const char *text,
	struct msg_metric *metrics, int *n)
{
	struct msg_metric *m;
	size_t len;
	bool upper;
	double number;

	if (!read_bound(text, &len, &upper, &number))
		return studyfile__wrong(
			p, path, "\"%s\"; write \"NAME <= NUMBER\" or \"NAME >= NUMBER\"", text);
	m = metric_named(metrics, *n, text, len);
	if (!m->name) {
		m->name = arena_strndup(p->a, text, len);
		m->role = METRIC_CONSTRAINT;
		++*n;
	}
	if (!m->name)
		return studyfile__no_memory(p);
	if (upper ? m->has_upper : m->has_lower)
		return studyfile__wrong(p, path, "the metric has such a bound already; give one");
	*(upper ? &m->has_upper : &m->has_lower) = true;
	*(upper ? &m->upper : &m->lower) = number;
	return KR_OK;
}

/* The outcome constraints behind the objective. */
static enum kr_status join_metrics(struct studyfile__parse *p, struct msg_spec *spec)
{
	struct msg_metric *metrics = ARENA_ARRAY(p->a, struct msg_metric, p->constraints.n + 1);
	enum kr_status s = KR_OK;
	char path[STUDYFILE__PATH];

	if (!metrics)
		return studyfile__no_memory(p);
	metrics[0] = spec->metrics[0];
	for (int i = 0; i < p->constraints.n && s == KR_OK; i++) {
		snprintf(path, sizeof(path), "constraints[%d]", i);
		s = add_constraint(p, path, p->constraints.p[i], metrics, &spec->n_metrics);
	}
	spec->metrics = metrics;
	return s;
}

static enum kr_status read_warm_start(
	struct studyfile__parse *p, const char *path, const cJSON *item, void *out)
{
	struct msg_create_study *study = out;

	return cJSON_IsNull(item) ? KR_OK : read_texts(p, path, item, &study->spec.warm_start);
}

static const struct studyfile__key study_keys[] = {
	{"name", read_name},
	{"space", studyfile__space},
	{"objective", read_objective},
	{"budget", read_budget},
	{"lease", read_lease},
	{"seed", read_seed},
	{"if_exists", read_if_exists},
	{"constraints", read_constraints},
	{"parameter_constraints", read_parameter_constraints},
	{"forbidden", read_forbidden},
	{"noise", read_noise},
	{"acquisition", read_acquisition},
	{"acquisition_level", read_acquisition_level},
	{"acquisition_beta", read_acquisition_beta},
	{"stop", studyfile__stop},
	{"warm_start", read_warm_start},
	{"cost", NULL},
};

static enum kr_status read_study(
	struct studyfile__parse *p, const cJSON *root, struct msg_create_study *out)
{
	enum kr_status s;

	if (!cJSON_IsObject(root))
		return studyfile__wrong(
			p, "", "%s; must be an object: `krige init` prints one", json_kind(root));
	s = studyfile__object(
		p, "", root, study_keys, (int)(sizeof(study_keys) / sizeof(study_keys[0])), out);
	if (s != KR_OK)
		return s;
	if (!out->name)
		return studyfile__wrong(p, "name", "missing; give the study a name");
	if (!out->spec.params)
		return studyfile__wrong(p, "space", "missing; give the parameters to tune");
	if (!out->spec.metrics)
		return studyfile__wrong(
			p, "objective", "missing; write \"minimize NAME\" or \"maximize NAME\"");
	return join_metrics(p, &out->spec);
}

enum kr_status studyfile_parse(struct msg_create_study *out, const char *text, size_t len,
	const char *source, struct arena *a, struct kr_error *err)
{
	struct studyfile__parse p = {.a = a, .source = source, .err = err};
	enum kr_status s;
	cJSON *root;

	*out = (struct msg_create_study){0};
	s = json_parse(&root, text, len, source, err);
	if (s != KR_OK)
		return s;
	s = read_study(&p, root, out);
	cJSON_Delete(root);
	return s;
}
