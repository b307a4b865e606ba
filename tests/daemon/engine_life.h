/* Requests and views for tests of a trial's life: queued, given out, released, ended. The
 * study is always "s" of harness_create. */
#ifndef KR_TESTS_DAEMON_ENGINE_LIFE_H
#define KR_TESTS_DAEMON_ENGINE_LIFE_H

#include "tests/daemon/engine_harness.h"

/* A harness with the study "s". spec: changed before it is created; NULL: as it is. */
struct harness *life_new(void (*spec)(struct msg_spec *spec));

/* n points that have x = 0.1, 0.2, ...; whole: also k and c. They live in the harness. */
struct msg_request life_enqueue(struct harness *h, int n, bool whole);
struct msg_request life_release(struct harness *h, uint64_t number, const struct msg_lease *lease);
struct msg_request life_cancel(struct harness *h, uint64_t number);

/* With the lease of one who has it. */
struct msg_request life_observe(struct harness *h, const struct msg_lease *lease, double y);

/* n trials for a worker (NULL: none) of session number `session` (0: none). */
struct msg_request life_suggest(struct harness *h, uint32_t n, const char *worker, uint8_t session);

/* Asks and is given all of them. */
struct msg_trials_reply life_ask(
	struct harness *h, uint32_t n, const char *worker, uint8_t session);

/* Sends it; it must be OK, and engine_check pass. */
struct msg_reply life_do(struct harness *h, const struct msg_request *m);

struct msg_trial life_trial(struct harness *h, uint64_t number);
struct msg_study life_study(struct harness *h);

/* The value of a trial's parameter, NULL when it has none. */
const struct msg_scalar *life_param(const struct msg_trial *t, const char *name);

/* Replay of the whole study: suggestions recomputed; all must be equal. */
int life_replay(struct harness *h);

/* The request again, now and after a restart: the answer to tag, byte for byte. */
void life_repeat(struct harness *h, const struct msg_request *m, uint64_t tag);

#endif
