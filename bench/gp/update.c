/* One more observation, until the model can predict again, beside a cold fit. */
#include <stdio.h>

#include "bench/gp/bench.h"
#include "gp/fit.h"

enum { N = 1000, MAX_D = 20, RUNS = 30 };

static void row(int d, struct arena *a)
{
	struct arena_mark mark = arena_mark(a);
	struct kernel_term term = kernel_scaled(kernel_find("matern52"));
	struct gp_data data = {.kernel = &term, .n = N, .d = d};
	struct bench_times append = {.n = 0};
	double *X, *y, starts[(MAX_D + 2) * GP_FIT_MAX_STARTS], cold;
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

		gp_extend(g, mat_view(X + N + run, 1, d, N + RUNS), mat_view(y + N + run, 1, 1, 1),
			gp_noise(g), a, NULL);
		bench_add(&append, bench_cpu() - t);
	}
	printf("| %d | %.0f (%d evaluations) | %.3f | %.3f | %.3f %% | 1 %% |\n", d, cold * 1e3,
		result.evaluations, bench_median(&append) * 1e3, append.t[append.n - 1] * 1e3,
		100 * bench_median(&append) / cold);
	gp_free(g);
	arena_release(a, mark);
}

void update_table(struct arena *a)
{
	printf("One more observation at n = 1,000, Matern-5/2\n\n"
		   "| d | cold fit ms | append ms, median | worst | of a cold fit | bar |\n"
		   "|---|---|---|---|---|---|\n");
	row(6, a);
	row(20, a);
}
