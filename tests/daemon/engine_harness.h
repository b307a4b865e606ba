/* An engine with a store, a clock, randomness and a compute pool of a few lines
 * each, all in the test's hands. Memory of the harness itself does not come
 * through base/alloc.h, so that allocation faults hit the engine only. */
#ifndef KR_TESTS_DAEMON_ENGINE_HARNESS_H
#define KR_TESTS_DAEMON_ENGINE_HARNESS_H

#include "daemon/engine/engine.h"
#include "proto/decode.h"
#include "proto/msg.h"

struct harness_reply {
	uint64_t tag;
	bool is_error;
	unsigned method;
	uint8_t *body;
	size_t len;
	uint64_t order; /* of arrival */
};

struct harness {
	struct engine *e;
	struct now now;
	uint64_t random; /* counter: every token differs, runs are equal */
	size_t max_waiting;
	bool prepare; /* suggestions before they are asked for */
	const char *build;

	struct row *rows; /* what is durable */
	size_t n_rows, cap_rows;

	struct harness_reply *replies;
	size_t n_replies, cap_replies;

	struct effect *todo; /* effects under way, in order */
	size_t n_todo, cap_todo;

	/* What the shell does by itself. */
	bool hold_commits, hold_jobs, hold_loads;
	enum kr_status commit_status; /* what commits answer */
	bool fail_loads;
	int cut_after; /* jobs are cut after so many units; 0: never */
	uint64_t cut;  /* newest job that was cut */
	int n_cuts, n_commits, n_jobs, n_loads, n_raised;

	const char *client; /* identity of the connection; NULL: "client" */
	uint64_t next_tag, next_request;
	struct arena *arena; /* of decoded replies and built requests */
};

struct harness *harness_new(void);
void harness_free(struct harness *h);

/* As kill -9 and a start: only durable rows remain. */
void harness_restart(struct harness *h);

/* The parts of it: memory is gone; a new engine (false: no memory for it); its start. */
void harness_crash(struct harness *h);
bool harness_boot(struct harness *h);
void harness_begin(struct harness *h);

/* The request goes in; effects are served as far as nothing is held. Returns its tag. */
uint64_t harness_send(struct harness *h, const struct msg_request *m);

/* Serve what was held: all commits, jobs and loads, or only the oldest commit. */
void harness_settle(struct harness *h);
void harness_commit_one(struct harness *h, enum kr_status status);
void harness_jobs(struct harness *h);
void harness_loads(struct harness *h);

/* Time passes; a tick. */
void harness_tick(struct harness *h, int64_t ms);

/* The reply to a tag; NULL when it is not there (yet). */
const struct harness_reply *harness_raw(const struct harness *h, uint64_t tag);
int harness_count(const struct harness *h, uint64_t tag);

/* The same decoded. Fails the test when it is not there. */
struct msg_reply harness_reply(struct harness *h, uint64_t tag);

/* Send and decode, for what is answered at once. */
struct msg_reply harness_ask(struct harness *h, const struct msg_request *m);

/* engine_check, or the test fails. */
void harness_check(const struct harness *h);

/* ---- requests ---- */

/* With a request id made of n (0: the next one that was not used). */
struct msg_request harness_request(struct harness *h, enum method method, uint64_t n);

/* x in [0, 1], k in 1..5 (int), c in "a", 1, 1.0, true, null; minimize "loss". */
struct msg_request harness_create(struct harness *h, const char *name);
struct msg_request harness_suggest(struct harness *h, const char *study, uint32_t count);
struct msg_request harness_observe(struct harness *h, const char *study, uint64_t number, double y);
struct msg_request harness_fail(struct harness *h, const char *study, uint64_t number,
	enum trial_state state, const char *reason);
struct msg_request harness_update(struct harness *h, const char *study, enum study_action action);
struct msg_request harness_get(struct harness *h, const char *study);
struct msg_request harness_trial(struct harness *h, const char *study, uint64_t number);
struct msg_request harness_edit(struct harness *h, const char *study, uint64_t number);
struct msg_request harness_correct(struct harness *h, const char *study, uint64_t number, double y);
struct msg_request harness_exclude(
	struct harness *h, const char *study, uint64_t number, bool excluded);
struct msg_request harness_delete_trial(struct harness *h, const char *study, uint64_t number);
struct msg_request harness_report(
	struct harness *h, const char *study, uint64_t number, int64_t step, double value);

/* ---- assertions ---- */

void harness_assert_ok(const struct msg_reply *r);
void harness_assert_error(
	const struct msg_reply *r, enum kr_status code, const char *field, const char *text);

/* Has one of the sentences the text? Prints them when not. */
bool harness_says(const struct msg_texts *sentences, const char *text);

/* Were two answers the same bytes? */
void harness_assert_same(const struct harness *h, uint64_t a, uint64_t b);

#endif
