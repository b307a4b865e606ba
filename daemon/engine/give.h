/* From queued trials and a finished computation to trials that run: one row for each suggest,
 * and its answer. */
#ifndef KR_DAEMON_ENGINE_GIVE_H
#define KR_DAEMON_ENGINE_GIVE_H

#include "acquisition/policy/policy.h"
#include "base/status.h"
#include "proto/msg.h"

struct engine;
struct job;
struct study;
struct waiter;

/* Give w its trials, those that it has picked and those that j (NULL: nothing had to be
 * computed) has made, and answer it. Nothing has changed after an error: KR_NOT_NOW,
 * KR_STUDY_FINISHED, KR_BUDGET_SPENT, KR_SPACE_EXHAUSTED, KR_ENOMEM, ...; KR_CONFLICT: what it
 * has picked or was computed is gone, and there may be something else. */
enum kr_status give_trials(struct engine *e, struct study *s, const struct job *j,
	const struct waiter *w, struct kr_error *err);

/* Cancel the partial trials that w has picked and for which j has found no point that is left,
 * so that they don't stand before all others for ever. */
void give_up_on(struct engine *e, struct study *s, const struct job *j, const struct waiter *w);

/* May s give out trials now? Errors: KR_NOT_FOUND, KR_NOT_NOW, KR_STUDY_FINISHED. */
enum kr_status give_allowed(const struct study *s, struct kr_error *err);

/* KR_BUDGET_SPENT with the numbers. */
enum kr_status give_spent(const struct study *s, struct kr_error *err);

/* KR_SPACE_EXHAUSTED. */
enum kr_status give_exhausted(const struct study *s, struct kr_error *err);

struct grounds;

/* What a suggestion of j says about itself, in words of the wire; it points into grounds. */
void give_why(struct msg_why *why, struct grounds *grounds, const struct job *j,
	const struct policy_suggestion *p);

#endif
