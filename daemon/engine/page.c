#include "daemon/engine/page.h"

#include <math.h>
#include <string.h>

#include "daemon/engine/point.h"
#include "daemon/engine/progress.h"

/* Fixed parts of an entry, rounded up. */
enum { TRIAL_BYTES = 96, WHY_BYTES = 40, VALUE_BYTES = 40, STUDY_BYTES = 256, PARAM_BYTES = 48 };
enum { PROGRESS_BYTES = 40, GROUNDS_BYTES = 96 };

/* The smallest trial takes more than 16 bytes. */
enum { MOST_ENTRIES = PAGE_BYTES / 16 };

size_t page_most(uint32_t limit, uint64_t there_is)
{
	uint64_t most = there_is < MOST_ENTRIES ? there_is : MOST_ENTRIES;

	return (size_t)(limit && limit < most ? limit : most);
}

static size_t text_bytes(const char *s)
{
	return s ? strlen(s) + 4 : 0;
}

static size_t scalar_bytes(const struct msg_scalar *v)
{
	return v->kind == SCALAR_STRING ? strlen(v->s) + 8 : 12;
}

size_t page_point_bytes(const struct definition *def, const double *values)
{
	size_t sum = 0;

	for (int i = 0; i < def->d; i++) {
		const struct msg_param *p = &def->spec.params[i];

		if (isnan(values[i]))
			continue;
		sum += text_bytes(p->name) + 8;
		sum += p->n_choices ? scalar_bytes(&p->choices[(int)values[i]]) : 12;
	}
	return sum;
}

static size_t values_bytes(const struct definition *def)
{
	size_t sum = 0;

	for (int k = 0; k < def->spec.n_metrics; k++)
		sum += VALUE_BYTES + text_bytes(def->spec.metrics[k].name);
	return sum;
}

static size_t labels_bytes(const struct msg_labels *l)
{
	enum { FRAMING = 8 };
	size_t sum = 0;

	for (int i = 0; i < l->n; i++)
		sum += FRAMING + text_bytes(l->p[i].name) + scalar_bytes(&l->p[i].value);
	return sum;
}

static size_t grounds_bytes(const struct msg_grounds *g)
{
	size_t sum = g ? GROUNDS_BYTES : 0;

	for (int i = 0; g && i < g->n_pulls; i++)
		sum += VALUE_BYTES;
	for (int i = 0; g && i < g->n_levers; i++)
		sum += 12 + text_bytes(g->levers[i].name);
	return sum;
}

size_t page_trial_bytes(const struct study *s, const struct trial *t, struct reply_columns columns)
{
	size_t sum = TRIAL_BYTES + text_bytes(t->worker) + text_bytes(t->reason);

	if (columns.params)
		sum += page_point_bytes(s->def, t->values);
	if (columns.values)
		sum += values_bytes(s->def);
	if (columns.labels)
		sum += text_bytes(t->note) + labels_bytes(&t->labels);
	if (columns.progress && t->progress)
		sum += (size_t)t->progress->n * PROGRESS_BYTES;
	if (columns.why)
		sum += WHY_BYTES;
	if (columns.grounds)
		sum += grounds_bytes(t->grounds);
	return sum;
}

size_t page_study_bytes(const struct study *s)
{
	size_t sum = STUDY_BYTES + text_bytes(s->def->name) + values_bytes(s->def);

	for (int i = 0; i < s->def->d; i++) {
		const struct msg_param *p = &s->def->spec.params[i];

		sum += PARAM_BYTES + text_bytes(p->name) + text_bytes(p->when);
		for (int k = 0; k < p->n_choices; k++)
			sum += scalar_bytes(&p->choices[k]);
	}
	for (int k = 0; k < s->def->spec.forbidden.n; k++)
		sum += text_bytes(s->def->spec.forbidden.p[k]);
	for (int k = 0; k < s->def->spec.constraints.n; k++)
		sum += text_bytes(s->def->spec.constraints.p[k]);
	sum += labels_bytes(&s->now.labels);
	if (s->now.has_best)
		sum += page_trial_bytes(s, trials_at(&s->trials, s->now.best), reply_grounded_columns);
	return sum;
}
