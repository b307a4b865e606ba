/* Predictions between request and answer: computations like Suggest's, without points to give
 * out. A study has one at a time; the others queue in the order of their arrival. */
#ifndef KR_DAEMON_ENGINE_PREDICT_H
#define KR_DAEMON_ENGINE_PREDICT_H

#include "base/status.h"
#include "daemon/engine/event.h"

struct engine;
struct study;

/* Queue one at n points (n x d, copied). Errors: KR_NOT_NOW (no observations), KR_OVERLOADED,
 * KR_ENOMEM. */
enum kr_status predict_begin(struct engine *e, struct study *s, const struct route *route, int n,
	const double *points, struct kr_error *err);

/* A computation of kind JOB_PREDICT came back: its answer, and the next. */
void predict_finish(struct engine *e, struct job *j);

/* The study's memory is lost: UNAVAILABLE to everyone who waits. */
void predict_fail_all(struct engine *e, struct study *s, const char *why);

/* Free those who wait, without a word: the engine stops. */
void predict_forget(struct study *s);

#endif
