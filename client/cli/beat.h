/* Signs of life: a thread that renews the leases of the trials in hand, at a third
 * of their term.
 *
 *   beat_start .. beat_add, beat_remove (any thread) .. beat_stop */
#ifndef KR_CLIENT_CLI_BEAT_H
#define KR_CLIENT_CLI_BEAT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "client/c/krige.h"
#include "proto/msg.h"

enum { BEAT_MAX = 256 }; /* leases at a time */

struct beat {
	struct krige_client *client;
	const char *study;
	pthread_t thread;
	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t changed;
	bool stopping;
	int n;
	struct msg_lease leases[BEAT_MAX];
	bool lost[BEAT_MAX]; /* said once */
	atomic_bool *cancel[BEAT_MAX];
};

/* False: no thread. client and study must outlive it. */
bool beat_start(struct beat *b, struct krige_client *client, const char *study);
void beat_stop(struct beat *b);

/* cancel is set when the daemon says that the trial was cancelled; it lives until beat_remove.
 * False when the trial is in hand already; its lease is replaced by the new one then. */
bool beat_add(struct beat *b, const struct msg_lease *lease, atomic_bool *cancel);

/* The lease as it is now, taken out. */
struct msg_lease beat_remove(struct beat *b, uint64_t number);

#endif
