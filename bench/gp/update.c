/* One more observation, until the model can predict again, beside a cold fit. */
#include <stdio.h>

#include "bench/gp/bench.h"
#include "gp/fit.h"

enum { N = 1000, MAX_D = 20, RUNS = 60 };

static void row(int d, struct arena *a)
{
	struct arena_mark mark = arena_mark(a);
	struct kernel_term term = kernel_scaled(kernel_find("matern52"));
	struct gp_data data = {.kernel = &term, .n = N, .d = d};
	struct bench_times append = {.n = 0}, removal = {.n = 0};
	double *X, *y, x[MAX_D], starts[(MAX_D + 2) * GP_FIT_MAX_STARTS], cold, total = 0, median;
	struct gp *g = gp_new(N + RUNS, d, 1);
	struct gp_fit_result result;
	struct gp_prior prior;

	bench_points(N + RUNS, d, 1, &X, &y, a);
	data.X = mat_view(X, N, d, N + RUNS);
	data.y = y;
	gp_prior_default(&prior, &term, d, a, NULL);
	gp_fit_starts(&prior, N, NULL, starts);
	cold = bench_cpu();
	gp_fit_from(&data, &prior, GP_FIT_COLD_EVALUATIONS, starts, &result, a, NULL);
	cold = bench_cpu() - cold;
	gp_condition(g, &data, starts, a, NULL);
	for (int run = 0; run < RUNS; run++) {
		double t = bench_cpu();

		for (int k = 0; k < d; k++)
			x[k] = X[(size_t)k * (N + RUNS) + N + (size_t)run];
		gp_append(g, x, y[N + run], gp_noise(g), a, NULL);
		t = bench_cpu() - t;
		total += t / RUNS;
		bench_add(&append, t);
	}
	for (int run = 0; run < RUNS; run++) {
		double t = bench_cpu();

		gp_remove(g, 2 * run, a, NULL);
		bench_add(&removal, bench_cpu() - t);
	}
	median = bench_median(&append); /* sorts: the last is the worst */
	printf("| %d | %.0f (%d evaluations) | %.2f | %.2f | %.2f | %.2f %% | 1 %% | %.2f | %.0e |\n",
		d, cold * 1e3, result.evaluations, median * 1e3, total * 1e3, append.t[append.n - 1] * 1e3,
		100 * total / cold, bench_median(&removal) * 1e3, gp_upkeep(g).drift);
	gp_free(g);
	arena_release(a, mark);
}

void update_table(struct arena *a)
{
	printf(
		"One observation more or less at n = 1,000, Matern-5/2, ready to predict\n\n"
		"| d | cold fit ms | append ms, median | mean of 60 | worst (the factor anew) | mean of a cold fit | "
		"bar | removal ms | drift |\n|---|---|---|---|---|---|---|---|---|\n");
	row(6, a);
	row(20, a);
}
