/* The engine: every study, as a deterministic state machine.
 *
 *   engine_step(engine, event, now) -> effects
 *
 * Events: a decoded request, a finished commit, a finished computation, loaded
 * rows, a tick. Effects: rows to commit, jobs to compute, replies to send, rows
 * to load. The engine never touches a socket, a disk, a clock or a thread: the
 * shell (daemon/main.c) connects it to the real ones, the simulator (tests/sim)
 * to fake ones.
 *
 * The happy path of a change:
 *   request -> handler checks -> plans (a record, memory reserved; may fail and
 *   changes nothing) -> applies (memory; cannot fail) -> row and encoded reply
 *   join the open group -> EFFECT_COMMIT when no commit is under way ->
 *   EVENT_COMMITTED -> EFFECT_REPLY.
 * Every reply, reads included, waits for the newest commit it reflects.
 *
 * When a commit fails, the studies it touched are reloaded from the store
 * (EFFECT_LOAD), their part of the open group is dropped, and every reply that
 * reflected lost changes becomes UNAVAILABLE. For half a second after it changes
 * are refused without a try, so that a full disk does not keep studies reloading
 * and reads go on.
 *
 * One thread owns an engine; no locks inside. */
#ifndef KR_DAEMON_ENGINE_ENGINE_H
#define KR_DAEMON_ENGINE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "daemon/engine/event.h"
#include "daemon/engine/job.h"

struct engine;

/* Errors: KR_ENOMEM. */
enum kr_status engine_new(
	struct engine **out, const struct engine_options *o, struct kr_error *err);
void engine_free(struct engine *e);

/* One event. Effects are valid until the next step, except that rows and reply
 * bodies of a group stay valid until the step after its EVENT_COMMITTED... the
 * shell copies or uses them before. Never fails: what cannot be done is answered
 * to the client. *effects points to *n effects. */
void engine_step(struct engine *e, const struct event *ev, struct now now,
	const struct effect **effects, size_t *n);

/* When the next lease or deadline comes due: monotonic ns, INT64_MAX if none. */
int64_t engine_next_wakeup(const struct engine *e);

/* Ready: the rows asked for at EVENT_START have been applied. */
bool engine_ready(const struct engine *e);

/* Invariants, for tests: counters equal recounts, budgets hold, indexes agree.
 * Errors: KR_INTERNAL naming the first that does not hold. */
enum kr_status engine_check(const struct engine *e, struct kr_error *err);

#endif
