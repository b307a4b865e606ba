/* A study played against the policy, without a daemon, over lines of text:
 *
 *     driver [OPTION=VALUE ..]          options of policy_options.h; lists them when one is wrong
 *
 *     float LOW HIGH | logfloat LOW HIGH | int LOW HIGH | logint LOW HIGH | choice N
 *                                       a parameter
 *     begin SEED                        after the parameters
 *     ask                            -> the values of a point (choices by index), its role, and the
 *                                       CPU seconds that it took
 *     tell VALUE                        its outcome; smaller is better
 *
 * One suggestion at a time, nothing pending; the state goes from job to job as in the engine. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "acquisition/policy/policy.h"
#include "base/alloc.h"
#include "gp/linalg/blas.h"

enum { MOST_DIMS = 100, MOST_POINTS = 5000 };

struct study {
	struct policy_options options;
	struct space_param params[MOST_DIMS];
	struct space *space;
	int d, n, n_state;
	uint64_t seed;
	double *X, *y; /* row n of X: the point that was asked for last */
	double *state;
};

static _Noreturn void stop(const char *what, const char *why)
{
	fprintf(stderr, "driver: %s: %s\n", what, why);
	exit(1);
}

static double cpu_seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void set_option(struct study *s, const char *text)
{
	char name[64];
	double value;
	struct kr_error err;
	if (sscanf(text, "%63[^=]=%lf", name, &value) != 2)
		stop(text, "an option is NAME=VALUE");
	if (policy_options_set(&s->options, name, value, &err))
		stop(text, err.text);
}

/* False: the line is not a parameter. */
static bool read_param(struct study *s, const char *line)
{
	char kind[16];
	double low = 0, high = 0;
	int n = sscanf(line, "%15s %lf %lf", kind, &low, &high);
	struct space_param *p = &s->params[s->d];
	bool log = strncmp(kind, "log", 3) == 0;
	const char *of = log ? kind + 3 : kind;
	if (s->d == MOST_DIMS || n < 2)
		return false;
	if (strcmp(kind, "choice") == 0)
		*p = (struct space_param){.kind = SPACE_CATEGORICAL, .n_choices = (int)low};
	else if (n == 3 && (strcmp(of, "float") == 0 || strcmp(of, "int") == 0))
		*p = (struct space_param){
			.kind = *of == 'f' ? SPACE_FLOAT : SPACE_INT, .low = low, .high = high, .log = log};
	else
		return false;
	s->d++;
	return true;
}

static void begin(struct study *s, uint64_t seed)
{
	struct kr_error err;
	if (space_new(&s->space, s->params, s->d, &err))
		stop("space", err.text);
	s->seed = seed;
	s->X = KR_ARRAY(double, (size_t)(MOST_POINTS + 1) * (size_t)s->d);
	s->y = KR_ARRAY(double, MOST_POINTS);
	if (!s->X || !s->y)
		stop("begin", "no memory");
}

static void keep_state(struct study *s, const struct policy *job)
{
	const double *state = policy_state(job, &s->n_state);
	kr_free(s->state);
	s->state = KR_ARRAY(double, s->n_state + 1);
	if (!s->state)
		stop("ask", "no memory");
	if (s->n_state)
		memcpy(s->state, state, sizeof(double) * (size_t)s->n_state);
}

static void ask(struct study *s)
{
	double begun = cpu_seconds();
	struct policy_slot slot = {.number = (uint64_t)s->n};
	struct policy_input in = {.space = s->space,
		.minimize = true,
		.seed = s->seed,
		.n = s->n,
		.X = s->X,
		.y = s->y,
		.n_slots = 1,
		.slots = &slot,
		.n_state = s->n_state,
		.state = s->state,
		.options = &s->options};
	struct policy *job;
	if (policy_new(&job, &in, NULL))
		stop("ask", "no memory");
	while (policy_step(job))
		;
	struct policy_suggestion got = policy_suggestion(job, 0);
	if (!got.values)
		stop("ask", "the space is exhausted");
	memcpy(s->X + (size_t)s->n * (size_t)s->d, got.values, sizeof(double) * (size_t)s->d);
	keep_state(s, job);
	for (int j = 0; j < s->d; j++)
		printf("%.17g ", got.values[j]);
	printf("%s %.9f\n",
		got.rule != POLICY_MODEL         ? "design"
			: got.role == POLICY_EXPLOIT ? "exploit"
										 : "explore",
		cpu_seconds() - begun);
	policy_free(job);
}

static void obey(struct study *s, const char *line)
{
	unsigned long long seed;
	double value;
	if (!s->space && read_param(s, line))
		return;
	if (!s->space && s->d && sscanf(line, "begin %llu", &seed) == 1)
		begin(s, seed);
	else if (s->space && strcmp(line, "ask\n") == 0 && s->n < MOST_POINTS)
		ask(s);
	else if (s->space && sscanf(line, "tell %lf", &value) == 1 && isfinite(value))
		s->y[s->n++] = value;
	else
		stop(line, "is not understood");
	fflush(stdout);
}

int main(int argc, char **argv)
{
	struct study s = {.options = policy_options_default()};
	char line[256];
	blas_init();
	for (int i = 1; i < argc; i++)
		set_option(&s, argv[i]);
	while (fgets(line, sizeof(line), stdin))
		obey(&s, line);
	space_free(s.space);
	kr_free(s.X);
	kr_free(s.y);
	kr_free(s.state);
	return 0;
}
