#include "daemon/engine/beliefs.h"

#include <math.h>
#include <stdio.h>

#include "base/alloc.h"
#include "daemon/engine/rules.h"

/* The normal of a log scale is one of ln. */
static struct belief_param belief_of(const struct msg_prior *m)
{
	switch (m->kind) {
	case PRIOR_NORMAL:
		return (struct belief_param){BELIEF_NORMAL, m->numbers[0], m->numbers[1], NULL};
	case PRIOR_LOG_NORMAL:
		return (struct belief_param){BELIEF_NORMAL, m->numbers[0], log(m->numbers[1]), NULL};
	case PRIOR_WEIGHTS: return (struct belief_param){.kind = BELIEF_WEIGHTS, .weights = m->numbers};
	}
	return (struct belief_param){0};
}

/* A row that is damaged may lack some; requests were refused for that. */
static enum kr_status check_numbers(
	const struct msg_prior *m, int i, int n_choices, struct kr_error *err)
{
	char field[64];
	int n = m->kind == PRIOR_WEIGHTS ? n_choices : 2;

	if (!m->kind || m->n == n)
		return KR_OK;
	snprintf(field, sizeof(field), "spec.parameters[%d].prior.numbers", i);
	return kr_fail_field(
		err, KR_INVALID_ARGUMENT, field, "%s has %d entries; it must have %d", field, m->n, n);
}

enum kr_status beliefs_make(const struct msg_spec *spec, const struct space *space,
	struct belief **out, struct kr_error *err)
{
	struct belief_param *made = KR_ARRAY(struct belief_param, spec->n_params);
	bool any = false;
	enum kr_status st = KR_OK;

	*out = NULL;
	if (!made)
		return kr_fail(err, KR_ENOMEM, "no memory for a study");
	for (int i = 0; st == KR_OK && i < spec->n_params; i++) {
		const struct msg_prior *prior = &spec->params[i].prior;

		st = check_numbers(prior, i, space_param(space, i)->n_choices, err);
		made[i] = st == KR_OK ? belief_of(prior) : (struct belief_param){0};
		any |= made[i].kind != BELIEF_NONE;
	}
	if (st == KR_OK && any)
		st = rules_in_words_of_request(err, belief_new(out, space, made, err));
	kr_free(made);
	return st;
}
