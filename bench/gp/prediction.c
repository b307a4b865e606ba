/* 1,000 predictions with gradients from 500 observations, beside their solves and products. */
#include <stdio.h>

#include "bench/gp/bench.h"
#include "bench/gp/floor.h"
#include "gp/linalg/chol.h"
#include "gp/model.h"

enum { N = 500, B = 1000, MAX_D = 20, RUNS = 30 };
static const double bar = 2;

static double *array(struct arena *a, size_t n)
{
	return ARENA_ARRAY(a, double, n);
}

static void row(const char *family, int d, struct arena *a)
{
	struct arena_mark mark = arena_mark(a);
	struct kernel_term term = kernel_scaled(kernel_find(family));
	struct gp_data data = {.kernel = &term, .n = N, .d = d};
	struct bench_times floor = {.n = 0}, values = {.n = 0}, gradients = {.n = 0};
	double *X, *y, *T, *outcomes, theta[MAX_D + 2];
	double *L = array(a, (size_t)N * N), *V = array(a, (size_t)N * B), *dvar = array(a, B);
	double *P = array(a, (size_t)B * MAX_D);
	struct gp *g = gp_new(N, d, 1);

	bench_points(N, d, 1, &X, &y, a);
	bench_points(B, d, 2, &T, &outcomes, a);
	bench_theta(d, true, theta);
	data.X = mat_view(X, N, d, N);
	data.y = y;
	gp_condition(g, &data, theta, a, NULL);
	for (int j = 0; j < N; j++) /* well conditioned; any factor takes the same time */
		for (int i = j; i < N; i++)
			L[j * N + i] = i == j ? 1.5 : 1e-4;
	for (int i = 0; i < B; i++)
		dvar[i] = 1;
	for (int run = 0; run < RUNS; run++) {
		struct arena_mark batch_mark = arena_mark(a);
		struct gp_batch batch;
		double t = bench_cpu();

		floor_predict(N, d, B, L, X, T, V, P);
		bench_add(&floor, bench_cpu() - t);
		t = bench_cpu();
		gp_predict(g, mat_view(T, B, d, B), false, &batch, a, NULL);
		bench_add(&values, bench_cpu() - t);
		t = bench_cpu();
		gp_predict(g, mat_view(T, B, d, B), true, &batch, a, NULL);
		gp_adjoint(g, &batch, batch.mean, dvar, mat_view(P, B, d, B), a, NULL);
		bench_add(&gradients, bench_cpu() - t);
		arena_release(a, batch_mark);
	}
	printf("| %s | %d | %.2f | %.2f | %.2f | %.2f (%.2f) | %.0f |\n", family, d,
		bench_median(&floor) * 1e3, bench_median(&values) * 1e3, bench_median(&gradients) * 1e3,
		bench_median(&gradients) / bench_median(&floor),
		bench_best(&gradients) / bench_best(&floor), bar);
	gp_free(g);
	arena_release(a, mark);
}

void prediction_table(struct arena *a)
{
	printf("1,000 predictions from 500 observations; the floor is dtrsm twice and dgemm twice\n\n"
		   "| family | d | floor ms | values ms | with gradients ms | over the floor | bar |\n"
		   "|---|---|---|---|---|---|---|\n");
	row("matern52", 6, a);
	row("matern52", 20, a);
	row("rbf", 6, a);
}
