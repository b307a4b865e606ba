#include "daemon/engine/acquisition.h"

#include <stdio.h>
#include <string.h>

#include "daemon/engine/quote.h"

enum { FIELD_BYTES = 32 };

/* field <- "spec.acquisition_beta" */
static const char *path(char field[FIELD_BYTES], const char *prefix, const char *name)
{
	snprintf(field, FIELD_BYTES, "%sacquisition%s", prefix, name);
	return field;
}

static enum kr_status unknown(
	const struct msg_acquisition *a, const char *field, struct kr_error *err)
{
	char names[160], shown[72];

	choice_list(0, names, sizeof(names));
	quote_text(a->name, shown, sizeof(shown));
	return kr_fail_field(
		err, KR_INVALID_ARGUMENT, field, "%s is %s; it must be one of %s", field, shown, names);
}

static enum kr_status not_taken(
	struct kr_error *err, const char *field, unsigned what, const char *prefix, enum choice c)
{
	char names[64];

	choice_list(what, names, sizeof(names));
	return kr_fail_field(err, KR_INVALID_ARGUMENT, field,
		"%s is only for %s, and %sacquisition is %s; remove it", field, names, prefix,
		choice_name(c));
}

enum kr_status acquisition_check(
	const struct msg_acquisition *a, int n_metrics, const char *prefix, struct kr_error *err)
{
	char field[FIELD_BYTES];
	enum choice c;

	if (!choice_find(a->name, &c))
		return unknown(a, path(field, prefix, ""), err);
	if (choice_has(c, CHOICE_ALONE) && n_metrics > 1)
		return kr_fail_field(err, KR_INVALID_ARGUMENT, path(field, prefix, ""),
			"%s is %s, which knows no outcome constraints, and there are %d; name log_ei, noisy_ei, "
			"pi, ucb, thompson, kg or none",
			field, choice_name(c), n_metrics - 1);
	path(field, prefix, "_level");
	if (choice_has(c, CHOICE_LEVEL) && !a->has_level)
		return kr_fail_field(err, KR_INVALID_ARGUMENT, field,
			"%s is missing; %s needs the level of the objective to look for", field,
			choice_name(c));
	if (!choice_has(c, CHOICE_LEVEL) && a->has_level)
		return not_taken(err, field, CHOICE_LEVEL, prefix, c);
	if (!choice_has(c, CHOICE_BETA) && a->has_beta)
		return not_taken(err, path(field, prefix, "_beta"), CHOICE_BETA, prefix, c);
	return KR_OK;
}

struct msg_acquisition acquisition_change(
	const struct msg_acquisition *now, const struct msg_acquisition *change)
{
	struct msg_acquisition a = *now;

	if (change->name)
		return *change;
	if (change->has_level) {
		a.has_level = true;
		a.level = change->level;
	}
	if (change->has_beta) {
		a.has_beta = true;
		a.beta = change->beta;
	}
	return a;
}

enum choice acquisition_choice(const struct msg_acquisition *a)
{
	enum choice c;

	choice_find(a->name, &c);
	return c;
}

double acquisition_beta(const struct msg_acquisition *a)
{
	return a->has_beta ? a->beta : choice_beta(acquisition_choice(a));
}

bool acquisition_equal(const struct msg_acquisition *a, const struct msg_acquisition *b)
{
	enum choice c, d;

	if (!choice_find(a->name, &c) || !choice_find(b->name, &d))
		return false;
	return c == d && a->has_level == b->has_level && (!a->has_level || a->level == b->level) &&
		acquisition_beta(a) == acquisition_beta(b);
}
