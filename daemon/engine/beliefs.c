#include "daemon/engine/beliefs.h"

#include <math.h>

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

enum kr_status beliefs_make(const struct msg_spec *spec, const struct space *space,
	struct belief **out, struct kr_error *err)
{
	struct belief_param *made = KR_ARRAY(struct belief_param, spec->n_params);
	bool any = false;
	enum kr_status st = KR_OK;

	*out = NULL;
	if (!made)
		return kr_fail(err, KR_ENOMEM, "no memory for a study");
	for (int i = 0; i < spec->n_params; i++) {
		made[i] = belief_of(&spec->params[i].prior);
		any |= made[i].kind != BELIEF_NONE;
	}
	if (any)
		st = rules_in_words_of_request(err, belief_new(out, space, made, err));
	kr_free(made);
	return st;
}
