#include "client/cli/run.h"

#include <inttypes.h>
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/alloc.h"
#include "client/c/call.h"
#include "client/c/clock.h"
#include "client/cli/number.h"
#include "client/cli/view.h"

enum {
	ARENA_BYTES = 64 << 20,
	ASK_TIMEOUT_MS = 600000, /* a fit may take long, and others may wait before us */
	TELL_TIMEOUT_MS = 60000,
	ATTEMPT_MS = 5000,
	WAIT_MS = 30000, /* most that one ask waits in the daemon when nothing can be given */
	IDLE_MS = 1000,  /* between asks of a daemon that has too much to do */
	IDLE_SLICE_MS = 50
};

static const char *objective(const struct run *r)
{
	return r->study->spec.metrics[r->objective].name;
}

static double objective_value(const struct job *j)
{
	return j->results[j->run->objective].value;
}

/* ---- the run as a whole ------------------------------------------------------------ */

/* For a failure: the first one names the code. */
static void end_run(struct run *r, int code)
{
	pthread_mutex_lock(&r->lock);
	if (r->code == CLI_OK)
		r->code = code;
	pthread_mutex_unlock(&r->lock);
	atomic_store(&r->stop, true);
}

/* Nothing left for this slot. Others go on: a trial that fails gives its place of
 * the budget back. */
static void note_end(struct run *r, const struct krige_error *err)
{
	pthread_mutex_lock(&r->lock);
	snprintf(r->end, sizeof(r->end), "%s", err->message);
	pthread_mutex_unlock(&r->lock);
}

/* A failure that ends the run: words for the first slot that meets it. */
static void give_up(struct run *r, const struct krige_error *err)
{
	int code = cli_exit_of(err->code);
	bool first;

	pthread_mutex_lock(&r->lock);
	first = r->code == CLI_OK && !atomic_load(&r->stop);
	if (first)
		cli_error(r->cli, err);
	pthread_mutex_unlock(&r->lock);
	if (code != CLI_INTERRUPTED)
		end_run(r, code);
}

static bool claim(struct run *r)
{
	bool got;

	pthread_mutex_lock(&r->lock);
	got = r->claimed < r->max && !atomic_load(&r->stop);
	r->claimed += got;
	pthread_mutex_unlock(&r->lock);
	return got;
}

static void unclaim(struct run *r)
{
	pthread_mutex_lock(&r->lock);
	r->claimed--;
	pthread_mutex_unlock(&r->lock);
}

/* ---- ask --------------------------------------------------------------------------- */

static void idle(struct run *r, uint32_t hint_ms)
{
	int64_t end = clock_ms() + (hint_ms > 0 && hint_ms < IDLE_MS ? hint_ms : IDLE_MS);

	while (clock_ms() < end && !atomic_load(&r->stop))
		clock_sleep_ms(IDLE_SLICE_MS);
}

/* A trial that is not in hand already: after a restart of the daemon, a named worker gets its
 * running trials again. */
static enum krige_status ask_once(
	struct job *j, uint32_t wait_ms, const struct msg_trial **out, struct krige_error *err)
{
	struct call_times times = {.timeout_ms = ASK_TIMEOUT_MS, .attempt_ms = ATTEMPT_MS + wait_ms};
	struct run *r = j->run;
	struct msg_request request = {.method = METHOD_SUGGEST,
		.meta.worker_id = r->worker,
		.u.suggest = {.study = r->study->name, .count = 1, .wait_ms = wait_ms}};
	struct msg_reply reply;
	const struct msg_trial *t;
	enum krige_status s;

	arena_reset(j->arena);
	*out = NULL;
	s = away_call(&r->away, times, &request, &reply, j->arena, err);
	if (s != KRIGE_OK || reply.u.trials.n == 0)
		return s;
	t = &reply.u.trials.trials[0];
	if (!t->has_lease || beat_add(&r->beat, &t->lease, &j->cancelled))
		*out = t;
	return KRIGE_OK;
}

static void note_waiting(struct run *r, const struct krige_error *err, bool *noted)
{
	if (*noted || r->cli->quiet)
		return;
	*noted = true;
	pthread_mutex_lock(&r->lock);
	cli_say("waiting: %s", err->message);
	pthread_mutex_unlock(&r->lock);
}

