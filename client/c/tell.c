/* What a worker says of its trials, and points that nobody asked for. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "client/c/call.h"
#include "client/c/error.h"
#include "client/c/trial.h"
#include "client/c/value.h"
#include "proto/limits.h"

/* ---- the end of a trial ---------------------------------------------------- */

/* A request whose answer is the trial. */
static enum krige_status end(struct krige_trial *t, struct msg_request *request,
	struct memory *memory, struct krige_error *err)
{
	struct msg_reply reply;
	enum krige_status st = call_run(t->client, request, &reply, memory->arena, err);

	if (st == KRIGE_OK && reply.u.trials.n == 1)
		trial_renew(t, &reply.u.trials.trials[0], memory);
	return st;
}

enum krige_status krige_tell_metrics(
	struct krige_trial *t, const struct krige_metric *metrics, size_t n, struct krige_error *err)
{
	struct msg_observation o = {.number = t->number, .lease = trial_lease(t)};
	struct msg_request request = {
		.method = METHOD_OBSERVE, .u.observe = {.study = t->study, .n = 1, .observations = &o}};
	struct memory *memory;
	enum krige_status st = memory_new(&memory, err);

	if (st != KRIGE_OK)
		return st;
	st = value_write_metrics(memory->arena, metrics, n, &o.n_values, &o.values, err);
	if (st == KRIGE_OK)
		st = end(t, &request, memory, err);
	memory_release(memory);
	return st;
}

enum krige_status krige_tell(struct krige_trial *t, double value, struct krige_error *err)
{
	const struct krige_metric metric = {.value = value};

	return krige_tell_metrics(t, &metric, 1, err);
}

static enum krige_status end_alone(
	struct krige_trial *t, struct msg_request *request, struct krige_error *err)
{
	struct memory *memory;
	enum krige_status st = memory_new(&memory, err);

	if (st != KRIGE_OK)
		return st;
	st = end(t, request, memory, err);
	memory_release(memory);
	return st;
}

enum krige_status krige_fail(struct krige_trial *t, enum krige_trial_state state,
	const char *reason, struct krige_error *err)
{
	struct msg_request request = {.method = METHOD_FAIL_TRIAL,
		.u.fail_trial = {
			.study = t->study,
			.number = t->number,
			.lease = trial_lease(t),
			.state = (enum trial_state)state,
			.reason = reason,
		}};

	if (state != KRIGE_FAILED && state != KRIGE_INFEASIBLE && state != KRIGE_PRUNED)
		return error_field(err, KRIGE_INVALID_ARGUMENT, "state",
			"state is %s; it must be KRIGE_FAILED, KRIGE_INFEASIBLE or KRIGE_PRUNED",
			krige_trial_state_name(state));
	return end_alone(t, &request, err);
}

enum krige_status krige_release(struct krige_trial *t, const char *reason, struct krige_error *err)
{
	struct msg_request request = {.method = METHOD_RELEASE,
		.u.release = {
			.study = t->study,
			.number = t->number,
			.lease = trial_lease(t),
			.reason = reason,
		}};

	return end_alone(t, &request, err);
}

/* ---- while it runs --------------------------------------------------------- */

enum krige_status krige_report(struct krige_trial *t, int64_t step, double value,
	enum krige_stop *stop, struct krige_error *err)
{
	struct msg_request request = {.method = METHOD_REPORT,
		.u.report = {
			.study = t->study,
			.number = t->number,
			.lease = trial_lease(t),
			.step = step,
			.value = value,
		}};
	struct msg_reply reply;
	struct memory *memory;
	enum krige_status st;

	if (stop)
		*stop = KRIGE_GO_ON;
	st = call_keep(t->client, &request, &reply, &memory, err);
	if (st == KRIGE_OK && stop)
		*stop = (enum krige_stop)reply.u.report.stop;
	memory_release(memory);
	return st;
}

