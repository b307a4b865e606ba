#include "client/cli/stop_rules.h"

#include <inttypes.h>
#include <string.h>

#include "client/cli/number.h"

double *stop_rules_number(struct msg_stop_rules *rules, const char *name, size_t len)
{
	const struct {
		const char *name;
		double *at;
	} numbers[] = {{"min_progress", &rules->min_progress},
		{"min_progress_relative", &rules->min_progress_relative}, {"target", &rules->target},
		{"p_gain", &rules->p_gain}, {"gain", &rules->gain},
		{"gain_relative", &rules->gain_relative}};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		if (strlen(numbers[i].name) == len && memcmp(numbers[i].name, name, len) == 0)
			return numbers[i].at;
	return NULL;
}

static enum kr_status set_no_progress(
	struct msg_stop_rules *rules, const char *value, struct kr_error *err)
{
	uint64_t n = 0;

	if (strcmp(value, "none") != 0 && !(number_parse_u64(value, &n) && n > 0))
		return kr_fail(err, KR_INVALID_ARGUMENT,
			"stop.no_progress: '%s' is not a number of trials, nor none", value);
	rules->no_progress = n;
	return KR_OK;
}

enum kr_status stop_rules_set(struct msg_stop_rules *rules, const char *word, struct kr_error *err)
{
	const char *equals = strchr(word, '='), *value = equals + 1;
	size_t len = (size_t)(equals - word);
	bool none = strcmp(value, "none") == 0;
	double *number = stop_rules_number(rules, word, len), x = 0;

	if (len == 11 && memcmp(word, "no_progress", len) == 0)
		return set_no_progress(rules, value, err);
	if (!number)
		return kr_fail(err, KR_INVALID_ARGUMENT,
			"'stop.%.*s' is no setting; use stop.no_progress, min_progress, "
			"min_progress_relative, target, p_gain, gain, gain_relative or stop=none",
			(int)len, word);
	if (!none && !number_parse(value, &x))
		return kr_fail(err, KR_INVALID_ARGUMENT, "stop.%.*s: '%s' is not a number, nor none",
			(int)len, word, value);
	*number = x;
	if (number == &rules->target)
		rules->has_target = !none;
	return KR_OK;
}

static void put(struct writer *w, const char *key, bool has, double x)
{
	if (has)
		writer_real(writer_key(w, key), x);
}

void stop_rules_json(struct writer *w, const struct msg_spec *spec)
{
	const struct msg_stop_rules *r = &spec->stop;

	if (!spec->has_stop) {
		writer_null(w);
		return;
	}
	writer_object(w);
	if (r->no_progress)
		writer_uint(writer_key(w, "no_progress"), r->no_progress);
	put(w, "min_progress", r->min_progress != 0, r->min_progress);
	put(w, "min_progress_relative", r->min_progress_relative != 0, r->min_progress_relative);
	put(w, "target", r->has_target, r->target);
	put(w, "p_gain", r->p_gain != 0, r->p_gain);
	put(w, "gain", r->gain != 0, r->gain);
	put(w, "gain_relative", r->gain_relative != 0, r->gain_relative);
	writer_end(w);
}

/* " by more than 0.1", " by more than 1 % of the best", or both. */
static const char *least(double absolute, double relative, struct arena *a)
{
	if (absolute > 0 && relative > 0)
		return arena_printf(a, " by more than %g and %g %% of the best", absolute, 100 * relative);
	if (relative > 0)
		return arena_printf(a, " by more than %g %% of the best", 100 * relative);
	return absolute > 0 ? arena_printf(a, " by more than %g", absolute) : "";
}

const char *stop_rules_text(const struct msg_spec *spec, struct arena *a)
{
	const struct msg_stop_rules *r = &spec->stop;
	const char *text = "", *progress = least(r->min_progress, r->min_progress_relative, a);
	const char *gain = least(r->gain, r->gain_relative, a);

	if (!spec->has_stop || !progress || !gain)
		return NULL;
	if (r->no_progress)
		text = arena_printf(a, "%" PRIu64 " trials without progress%s", r->no_progress, progress);
	if (text && r->has_target)
		text = arena_printf(a, "%s%starget %g", text, *text ? ", " : "", r->target);
	if (text && r->p_gain > 0)
		text = arena_printf(a, "%s%sa better point%s less likely than %g %%", text,
			*text ? ", " : "", gain, 100 * r->p_gain);
	return text;
}
