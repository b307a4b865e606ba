/* The loop of `krige run`: each of J slots asks for a trial, runs the command and
 * tells its value, until there is nothing left to ask for. */
#ifndef KR_CLIENT_CLI_RUN_H
#define KR_CLIENT_CLI_RUN_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "client/cli/away.h"
#include "client/cli/beat.h"
#include "client/cli/cli.h"
#include "proto/msg.h"

enum { RUN_SLOTS_MAX = BEAT_MAX };

struct run {
	struct cli *cli;
	struct krige_client *client;
	const struct msg_study *study;
	int objective;              /* its metric */
	const char *const *command; /* words with placeholders */
	int n_words;
	const char *worker, *result_file, *log_dir;
	uint32_t timeout_ms, retry_ms;
	uint64_t max;          /* trials; UINT64_MAX: no limit */
	uint64_t max_failures; /* in a row */

	atomic_bool stop, hurry; /* after the first and the second signal, and on giving up */
	struct beat beat;
	struct away away;

	pthread_mutex_t lock; /* guards what follows, and whole lines on stderr */
	uint64_t claimed, complete, failed, released, cancelled, failures_in_a_row;
	char end[512]; /* why nothing more is given out; "": it is */
	int code;      /* of the whole run */
	bool has_best;
	double best;
	uint64_t best_number;
	int running; /* slots */
};

/* One slot, from the first ask to the last tell; the body of a thread. */
void run_slot(struct run *r);

#endif
