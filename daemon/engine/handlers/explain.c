/* Explain: why a trial was suggested, and what came of it. A read: it tells in words what was
 * recorded with the suggestion (explanation.h), and shows the trials that matter for it. */
#include <stdlib.h>

#include "daemon/engine/call.h"
#include "daemon/engine/explanation.h"

struct view {
	struct call *c;
	const struct study *s;
	struct trial t;
	const struct msg_grounds *g; /* NULL: none */
	struct msg_explain_reply *r;
};

/* The newest trial that was given out. */
static enum kr_status find_newest(struct call *c, uint64_t *number, struct kr_error *err)
{
	const struct study *s = c->study;

	for (uint64_t k = s->trials.n; k-- > 0;) {
		const struct trial *t = trials_at(&s->trials, k);

		if (!t || !t->given_seq)
			continue;
		*number = k;
		return KR_OK;
	}
	return kr_fail_field(err, KR_NOT_FOUND, "number",
		"study '%s' has suggested nothing yet; ask for a trial first", s->def->name);
}

static int compare_numbers(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* The incumbent and the trials that pull, each once. */
static enum kr_status put_related(struct view *v, struct kr_error *err)
{
	int most = v->g ? v->g->n_pulls + 1 : 0, n = 0;
	uint64_t *numbers = ARENA_ARRAY(v->c->a, uint64_t, most);
	struct msg_trial *trials = ARENA_ARRAY(v->c->a, struct msg_trial, most);
	enum kr_status st = numbers && trials ? KR_OK : call_no_memory(err);

	for (int i = 0; st == KR_OK && i < most - 1; i++)
		numbers[n++] = v->g->pulls[i].number;
	if (st == KR_OK && v->g && v->g->has_gain)
		numbers[n++] = v->g->incumbent;
	if (st == KR_OK)
		qsort(numbers, (size_t)n, sizeof(*numbers), compare_numbers);
	for (int i = 0; st == KR_OK && i < n; i++) {
		const struct trial *t = trials_at(&v->s->trials, numbers[i]);

		if (t && (i == 0 || numbers[i] != numbers[i - 1]))
			st = reply_trial(&trials[v->r->n_related++], v->s, t, reply_all_columns, v->c->a, err);
	}
	v->r->related = trials;
	return st;
}

static enum kr_status put_trial(struct view *v, struct kr_error *err)
{
	struct msg_trial *trial = ARENA_NEW(v->c->a, struct msg_trial);

	v->r->trial = trial;
	return trial ? reply_trial(trial, v->s, &v->t, reply_every_column, v->c->a, err)
				 : call_no_memory(err);
}

static enum kr_status put_sentences(struct view *v, struct kr_error *err)
{
	const char **sentences = ARENA_ARRAY(v->c->a, const char *, EXPLANATION_MOST);

	if (!sentences)
		return call_no_memory(err);
	v->r->sentences = (struct msg_texts){
		explanation_say(v->s, &v->t, sentences, v->c->a), sentences};
	for (int i = 0; i < v->r->sentences.n; i++)
		if (!sentences[i])
			return call_no_memory(err);
	return KR_OK;
}

enum kr_status handle_explain(struct call *c, struct kr_error *err)
{
	const struct msg_explain *m = &c->m->u.explain;
	struct view v = {.c = c, .r = &c->reply.u.explain};
	uint64_t number = m->number;
	enum kr_status st = call_study(c, m->study, err);

	if (st == KR_OK && !m->has_number)
		st = find_newest(c, &number, err);
	if (st == KR_OK)
		st = call_trial(c, number, &v.t, err);
	if (st != KR_OK)
		return st;
	v.s = c->study;
	v.g = v.t.grounds;
	v.r->has_surprise = explanation_surprise(v.s, &v.t, &v.r->surprise);
	st = put_sentences(&v, err);
	if (st == KR_OK)
		st = put_trial(&v, err);
	return st == KR_OK ? put_related(&v, err) : st;
}
