/* Suggestions that are computed before anybody asks: the very job that the next Suggest of a
 * study would run, when that asks for one free point. Nothing of it is stored, or seen, until a
 * Suggest gets it.
 *
 *   due      waits for a quiet moment and for its turn
 *   running  at the lowest rank: jobs that somebody waits for go first. A Suggest that comes
 *            meanwhile joins it
 *   ready    a Suggest gets it at once
 *
 * It is good for as long as the study is to a computation what it was; then it is dropped, and
 * cut when it runs. A study has one only while
 *   - it may give out a new point: it is active, with budget left, nothing queued, nobody waiting;
 *   - it is in use: a Suggest of this run came within the last 10 minutes;
 *   - what a computation sees of it is durable.
 * A study as it is at one event is prepared for once at most, whatever becomes of that. What
 * follows a Suggest, or one that nobody wanted, begins only when the study has been quiet for
 * 50 ms: who works through trials quickly must not pay for what is thrown away. */
#ifndef KR_DAEMON_ENGINE_PREPARE_H
#define KR_DAEMON_ENGINE_PREPARE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "proto/msg.h"

enum {
	PREPARE_IDLE_S = 600,
	PREPARE_QUIET_MS = 50,
	PREPARE_MOST_READY = 256 /* in all studies; those asked for longest ago go first */
};

struct engine;
struct job;
struct snapshot;
struct study;

/* A Suggest has come. */
void prepare_asked(struct engine *e, struct study *s);

/* The study or what waits for it has changed, or has become durable: drop what is no longer good,
 * begin what is wanted. Without memory there is nothing prepared. */
void prepare_review(struct engine *e, struct study *s);

/* The result for one new free point of s as it is; NULL: there is none. It is prepared's, and gone
 * when s changes. */
const struct job *prepare_ready(const struct study *s);

/* Is there one for s as it is, or under way? */
enum msg_prepared prepare_state(const struct study *s);

/* Somebody has got that result. */
void prepare_given(struct engine *e, struct study *s);

/* A Suggest waits for the computation that runs for s as it is: it is an ordinary one from now
 * on, cut at the deadline. *job is its id; the snapshot is the caller's. NULL: there is none. */
struct snapshot *prepare_join(
	struct engine *e, struct study *s, int64_t deadline_ns, uint64_t *job);

/* A job came back. True: it was a prepared one, and is prepared's. */
bool prepare_finish(struct engine *e, struct job *j);

/* Of s, which goes on otherwise or is read anew. */
void prepare_drop(struct engine *e, struct study *s);

/* Results of studies that are no longer in use go. */
void prepare_tick(struct engine *e);

/* Free them all: the engine stops. */
void prepare_forget(struct engine *e);

/* Every invariant that hangs on more than one file, for tests. Errors: KR_INTERNAL. */
enum kr_status prepare_check(const struct engine *e, struct kr_error *err);

#endif
