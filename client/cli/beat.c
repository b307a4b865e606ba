#include "client/cli/beat.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "client/c/call.h"
#include "client/cli/cli.h"
#include "proto/limits.h"

enum { SHORTEST_MS = 100, LONGEST_MS = 60000, LOOK_MS = 10000 };

static int find(const struct beat *b, uint64_t number)
{
	for (int i = 0; i < b->n; i++)
		if (b->leases[i].number == number)
			return i;
	return -1;
}

/* A third of the shortest term. */
static uint64_t interval_ms(const struct beat *b)
{
	uint64_t ms = LONGEST_MS;

	for (int i = 0; i < b->n; i++)
		if (b->leases[i].remaining_ms / 3 < ms)
			ms = b->leases[i].remaining_ms / 3;
	return ms > SHORTEST_MS ? ms : SHORTEST_MS;
}

/* Until the interval is over: a new lease may make it shorter. Holds the lock. */
static void sleep_interval(struct beat *b)
{
	struct timespec start, end;
	int e = 0;

	clock_gettime(CLOCK_MONOTONIC, &start);
	while (!b->stopping && e == 0) {
		uint64_t ns = interval_ms(b) * 1000000 + (uint64_t)start.tv_nsec;

		end.tv_sec = start.tv_sec + (time_t)(ns / 1000000000);
		end.tv_nsec = (long)(ns % 1000000000);
		e = pthread_cond_timedwait(&b->changed, &b->lock, &end);
	}
}

/* Whether somebody has cancelled the trial. */
static bool is_cancelled(struct beat *b, uint64_t number, struct arena *a)
{
	struct msg_request request = {
		.method = METHOD_GET_TRIAL, .u.get_trial = {.study = b->study, .number = number}};
	struct call_times times = {.timeout_ms = LOOK_MS, .attempt_ms = LOOK_MS};
	struct msg_reply reply;

	return call_run_within(b->client, &times, &request, &reply, a, NULL) == KRIGE_OK &&
		reply.u.trials.n > 0 && reply.u.trials.trials[0].state == TRIAL_CANCELLED;
}

/* One lease that is not ours any more. */
static void note_lost(struct beat *b, uint64_t number, struct arena *a)
{
	bool cancelled, known;
	int at;

	pthread_mutex_lock(&b->lock);
	at = find(b, number);
	known = at < 0 || b->lost[at];
	pthread_mutex_unlock(&b->lock);
	if (known)
		return;
	cancelled = is_cancelled(b, number, a);
	pthread_mutex_lock(&b->lock);
	at = find(b, number);
	if (at >= 0)
		b->lost[at] = true;
	if (at >= 0 && cancelled)
		atomic_store(b->cancel[at], true);
	pthread_mutex_unlock(&b->lock);
	if (at >= 0 && !cancelled)
		cli_say("trial %" PRIu64 ": the lease is gone; its result may come too late", number);
}

/* What fails here is tried again at the next beat. */
static void renew(
	struct beat *b, const struct msg_lease *leases, int n, uint64_t within_ms, struct arena *a)
{
	struct msg_request request = {
		.method = METHOD_HEARTBEAT, .u.heartbeat = {.study = b->study, .n = n, .leases = leases}};
	struct call_times times = {
		.timeout_ms = (uint32_t)within_ms, .attempt_ms = (uint32_t)within_ms};
	struct msg_reply reply;

	arena_reset(a);
	if (call_run_within(b->client, &times, &request, &reply, a, NULL) != KRIGE_OK)
		return;
	for (int i = 0; i < reply.u.heartbeat.n_lost; i++)
		note_lost(b, reply.u.heartbeat.lost[i], a);
}

static void *loop(void *ctx)
{
	struct arena *a = arena_new(LIMIT_ARENA_BYTES);
	struct msg_lease leases[BEAT_MAX];
	struct beat *b = ctx;
	uint64_t ms;
	int n;

	pthread_mutex_lock(&b->lock);
	while (a && !b->stopping) {
		sleep_interval(b);
		n = b->n;
		ms = interval_ms(b);
		memcpy(leases, b->leases, (size_t)n * sizeof(leases[0]));
		if (n == 0 || b->stopping)
			continue;
		pthread_mutex_unlock(&b->lock);
		renew(b, leases, n, ms, a);
		pthread_mutex_lock(&b->lock);
	}
	pthread_mutex_unlock(&b->lock);
	arena_free(a);
	return NULL;
}

bool beat_start(struct beat *b, struct krige_client *client, const char *study)
{
	pthread_condattr_t attr;

	*b = (struct beat){.client = client, .study = study};
	pthread_mutex_init(&b->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&b->changed, &attr);
	pthread_condattr_destroy(&attr);
	if (pthread_create(&b->thread, NULL, loop, b) == 0)
		return true;
	pthread_cond_destroy(&b->changed);
	pthread_mutex_destroy(&b->lock);
	return false;
}

void beat_stop(struct beat *b)
{
	pthread_mutex_lock(&b->lock);
	b->stopping = true;
	pthread_cond_signal(&b->changed);
	pthread_mutex_unlock(&b->lock);
	pthread_join(b->thread, NULL);
	pthread_cond_destroy(&b->changed);
	pthread_mutex_destroy(&b->lock);
}

bool beat_add(struct beat *b, const struct msg_lease *lease, atomic_bool *cancel)
{
	bool added;
	int at;

	pthread_mutex_lock(&b->lock);
	at = find(b, lease->number);
	added = at < 0 && b->n < BEAT_MAX;
	if (added) {
		at = b->n++;
		b->cancel[at] = cancel;
	}
	if (at >= 0) {
		b->leases[at] = *lease;
		b->lost[at] = false;
	}
	pthread_cond_signal(&b->changed);
	pthread_mutex_unlock(&b->lock);
	return added;
}

struct msg_lease beat_remove(struct beat *b, uint64_t number)
{
	struct msg_lease lease = {.number = number};
	int at;

	pthread_mutex_lock(&b->lock);
	at = find(b, number);
	if (at >= 0) {
		lease = b->leases[at];
		b->n--;
		b->leases[at] = b->leases[b->n];
		b->lost[at] = b->lost[b->n];
		b->cancel[at] = b->cancel[b->n];
	}
	pthread_mutex_unlock(&b->lock);
	return lease;
}
