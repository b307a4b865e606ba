/* The numerical layer beside its floors, as tables of ratios: ./dev bench gp
 *
 *     gp_bench                 all tables
 *     gp_bench likelihood|prediction|update|optimizers
 *     gp_bench fit < DATA      one fit (fit.c)
 *
 * CPU time of one thread; what is compared takes turns. Figures of two machines, or of
 * two runs beside other load, do not compare: ratios of one run do. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/rng.h"
#include "bench/gp/bench.h"
#include "gp/linalg/blas.h"
#include "gp/outcome/outcome.h"

double bench_cpu(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void bench_add(struct bench_times *times, double seconds)
{
	if (times->n < (int)(sizeof(times->t) / sizeof(*times->t)))
		times->t[times->n++] = seconds;
}

double bench_best(const struct bench_times *times)
{
	double best = INFINITY;

	for (int i = 0; i < times->n; i++)
		best = fmin(best, times->t[i]);
	return best;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double bench_median(struct bench_times *times)
{
	qsort(times->t, (size_t)times->n, sizeof(*times->t), ascending);
	return times->t[times->n / 2];
}

void bench_points(int n, int d, uint64_t seed, double **X, double **y, struct arena *a)
{
	struct rng r = rng_make(seed, 0, RNG_TEST, 0);
	double mean, sd;

	*X = ARENA_ARRAY(a, double, (size_t)n *(size_t)d);
	*y = ARENA_ARRAY(a, double, n);
	if (!*X || !*y)
		abort();
	for (int i = 0; i < n * d; i++)
		(*X)[i] = rng_uniform(&r);
	for (int i = 0; i < n; i++) {
		(*y)[i] = 0.05 * rng_normal(&r);
		for (int k = 0; k < d; k++)
			(*y)[i] += sin(5 * (*X)[(size_t)k * (size_t)n + (size_t)i] + k) / (1 + k);
	}
	outcome_standardize(*y, n, *y, &mean, &sd);
}

void bench_theta(int d, bool scaled, double *theta)
{
	for (int k = 0; k < d; k++)
		theta[k] = log(0.3 * sqrt(d) * (1 + 0.1 * k / d));
	if (scaled)
		theta[d] = log(1.2);
	theta[d + scaled] = log(0.0025);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*print)(struct arena *a);
	} tables[] = {{"likelihood", likelihood_table}, {"prediction", prediction_table},
		{"update", update_table}, {"optimizers", optimizer_table}};
	struct arena *a;
	int status = 0;

	blas_init();
	a = arena_new((size_t)1 << 31);
	if (!a)
		return 1;
	if (argc > 1 && strcmp(argv[1], "fit") == 0) {
		status = fit_stdin(a);
		arena_free(a);
		return status;
	}
	printf("OpenBLAS core type %s\n", blas_core_name());
	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++) {
		if (argc > 1 && strcmp(argv[1], tables[i].name) != 0)
			continue;
		printf("\n");
		tables[i].print(a);
		fflush(stdout);
		arena_reset(a);
	}
	arena_free(a);
	return status;
}
