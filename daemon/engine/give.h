/* From a finished computation to trials: one row for each suggest, and its answer. */
#ifndef KR_DAEMON_ENGINE_GIVE_H
#define KR_DAEMON_ENGINE_GIVE_H

#include "acquisition/policy.h"
#include "base/status.h"
#include "proto/msg.h"

struct engine;
struct job;
struct study;
struct waiter;

/* Give w its trials of j and answer it. Nothing has changed after an error: KR_NOT_NOW,
 * KR_STUDY_FINISHED, KR_BUDGET_SPENT, KR_SPACE_EXHAUSTED, KR_ENOMEM, ... */
enum kr_status give_trials(struct engine *e, struct study *s, const struct job *j,
	struct waiter *w, struct kr_error *err);

/* May s give out trials now? Errors: KR_NOT_FOUND, KR_NOT_NOW, KR_STUDY_FINISHED. */
enum kr_status give_allowed(const struct study *s, struct kr_error *err);

/* KR_BUDGET_SPENT with the numbers. */
enum kr_status give_spent(const struct study *s, struct kr_error *err);

/* KR_SPACE_EXHAUSTED. */
enum kr_status give_exhausted(const struct study *s, struct kr_error *err);

/* What a suggestion says about itself, in words of the wire. */
void give_why(struct msg_why *why, const struct policy_suggestion *p);

#endif
