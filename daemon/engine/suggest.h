/* Suggests between their request and their answer. begin queues one (and starts the
 * computation when none runs) or, when nothing can be given now, parks it; finish turns the
 * computation's answer into trials, one row a request; retry tries the parked ones again. */
#ifndef KR_DAEMON_ENGINE_SUGGEST_H
#define KR_DAEMON_ENGINE_SUGGEST_H

#include "base/status.h"
#include "daemon/engine/event.h"
#include "proto/msg.h"

struct engine;
struct suggest;
struct study;

/* It will be answered: at once with what can't be given now, unless it waits for that.
 * Errors: KR_ENOMEM, KR_OVERLOADED. */
enum kr_status suggest_begin(
	struct engine *e, struct study *s, const struct suggest *q, struct kr_error *err);

/* A repeat of one that waits: both get the answer. Errors: KR_ENOMEM, KR_OVERLOADED. */
enum kr_status suggest_join(struct engine *e, struct study *s, const uint8_t request[MSG_ID_BYTES],
	const struct route *route, struct kr_error *err);

/* The study has changed: who waits for that is served. */
void suggest_retry(struct engine *e, struct study *s);

/* Places of the budget of all who wait for a computation, counted anew. */
uint64_t suggest_places(const struct study *s);

/* Trials that those who wait have picked, counted anew. */
uint64_t suggest_picks(const struct study *s);

/* A computation of kind JOB_SUGGEST came back. */
void suggest_finish(struct engine *e, struct job *j);

/* The study's memory is lost: UNAVAILABLE to everyone who waits. */
void suggest_fail_all(struct engine *e, struct study *s, const char *why);

/* Free those who wait, without a word: the engine stops. */
void suggest_forget(struct study *s);

#endif
