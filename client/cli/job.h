/* One trial of `krige run`: its command, and the values in what it prints; and the run
 * that it is a part of. */
#ifndef KR_CLIENT_CLI_JOB_H
#define KR_CLIENT_CLI_JOB_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "client/cli/away.h"
#include "client/cli/beat.h"
#include "client/cli/cli.h"
#include "client/cli/result.h"
#include "proto/limits.h"
#include "proto/msg.h"

enum { RUN_SLOTS_MAX = BEAT_MAX, JOB_TAIL_BYTES = 300 };

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

/* One trial in one slot. */
struct job {
	struct run *run;
	const struct msg_trial *trial;
	struct arena *arena;
	struct result *results;          /* one a metric */
	FILE *log;                       /* NULL: none */
	char tail[2][JOB_TAIL_BYTES];    /* last line of each stream */
	char reason[LIMIT_REASON_BYTES]; /* why there is no value; "" when there is one */
	int64_t ms;
	bool no_program;
	bool interrupted; /* from here: the trial is given back */
	atomic_bool cancelled;
};

/* Metrics of the study, each of which needs a value. */
int job_n_metrics(const struct job *j);

/* Why there is no value, as printf; cut to what a reason may have. */
void job_set_reason(struct job *j, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Run the command; afterwards the job has values or a reason. */
void job_run(struct job *j);

#endif
