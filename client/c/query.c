/* Reads: predictions, the best trial, one trial, lists of them. */
#include <string.h>

#include "base/alloc.h"
#include "client/c/call.h"
#include "client/c/error.h"
#include "client/c/options.h"
#include "client/c/trial.h"
#include "client/c/value.h"

/* ---- the model ------------------------------------------------------------- */

/* The study's own copy of a metric's name. */
static const char *metric_name(const struct krige_study *s, const char *name)
{
	for (int i = 0; name && i < s->n_metrics; i++)
		if (strcmp(s->metrics[i], name) == 0)
			return s->metrics[i];
	return "";
}

static enum krige_status take_predictions(const struct krige_study *s,
	const struct msg_predict_reply *reply, struct krige_prediction *out, size_t *n,
	struct krige_error *err)
{
	size_t room = *n, given = reply->n == 1 ? (size_t)reply->n_metrics : 0;

	*n = given;
	if (given > room)
		return error_field(err, KRIGE_INVALID_ARGUMENT, "n",
			"n is %zu, the study has %zu metrics; give room for all", room, given);
	for (size_t i = 0; i < given; i++)
		out[i] = (struct krige_prediction){metric_name(s, reply->predictions[i].name),
			reply->predictions[i].mean, reply->predictions[i].sd};
	return KRIGE_OK;
}

enum krige_status krige_predict(struct krige_study *s, const struct krige_named *params,
	size_t n_params, struct krige_prediction *out, size_t *n, struct krige_error *err)
{
	struct msg_point point = {0};
	struct msg_request request = {.method = METHOD_PREDICT, .u.predict = {s->name, 1, &point}};
	struct msg_reply reply;
	struct memory *memory;
	enum krige_status st = memory_new(&memory, err);

	if (st != KRIGE_OK)
		return st;
	st = value_write_named(
		memory->arena, "params", params, n_params, &point.n_params, &point.params, err);
	if (st == KRIGE_OK)
		st = call_run(s->client, &request, &reply, memory->arena, err);
	if (st == KRIGE_OK)
		st = take_predictions(s, &reply.u.predict, out, n, err);
	memory_release(memory);
	return st;
}

/* ---- one trial ------------------------------------------------------------- */

enum krige_status krige_best(
	struct krige_trial **out, struct krige_study *s, struct krige_error *err)
{
	struct msg_request request = {.method = METHOD_BEST, .u.best.study = s->name};
	struct msg_reply reply;
	struct memory *memory;
	enum krige_status st = call_keep(s->client, &request, &reply, &memory, err);

	*out = NULL;
	if (st == KRIGE_OK && reply.u.best.trial)
		st = trial_new(out, s, reply.u.best.trial, memory, err);
	memory_release(memory);
	return st;
}

enum krige_status krige_get_trial(
	struct krige_trial **out, struct krige_study *s, uint64_t number, struct krige_error *err)
{
	struct msg_request request = {
		.method = METHOD_GET_TRIAL, .u.get_trial = {.study = s->name, .number = number}};
	struct msg_reply reply;
	struct memory *memory;
	enum krige_status st = call_keep(s->client, &request, &reply, &memory, err);

	*out = NULL;
	if (st == KRIGE_OK && reply.u.trials.n != 1)
		st = error_set(err, KRIGE_INTERNAL, "the daemon answered %d trials", reply.u.trials.n);
	if (st == KRIGE_OK)
		st = trial_new(out, s, &reply.u.trials.trials[0], memory, err);
	memory_release(memory);
	return st;
}

/* ---- lists ----------------------------------------------------------------- */

struct krige_list {
	struct krige_trial **trials;
	size_t n, cap;
};

void krige_list_free(struct krige_list *list)
{
	if (!list)
		return;
	for (size_t i = 0; i < list->n; i++)
		krige_trial_free(list->trials[i]);
	kr_free(list->trials);
	kr_free(list);
}

size_t krige_list_count(const struct krige_list *list)
{
	return list->n;
}

const struct krige_trial *krige_list_at(const struct krige_list *list, size_t i)
{
	return i < list->n ? list->trials[i] : NULL;
}

/* One page into the list. */
static enum krige_status add_page(struct krige_list *list, const struct krige_study *s,
	const struct msg_list_trials_reply *page, struct memory *memory, struct krige_error *err)
{
	for (int i = 0; i < page->n; i++) {
		enum krige_status st;

		if (KR_GROW(&list->trials, list->n, &list->cap))
			return error_set(err, KRIGE_NO_MEMORY, "no memory for a list of trials");
		st = trial_new(&list->trials[list->n], s, &page->trials[i], memory, err);
		if (st != KRIGE_OK)
			return st;
		list->n++;
	}
	return KRIGE_OK;
}

/* The next page of at most m->limit trials; *more: is there another? */
static enum krige_status read_page(struct krige_list *list, struct krige_study *s,
	struct msg_list_trials *m, bool *more, struct krige_error *err)
{
	struct msg_request request = {.method = METHOD_LIST_TRIALS, .u.list_trials = *m};
	struct msg_reply reply;
	struct memory *memory;
	enum krige_status st = call_keep(s->client, &request, &reply, &memory, err);

	if (st == KRIGE_OK)
		st = add_page(list, s, &reply.u.list_trials, memory, err);
	if (st == KRIGE_OK) {
		*more = reply.u.list_trials.more;
		m->from_number = reply.u.list_trials.next_number;
	}
	memory_release(memory);
	return st;
}

static enum krige_status read_pages(struct krige_list *list, struct krige_study *s,
	const struct krige_list_options *o, struct krige_error *err)
{
	struct msg_list_trials m = {
		.study = s->name,
		.states = o->states,
		.since_seq = o->since_seq,
		.from_number = o->from,
	};
	enum krige_status st = KRIGE_OK;
	bool more = true;

	while (st == KRIGE_OK && more && (o->limit == 0 || list->n < o->limit)) {
		uint64_t left = o->limit - list->n;

		m.limit = o->limit == 0 ? 0 : left < UINT32_MAX ? (uint32_t)left : UINT32_MAX;
		st = read_page(list, s, &m, &more, err);
	}
	return st;
}

enum krige_status krige_list_trials(struct krige_list **out, struct krige_study *s,
	const struct krige_list_options *options, struct krige_error *err)
{
	struct krige_list_options o;
	struct krige_list *list;
	enum krige_status st = options_read(&o, sizeof(o), options, "krige_list_options", err);

	*out = NULL;
	if (st != KRIGE_OK)
		return st;
	list = KR_NEW(struct krige_list);
	if (!list)
		return error_set(err, KRIGE_NO_MEMORY, "no memory for a list of trials");
	st = read_pages(list, s, &o, err);
	if (st != KRIGE_OK) {
		krige_list_free(list);
		return st;
	}
	*out = list;
	return KRIGE_OK;
}
