/* One request: from its arrival to its handler, and what handlers share.
 *
 * A handler checks, then answers in one of three ways: a read fills c->reply;
 * a change goes through call_commit (the answer waits for its row); what needs
 * a computation or rows from the store says c->answered and answers later. An
 * error is returned. Every answer, errors too, waits for the rows it reflects. */
#ifndef KR_DAEMON_ENGINE_CALL_H
#define KR_DAEMON_ENGINE_CALL_H

#include "daemon/engine/core.h"
#include "daemon/engine/reply.h"

struct call {
	struct engine *e;
	const struct msg_request *m;
	const struct route *route;
	struct arena *a;        /* the step's scratch */
	struct study *study;    /* whose rows the answer reflects */
	bool of_names;          /* it reflects which names there are */
	bool of_all;            /* it reflects every study */
	bool answered;          /* the handler answered, or will */
	struct msg_reply reply; /* else this is the answer */
};

typedef enum kr_status call_handler(struct call *c, struct kr_error *err);

/* handlers/<name>.c */
#define METHOD(NAME, name, number, mutates, role) call_handler handle_##name;
#include "proto/method_list.def"
#undef METHOD

/* From a decoded request to its answer, or to what will answer it. Never fails. */
void call_run(struct engine *e, const struct route *route, const struct msg_request *m);

/* c->study = the study of that name that is not deleted.
 * Errors: KR_NOT_FOUND, KR_UNAVAILABLE (being read anew), KR_ECORRUPT (damaged). */
enum kr_status call_study(struct call *c, const char *name, struct kr_error *err);

/* Is any study of this name being read anew? Errors: KR_UNAVAILABLE. */
enum kr_status call_name_settled(struct call *c, const char *name, struct kr_error *err);

/* A change of c->study for this request, to be answered with c->reply. */
struct change call_change(struct call *c, enum record_kind kind);

/* A copy of trial `number` of c->study, as it is. Errors: KR_NOT_FOUND. */
enum kr_status call_trial(struct call *c, uint64_t number, struct trial *out, struct kr_error *err);

/* KR_NOT_FOUND: c->study has no such trial. */
enum kr_status call_no_trial(const struct call *c, uint64_t number, struct kr_error *err);

/* One trial as the answer. Errors: KR_ENOMEM. */
enum kr_status call_answer_trial(struct call *c, const struct trial *t, struct kr_error *err);

/* The last step of a request that ends trial t, a copy, or queues it: a change that makes the
 * outcome so, with the trial as its answer. changes false: a row that ends nothing, because the
 * id of a repeat must be known too, or a late copy of it could end another attempt. */
enum kr_status call_end(struct call *c, struct trial *t, const struct record_outcome *outcome,
	bool changes, struct kr_error *err);

/* The same for an edit. */
enum kr_status call_edit(
	struct call *c, struct trial *t, const struct record_edited *edited, struct kr_error *err);

/* KR_INVALID_ARGUMENT unless a list of n items called field has 1 to LIMIT_BATCH of them. */
enum kr_status call_check_count(const char *field, int n, struct kr_error *err);

/* Plan and apply it. */
enum kr_status call_commit(struct call *c, struct change *ch, struct kr_error *err);

/* A study as an answer, from a view of c->study. Errors: KR_ENOMEM. */
enum kr_status call_answer_study(
	struct call *c, const struct study_view *v, bool attached, struct kr_error *err);

/* The first answer to a request that was applied or waits (repeat.c).
 * Errors: KR_INVALID_ARGUMENT when the id belongs to another request. */
enum kr_status call_repeat(struct call *c, const struct request_entry *entry, struct kr_error *err);

#endif
