#include "daemon/engine/call.h"

#include <inttypes.h>

static call_handler *const handlers[] = {
#define METHOD(NAME, name, number, mutates, role) [number] = handle_##name,
#include "proto/method_list.def"
#undef METHOD
};

enum kr_status call_no_memory(struct kr_error *err)
{
	return kr_fail(err, KR_ENOMEM, "no memory for the answer");
}

/* ---- what handlers share ---------------------------------------------------- */

enum kr_status call_name_settled(struct call *c, const char *name, struct kr_error *err)
{
	const struct study *s = NULL;

	while ((s = studies_named(&c->e->studies, name, s)) != NULL)
		if (s->reloading)
			return kr_fail(err, KR_UNAVAILABLE,
				"study '%s' is being read anew after a failed "
				"write (%s); try again",
				name, c->e->refuse_text);
	return KR_OK;
}

enum kr_status call_study(struct call *c, const char *name, struct kr_error *err)
{
	struct study *s = NULL;
	bool deleted = false;
	enum kr_status st;

	if (!name)
		return kr_fail_field(
			err, KR_INVALID_ARGUMENT, "study", "study is missing; give the name of a study");
	st = call_name_settled(c, name, err);
	if (st != KR_OK)
		return st;
	while ((s = studies_named(&c->e->studies, name, s)) != NULL) {
		if (s->now.state != STUDY_DELETED)
			break;
		deleted = true;
	}
	if (!s) {
		c->of_names = true;
		return kr_fail_field(err, KR_NOT_FOUND, "study",
			deleted ? "study '%s' was deleted; undelete it, or create it anew"
					: "there is no study '%s'; create it, or list the studies there are",
			name);
	}
	c->study = s;
	return engine__sound(s, err);
}

struct change call_change(struct call *c, enum record_kind kind)
{
	struct change ch = {
		.study = c->study,
		.record.kind = kind,
		.method = c->m->method,
		.request = c->m->meta.request_id,
		.actor = c->m->meta.worker_id,
		.reply = &c->reply,
		.routes = c->route,
		.n_routes = 1,
	};

	change_begin(c->e, &ch);
	return ch;
}

enum kr_status call_no_trial(const struct call *c, uint64_t number, struct kr_error *err)
{
	const struct trial *t = trials_kept(&c->study->trials, number);

	return kr_fail_field(err, KR_NOT_FOUND, "number", "study '%s' has no trial %" PRIu64 "%s",
		c->study->def->name, number, t ? " any more; it was deleted" : "");
}

enum kr_status call_trial(struct call *c, uint64_t number, struct trial *out, struct kr_error *err)
{
	const struct trial *t = trials_at(&c->study->trials, number);

	if (!t)
		return call_no_trial(c, number, err);
	*out = *t;
	return KR_OK;
}

enum kr_status call_answer_trial(struct call *c, const struct trial *t, struct kr_error *err)
{
	struct msg_trial *answer = ARENA_NEW(c->a, struct msg_trial);

	if (!answer)
		return call_no_memory(err);
	c->reply.u.trials.n = 1;
	c->reply.u.trials.trials = answer;
	return reply_trial(answer, c->study, t, reply_all_columns, c->a, err);
}

enum kr_status call_commit(struct call *c, struct change *ch, struct kr_error *err)
{
	enum kr_status st = change_plan(c->e, ch, err);

	if (st == KR_OK) {
		change_apply(c->e, ch);
		c->answered = true;
	}
	return st;
}

enum kr_status call_end(struct call *c, struct trial *t, const struct record_outcome *outcome,
	bool changes, struct kr_error *err)
{
	struct change ch = call_change(c, RECORD_ENDED);
	enum kr_status st;

	if (changes) {
		ch.record.u.ended = (struct record_ended){.n = 1, .outcomes = outcome};
		trial_end(t, outcome, &ch.row);
	}
	st = call_answer_trial(c, t, err);
	return st == KR_OK ? call_commit(c, &ch, err) : st;
}

enum kr_status call_edit(
	struct call *c, struct trial *t, const struct record_edited *edited, struct kr_error *err)
{
	struct change ch = call_change(c, RECORD_EDITED);
	enum kr_status st;

	ch.record.u.edited = *edited;
	trial_edit(t, edited, &ch.row);
	st = call_answer_trial(c, t, err);
	return st == KR_OK ? call_commit(c, &ch, err) : st;
}

enum kr_status call_check_count(const char *field, int n, struct kr_error *err)
{
	if (n >= 1 && n <= LIMIT_BATCH)
		return KR_OK;
	return kr_fail_field(err, KR_INVALID_ARGUMENT, field, "%s has %d entries; 1 to %d are allowed",
		field, n, LIMIT_BATCH);
}

enum kr_status call_answer_study(
	struct call *c, const struct study_view *v, bool attached, struct kr_error *err)
{
	c->reply.u.study.attached = attached;
	return reply_study(&c->reply.u.study.study, c->study, v, c->a, err);
}

/* ---- one request ------------------------------------------------------------ */

static bool needs_no_study(enum method m)
{
	return m == METHOD_HELLO || m == METHOD_PING || m == METHOD_STATUS;
}

static enum kr_status check_meta(const struct call *c, struct kr_error *err)
{
	const struct msg_request *m = c->m;

	if (!msg_method_known(m->method))
		return kr_fail(err, KR_VERSION, "method %d is not known here", (int)m->method);
	if (msg_method_mutates(m->method) && !m->meta.has_request_id)
		return kr_fail_field(err, KR_INVALID_ARGUMENT, "meta.request_id",
			"meta.request_id is missing; give 16 random bytes, and the same ones in a repeat");
	if (!c->e->ready && !needs_no_study(m->method))
		return kr_fail(err, KR_UNAVAILABLE, "the studies are being read; try again");
	return KR_OK;
}

static enum kr_status run(struct call *c, struct kr_error *err)
{
	const struct request_entry *seen = NULL;
	enum kr_status st = check_meta(c, err);

	if (st != KR_OK)
		return st;
	c->reply.method = c->m->method;
	if (!msg_method_mutates(c->m->method))
		return handlers[c->m->method](c, err);
	seen = requests_find(&c->e->requests, c->m->meta.request_id);
	if (seen)
		return call_repeat(c, seen, err);
	st = engine__writable(c->e, err);
	return st == KR_OK ? handlers[c->m->method](c, err) : st;
}

/* The newest group of what the answer reflects. */
static uint64_t hold_of(const struct call *c, uint64_t *study)
{
	uint64_t hold = c->study ? engine__hold(c->e, c->study) : 0;
	uint64_t names = c->of_names ? engine__hold_names(c->e) : 0;

	*study = c->study && !c->of_names && !c->of_all ? c->study->id : 0;
	if (c->of_all)
		hold = engine__hold(c->e, NULL);
	return names > hold ? names : hold;
}

void call_run(struct engine *e, const struct route *route, const struct msg_request *m)
{
	struct call c = {.e = e, .m = m, .route = route, .a = e->scratch};
	struct kr_error err;
	uint64_t hold, study;
	enum kr_status st = engine__owe(e, 0, &err);

	e->n_requests++;
	if (st == KR_OK)
		st = run(&c, &err);
	if (c.answered)
		return;
	hold = hold_of(&c, &study);
	if (st == KR_OK)
		engine__answer(e, route, study, hold, &c.reply);
	else
		engine__answer_error(e, route, study, hold, &err);
}