static enum krige_status same_study(
	struct krige_trial *const *trials, size_t n, struct krige_error *err)
{
	for (size_t i = 1; i < n; i++)
		if (trials[i]->client != trials[0]->client ||
			strcmp(trials[i]->study, trials[0]->study) != 0)
			return error_field(err, KRIGE_INVALID_ARGUMENT, "trials",
				"trials[%zu] is of study '%.100s', trials[0] of '%.100s'; renew the leases of "
				"one study at a time",
				i, trials[i]->study, trials[0]->study);
	if (n < 1 || n > LIMIT_BATCH)
		return error_field(err, KRIGE_INVALID_ARGUMENT, "n",
			"n is %zu; renew 1 to %d leases at a time", n, LIMIT_BATCH);
	return KRIGE_OK;
}

static bool renewed(const struct krige_trial *t, const struct msg_heartbeat_reply *reply)
{
	for (int i = 0; i < reply->n; i++)
		if (reply->leases[i].number == t->number && reply->leases[i].attempt == t->attempt)
			return true;
	return false;
}

enum krige_status krige_heartbeat(
	struct krige_trial *const *trials, size_t n, int *lost, struct krige_error *err)
{
	struct msg_request request = {.method = METHOD_HEARTBEAT};
	struct msg_reply reply;
	struct msg_lease *leases;
	struct memory *memory;
	enum krige_status st = same_study(trials, n, err);

	if (st == KRIGE_OK)
		st = memory_new(&memory, err);
	if (st != KRIGE_OK)
		return st;
	leases = ARENA_ARRAY(memory->arena, struct msg_lease, n);
	if (!leases)
		st = error_set(err, KRIGE_NO_MEMORY, "no memory for a call");
	for (size_t i = 0; leases && i < n; i++)
		leases[i] = trial_lease(trials[i]);
	request.u.heartbeat = (struct msg_heartbeat){trials[0]->study, (int)n, leases};
	if (st == KRIGE_OK)
		st = call_run(trials[0]->client, &request, &reply, memory->arena, err);
	for (size_t i = 0; st == KRIGE_OK && lost && i < n; i++)
		lost[i] = !renewed(trials[i], &reply.u.heartbeat);
	memory_release(memory);
	return st;
}

/* ---- points ---------------------------------------------------------------- */

enum krige_status krige_tell_point(struct krige_study *s, const struct krige_named *params,
	size_t n_params, const struct krige_metric *metrics, size_t n_metrics, uint64_t *number,
	struct krige_error *err)
{
	struct msg_point point = {0};
	struct msg_request request = {
		.method = METHOD_ADD_TRIALS, .u.add_trials = {s->name, 1, &point}};
	struct msg_reply reply;
	struct memory *memory;
	enum krige_status st = memory_new(&memory, err);

	if (st != KRIGE_OK)
		return st;
	st = value_write_named(
		memory->arena, "params", params, n_params, &point.n_params, &point.params, err);
	if (st == KRIGE_OK)
		st = value_write_metrics(
			memory->arena, metrics, n_metrics, &point.n_values, &point.values, err);
	if (st == KRIGE_OK)
		st = call_run(s->client, &request, &reply, memory->arena, err);
	if (st == KRIGE_OK && number)
		*number = reply.u.add_trials.first_number;
	memory_release(memory);
	return st;
}

enum krige_status krige_enqueue(struct krige_study *s, const struct krige_named *params, size_t n,
	uint64_t *number, struct krige_error *err)
{
	struct msg_point point = {0};
	struct msg_request request = {.method = METHOD_ENQUEUE, .u.enqueue = {s->name, 1, &point}};
	struct msg_reply reply;
	struct memory *memory;
	enum krige_status st = memory_new(&memory, err);

	if (st != KRIGE_OK)
		return st;
	st = value_write_named(memory->arena, "params", params, n, &point.n_params, &point.params, err);
	if (st == KRIGE_OK)
		st = call_run(s->client, &request, &reply, memory->arena, err);
	if (st == KRIGE_OK && number && reply.u.trials.n == 1)
		*number = reply.u.trials.trials[0].number;
	memory_release(memory);
	return st;
}

enum krige_status krige_cancel(
	struct krige_study *s, uint64_t number, const char *reason, struct krige_error *err)
{
	struct msg_request request = {.method = METHOD_CANCEL_TRIAL,
		.u.cancel_trial = {.study = s->name, .number = number, .reason = reason}};

	return call_send(s->client, &request, err);
}
