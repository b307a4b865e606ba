/* Suggests that wait for a computation. begin queues one (and starts the
 * computation when none runs); finish turns the computation's answer into trials,
 * one row a request. */
#ifndef KR_DAEMON_ENGINE_SUGGEST_H
#define KR_DAEMON_ENGINE_SUGGEST_H

#include "acquisition/policy.h"
#include "base/status.h"
#include "daemon/engine/event.h"

struct engine;
#include "daemon/engine/study.h"

struct suggest {
	const struct msg_request *m;
	const struct route *route;
	uint64_t count;      /* 1 to LIMIT_BATCH, not over what is left of the budget */
	const double *fixed; /* d values, NaN where free; NULL: all free */
	uint64_t lease_ms;
	int64_t deadline_ns; /* INT64_MAX: none */
};

/* The caller has checked q. Errors: KR_ENOMEM, KR_OVERLOADED. */
enum kr_status suggest_begin(
	struct engine *e, struct study *s, const struct suggest *q, struct kr_error *err);

/* A repeat of one that waits: both get the answer. Errors: KR_ENOMEM, KR_OVERLOADED. */
enum kr_status suggest_join(struct engine *e, struct study *s, const uint8_t request[MSG_ID_BYTES],
	const struct route *route, struct kr_error *err);

/* May s give out trials now? Errors: KR_NOT_FOUND, KR_NOT_NOW, KR_STUDY_FINISHED. */
enum kr_status suggest_allowed(const struct study *s, struct kr_error *err);

/* KR_BUDGET_SPENT with the numbers. */
enum kr_status suggest_spent(const struct study *s, struct kr_error *err);

/* What a suggestion says about itself, in words of the wire. */
void suggest_why(struct msg_why *why, const struct policy_suggestion *p);

/* The next computation, when none runs and suggests wait. */
void suggest_pump(struct engine *e, struct study *s);

/* Slots of all who wait, counted anew. */
uint64_t suggest_slots(const struct study *s);

/* A computation of kind JOB_SUGGEST came back. */
void suggest_finish(struct engine *e, struct job *j);

/* The study's memory is lost: UNAVAILABLE to everyone who waits. */
void suggest_fail_all(struct engine *e, struct study *s, const char *why);

/* Free those who wait, without a word: the engine stops. */
void suggest_forget(struct study *s);

#endif