/* The next trial of a slot, NULL when the slot is to end. */
static const struct msg_trial *ask(struct job *j)
{
	struct run *r = j->run;
	const struct msg_trial *t;
	struct krige_error err;
	uint32_t wait_ms = 0;
	bool noted = false;

	while (!atomic_load(&r->stop)) {
		switch (ask_once(j, wait_ms, &t, &err)) {
		case KRIGE_OK:
			if (t)
				return t;
			break;
		case KRIGE_NOT_NOW:
			note_waiting(r, &err, &noted);
			wait_ms = WAIT_MS; /* from now on the daemon tells when that changes */
			break;
		case KRIGE_OVERLOADED:
			note_waiting(r, &err, &noted);
			idle(r, err.retry_after_ms);
			break;
		case KRIGE_STUDY_FINISHED:
		case KRIGE_BUDGET_SPENT:
		case KRIGE_SPACE_EXHAUSTED: note_end(r, &err); return NULL;
		default: give_up(r, &err); return NULL;
		}
	}
	return NULL;
}

/* ---- tell -------------------------------------------------------------------------- */

/* A trial that was ended from here is given back: the point is not to blame. */
static void make_tell(struct job *j, const struct msg_lease *lease, struct msg_request *request,
	struct msg_observation *o, struct msg_value *values)
{
	const char *study = j->run->study->name;
	uint64_t number = j->trial->number;

	*request = (struct msg_request){.method = METHOD_OBSERVE, .meta.worker_id = j->run->worker};
	if (j->interrupted) {
		request->method = METHOD_RELEASE;
		request->u.release = (struct msg_trial_ref){
			.study = study, .number = number, .lease = *lease, .reason = j->reason};
		return;
	}
	if (j->reason[0]) {
		request->method = METHOD_FAIL_TRIAL;
		request->u.fail_trial = (struct msg_fail_trial){.study = study,
			.number = number,
			.lease = *lease,
			.state = TRIAL_FAILED,
			.reason = j->reason};
		return;
	}
	for (int i = 0; i < job_n_metrics(j); i++)
		values[i] = (struct msg_value){.name = j->results[i].metric, .value = j->results[i].value};
	*o = (struct msg_observation){
		.number = number, .lease = *lease, .n_values = job_n_metrics(j), .values = values};
	request->u.observe = (struct msg_observe){.study = study, .n = 1, .observations = o};
}

static enum krige_status tell(struct job *j, const struct msg_lease *lease,
	const struct msg_trial **after, struct krige_error *err)
{
	struct run *r = j->run;
	struct call_times times = {
		.timeout_ms = TELL_TIMEOUT_MS + r->retry_ms, .attempt_ms = ATTEMPT_MS};
	struct msg_value values[LIMIT_METRICS];
	struct msg_observation o;
	struct msg_request request;
	struct msg_reply reply;
	enum krige_status s;

	make_tell(j, lease, &request, &o, values);
	s = away_call(&r->away, times, &request, &reply, j->arena, err);
	*after = s == KRIGE_OK && reply.u.trials.n > 0 ? &reply.u.trials.trials[0] : NULL;
	return s;
}

/* ---- what is said about it --------------------------------------------------------- */

static bool better(const struct run *r, double value)
{
	if (!r->has_best)
		return true;
	return r->study->spec.metrics[r->objective].role == METRIC_MAXIMIZE ? value > r->best
																		: value < r->best;
}

static void put_line(struct run *r, const struct job *j, bool complete)
{
	const char *params = view_params_text(j->trial->n_params, j->trial->params, true, j->arena);

	fprintf(stderr, "trial %" PRIu64 ": ", j->trial->number);
	if (j->interrupted)
		fputs("given back", stderr);
	else if (complete)
		fprintf(stderr, "%s %.6g", objective(r), objective_value(j));
	else
		fprintf(stderr, "failed (%s)", j->reason[0] ? j->reason : "the value is not finite");
	if (r->has_best)
		fprintf(stderr, ", best %.6g (trial %" PRIu64 ")", r->best, r->best_number);
	fprintf(stderr, ", %s, %.1f s\n", params ? params : "?", (double)j->ms / 1000);
}

