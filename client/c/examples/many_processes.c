/* Many processes on one study, as mpirun or a job array would start them: rank 0 creates
 * it, all attach, each works until the budget is spent. One of them is killed in the middle
 * of a trial; its lease runs out, the trial is given to another, and the count is exact.
 *
 *   cc many_processes.c $(pkg-config --cflags --libs krige) -o many_processes && ./many_processes 6
 */
#include <krige.h>

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BUDGET = 30 };

static const char name[] = "many-processes";

static enum krige_status create(struct krige_client *client, struct krige_error *err)
{
	struct krige_study_options options = {
		.size = sizeof(options),
		.objective = "minimize loss",
		.budget = BUDGET,
		.lease_s = 1, /* short, for the example: a real evaluation takes longer */
		.requeue = 1,
		.if_exists = KRIGE_IF_EXISTS_REPLACE,
	};
	const struct krige_value solvers[] = {
		krige_text("cg"), krige_text("gmres"), krige_null(), krige_bool(1)};
	struct krige_space *space = krige_space_new();
	struct krige_study *study = NULL;
	enum krige_status status = krige_space_float(space, "tol", 1e-8, 1e-2, KRIGE_LOG, 0, err);

	if (status == KRIGE_OK)
		status = krige_space_categorical(space, "solver", solvers, 4, err);
	if (status == KRIGE_OK)
		status = krige_space_int(space, "restart", 5, 50, KRIGE_LINEAR, 5, err);
	if (status == KRIGE_OK)
		status = krige_space_when(space, "restart", "solver == 'gmres'", err);
	if (status == KRIGE_OK)
		status = krige_create_study(&study, client, name, space, &options, err);
	krige_study_free(study);
	krige_space_free(space);
	return status;
}

static double evaluate(const struct krige_trial *trial)
{
	struct krige_value solver;
	double tol = 0;
	int64_t restart = 0;

	krige_trial_real(trial, "tol", &tol, NULL);
	krige_trial_get(trial, "solver", &solver, NULL);
	if (krige_trial_int(trial, "restart", &restart, NULL) == KRIGE_OK) /* only with gmres */
		return tol * 100 + (double)(50 - restart) / 50;
	return tol * 100 + (solver.type == KRIGE_NULL ? 3 : 1);
}

/* One rank. An ask that finds the budget taken by running trials waits: one of them may
 * come back. */
static int work(int rank, int dies)
{
	struct krige_ask_options ask = {.size = sizeof(ask), .wait_ms = 5000};
	struct krige_client *client = NULL;
	struct krige_study *study = NULL;
	struct krige_trial *trial;
	struct krige_error err = {0};
	char worker[32];
	enum krige_status status = krige_open(&client, NULL, NULL, &err);

	snprintf(worker, sizeof(worker), "rank-%d", rank);
	ask.worker = worker;
	if (status == KRIGE_OK)
		status = krige_attach(&study, client, name, &err);
	while (status == KRIGE_OK) {
		status = krige_ask(&trial, study, &ask, &err);
		if (status != KRIGE_OK)
			break;
		if (dies)
			raise(SIGKILL);
		usleep(2000);
		status = krige_tell(trial, evaluate(trial), &err);
		krige_trial_free(trial);
	}
	krige_study_free(study);
	krige_close(client);
	if (status == KRIGE_BUDGET_SPENT)
		return 0;
	fprintf(stderr, "rank %d: %s: %s\n", rank, krige_status_name(err.code), err.message);
	return 1;
}

static int report(struct krige_client *client)
{
	struct krige_study_info info = {.size = sizeof(info)};
	struct krige_study *study = NULL;
	struct krige_error err = {0};
	enum krige_status status = krige_attach(&study, client, name, &err);

	if (status == KRIGE_OK)
		status = krige_study_get_info(study, &info, &err);
	krige_study_free(study);
	if (status != KRIGE_OK)
		return 1;
	printf("%" PRIu64 " of %d complete, %" PRIu64 " running\n", info.counts[KRIGE_COMPLETE], BUDGET,
		info.counts[KRIGE_RUNNING]);
	return info.counts[KRIGE_COMPLETE] != BUDGET;
}

int main(int argc, char **argv)
{
	int ranks = argc > 1 ? atoi(argv[1]) : 4, failed = 0, status;
	struct krige_client *client = NULL;
	struct krige_error err = {0};

	if (krige_open(&client, NULL, NULL, &err) != KRIGE_OK || create(client, &err) != KRIGE_OK) {
		fprintf(stderr, "many_processes: %s\n", err.message);
		return 1;
	}
	krige_close(client); /* a client does not cross a fork: each rank opens its own */
	for (int rank = 0; rank < ranks; rank++)
		if (fork() == 0)
			return work(rank, rank == 1);
	while (wait(&status) > 0)
		failed += WIFEXITED(status) && WEXITSTATUS(status) != 0;
	if (failed || krige_open(&client, NULL, NULL, &err) != KRIGE_OK)
		return 1;
	failed = report(client);
	krige_close(client);
	return failed;
}
