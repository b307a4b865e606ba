/* Clients that wait for a study to change: GetStudy with wait_ms. Each is answered with
 * the study at the first event after the one that it knows, or at the end of its wait. */
#ifndef KR_DAEMON_ENGINE_WATCH_H
#define KR_DAEMON_ENGINE_WATCH_H

#include "base/status.h"
#include "daemon/engine/event.h"

struct engine;
struct study;

/* Wait for an event of s after since_seq until until_ns. Errors: KR_ENOMEM, KR_OVERLOADED. */
enum kr_status watch_begin(struct engine *e, struct study *s, const struct route *route,
	uint64_t since_seq, int64_t until_ns, struct kr_error *err);

/* s has changed: answer those who waited for that. */
void watch_serve(struct engine *e, struct study *s);

/* The study's memory is lost: UNAVAILABLE to everyone who waits. */
void watch_fail_all(struct engine *e, struct study *s, const char *why);

/* Free those who wait, without a word: the engine stops. */
void watch_forget(struct study *s);

#endif