/* after: the trial as the daemon has it now, NULL: not known. */
static void count(struct run *r, const struct job *j, const struct msg_trial *after)
{
	bool complete = !j->reason[0] && isfinite(objective_value(j)), give = false;
	bool feasible = !after || !after->has_feasible || after->feasible;

	pthread_mutex_lock(&r->lock);
	if (complete && feasible && better(r, objective_value(j))) {
		r->has_best = true;
		r->best = objective_value(j);
		r->best_number = j->trial->number;
	}
	r->complete += complete;
	r->released += j->interrupted;
	r->failed += !complete && !j->interrupted;
	if (!j->interrupted)
		r->failures_in_a_row = complete ? 0 : r->failures_in_a_row + 1;
	if (!r->cli->quiet)
		put_line(r, j, complete);
	give = !atomic_load(&r->stop) && (r->failures_in_a_row >= r->max_failures || j->no_program);
	if (give && j->no_program)
		cli_say("%s; give the command after --", j->reason);
	else if (give)
		cli_say("%" PRIu64 " failures in a row: giving up; -v shows what the command says",
			r->failures_in_a_row);
	pthread_mutex_unlock(&r->lock);
	if (give)
		end_run(r, CLI_COMMAND_FAILED);
}

/* A trial that is no longer ours is no reason to end the run. */
static bool goes_on(enum krige_status s)
{
	return s == KRIGE_STALE_LEASE || s == KRIGE_CONFLICT;
}

/* Nothing to tell, and nobody to tell it. */
static void note_cancelled(struct job *j)
{
	struct run *r = j->run;

	pthread_mutex_lock(&r->lock);
	r->cancelled++;
	if (!r->cli->quiet)
		cli_say("trial %" PRIu64 " was cancelled", j->trial->number);
	pthread_mutex_unlock(&r->lock);
}

static void finish_job(struct job *j)
{
	struct run *r = j->run;
	struct msg_lease lease = beat_remove(&r->beat, j->trial->number);
	const struct msg_trial *after;
	struct krige_error err;
	enum krige_status s;
	char value[NUMBER_BYTES];

	if (j->interrupted && atomic_load(&j->cancelled)) {
		note_cancelled(j);
		return;
	}
	s = tell(j, &lease, &after, &err);
	if (s == KRIGE_OK) {
		count(r, j, after);
		return;
	}
	pthread_mutex_lock(&r->lock);
	cli_say("trial %" PRIu64 ": %s %s was not taken: %s", j->trial->number,
		j->reason[0] ? "failure" : objective(r),
		j->reason[0] ? j->reason : number_format(value, objective_value(j)), err.message);
	pthread_mutex_unlock(&r->lock);
	if (!goes_on(s))
		give_up(r, &err);
}

/* ---- a slot ------------------------------------------------------------------------ */

/* What is left of the trial before goes; the arena is reset by the next ask. */
static bool begin_job(struct job *j, struct run *r, struct arena *a)
{
	*j = (struct job){.run = r, .arena = a};
	j->trial = ask(j);
	if (!j->trial)
		return false;
	j->results = ARENA_ARRAY(a, struct result, job_n_metrics(j));
	for (int i = 0; j->results && i < job_n_metrics(j); i++)
		j->results[i] = result_make(r->study->spec.metrics[i].name);
	if (!j->results || atomic_load(&r->stop)) {
		job_set_reason(j, "interrupted");
		j->interrupted = true;
	}
	return true;
}

void run_slot(struct run *r)
{
	struct arena *a = arena_new(ARENA_BYTES);
	struct job *j = KR_NEW(struct job);

	while (a && j && claim(r)) {
		if (!begin_job(j, r, a)) {
			unclaim(r);
			break;
		}
		if (!j->interrupted)
			job_run(j);
		finish_job(j);
	}
	if (!a || !j) {
		cli_no_memory();
		end_run(r, CLI_FAILED);
	}
	kr_free(j);
	arena_free(a);
}
