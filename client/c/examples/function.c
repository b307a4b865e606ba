/* Tune a C function: ask for a point, evaluate, tell, twenty times.
 *
 *   cc function.c $(pkg-config --cflags --libs krige) -o function && ./function
 */
#include <krige.h>

#include <inttypes.h>
#include <stdio.h>

/* What is to be minimized: a valley with its floor, 0, at (1, 1). */
static double rosenbrock(double x, double y)
{
	double a = 1 - x, b = y - x * x;

	return a * a + 100 * b * b;
}

static int complain(const struct krige_error *err)
{
	fprintf(stderr, "function: %s: %s\n", krige_status_name(err->code), err->message);
	return 1;
}

/* One trial. */
static enum krige_status run_one(struct krige_study *study, struct krige_error *err)
{
	struct krige_trial *trial;
	double x = 0, y = 0;
	enum krige_status status = krige_ask(&trial, study, NULL, err);

	if (status == KRIGE_OK)
		status = krige_trial_real(trial, "x", &x, err);
	if (status == KRIGE_OK)
		status = krige_trial_real(trial, "y", &y, err);
	if (status == KRIGE_OK)
		status = krige_tell(trial, rosenbrock(x, y), err);
	if (status == KRIGE_OK)
		printf("trial %2" PRIu64 "  x %7.4f  y %7.4f  value %10.5f\n", krige_trial_number(trial), x,
			y, rosenbrock(x, y));
	krige_trial_free(trial);
	return status;
}

static enum krige_status print_best(struct krige_study *study, struct krige_error *err)
{
	struct krige_trial *best;
	enum krige_status status = krige_best(&best, study, err);

	if (status == KRIGE_OK && best)
		printf("best: trial %" PRIu64 ", value %g\n", krige_trial_number(best),
			krige_trial_metric(best, 0).value);
	krige_trial_free(best);
	return status;
}

int main(void)
{
	struct krige_study_options options = {
		.size = sizeof(options),
		.objective = "minimize value",
		.budget = 20,
		.if_exists = KRIGE_IF_EXISTS_REPLACE,
		.noise = KRIGE_NOISE_NONE,
	};
	struct krige_client *client = NULL;
	struct krige_study *study = NULL;
	struct krige_space *space = krige_space_new();
	struct krige_error err = {0};
	enum krige_status status = krige_open(&client, NULL, NULL, &err);

	if (status == KRIGE_OK)
		status = krige_space_float(space, "x", -2, 2, KRIGE_LINEAR, 0, &err);
	if (status == KRIGE_OK)
		status = krige_space_float(space, "y", -1, 3, KRIGE_LINEAR, 0, &err);
	if (status == KRIGE_OK)
		status = krige_create_study(&study, client, "rosenbrock", space, &options, &err);
	while (status == KRIGE_OK)
		status = run_one(study, &err);
	if (status == KRIGE_BUDGET_SPENT) /* as it should end */
		status = print_best(study, &err);
	krige_study_free(study);
	krige_space_free(space);
	krige_close(client);
	return status == KRIGE_OK ? 0 : complain(&err);
}
