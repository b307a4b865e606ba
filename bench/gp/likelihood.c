/* One log marginal likelihood with its gradient, family by family, beside the floor. */
#include <math.h>
#include <stdio.h>

#include "bench/gp/bench.h"
#include "bench/gp/floor.h"
#include "gp/likelihood.h"

static const char *const families[] = {"matern52", "matern32", "matern12", "rbf"};
static const int dims[] = {2, 6, 20};
enum { FAMILIES = 4, DIMS = 3, MAX_THETA = 22 };

/* Bars: of Matern-5/2 and of the others over the floor; of d = 20 over d = 2. */
static const double bar_first = 1.5, bar_others = 2, bar_dims = 1.3;

struct cell {
	struct bench_times floor, family[FAMILIES];
	double apart; /* worst relative difference of Matern-5/2 from the floor */
};

static double apart(double a, double b)
{
	return fabs(a - b) / (1 + fabs(b));
}

/* The two compute the same thing: value and gradient with mean 0. */
static double compare(
	const struct gp_data *data, struct floor_work *f, const double *theta, struct arena *a)
{
	double grad[MAX_THETA], own[MAX_THETA], lml, worst, zero = 0;
	struct gp_data known = *data;

	known.mean = &zero;
	gp_lml(&known, theta, &lml, own, NULL, a, NULL);
	worst = apart(lml, floor_lml(f, theta, grad));
	for (int i = 0; i < data->d + 2; i++)
		worst = fmax(worst, apart(own[i], grad[i]));
	return worst;
}

static void measure(int n, int d, struct cell *c, struct arena *a)
{
	struct arena_mark mark = arena_mark(a);
	struct kernel_term terms[FAMILIES];
	struct gp_data data[FAMILIES];
	struct likelihood work[FAMILIES];
	struct floor_work floor_work;
	double *X, *y, theta[MAX_THETA], grad[MAX_THETA], lml, t;
	int runs = n >= 2000 ? 5 : n >= 1000 ? 9 : 10000 / n;

	bench_points(n, d, 1, &X, &y, a);
	bench_theta(d, true, theta);
	floor_init(&floor_work, n, d, X, y, a);
	for (int i = 0; i < FAMILIES; i++) {
		terms[i] = kernel_scaled(kernel_find(families[i]));
		data[i] = (struct gp_data){
			.kernel = &terms[i], .n = n, .d = d, .X = mat_view(X, n, d, n), .y = y};
		likelihood_init(&work[i], &data[i], true, a, NULL);
	}
	*c = (struct cell){.apart = compare(&data[0], &floor_work, theta, a)};
	for (int run = 0; run < runs; run++) {
		t = bench_cpu();
		floor_lml(&floor_work, theta, grad);
		bench_add(&c->floor, bench_cpu() - t);
		for (int i = 0; i < FAMILIES; i++) {
			t = bench_cpu();
			likelihood_eval(&work[i], theta, &lml, grad, NULL, NULL);
			bench_add(&c->family[i], bench_cpu() - t);
		}
	}
	arena_release(a, mark);
}

static void row(int n, int d, struct cell *c)
{
	double floor = bench_median(&c->floor);

	printf("| %d | %d | %.3f", n, d, floor * 1e3);
	for (int i = 0; i < FAMILIES; i++)
		printf(" | %.2f (%.2f)", bench_median(&c->family[i]) / floor,
			bench_best(&c->family[i]) / bench_best(&c->floor));
	printf(" | %.0e |\n", c->apart);
	fflush(stdout);
}

void likelihood_table(struct arena *a)
{
	static const int sizes[] = {100, 200, 500, 1000, 2000};
	double worst[FAMILIES] = {0}, worst_dims[FAMILIES] = {0};
	struct cell cells[DIMS];

	printf("One log marginal likelihood + gradient over the floor: medians (of the best runs)\n\n"
		   "| n | d | floor ms");
	for (int i = 0; i < FAMILIES; i++)
		printf(" | %s", families[i]);
	printf(" | difference |\n|---|---|---|---|---|---|---|---|\n");
	for (size_t s = 0; s < sizeof(sizes) / sizeof(*sizes); s++) {
		for (int i = 0; i < DIMS; i++) {
			measure(sizes[s], dims[i], &cells[i], a);
			row(sizes[s], dims[i], &cells[i]);
			for (int k = 0; k < FAMILIES; k++)
				worst[k] = fmax(
					worst[k], bench_median(&cells[i].family[k]) / bench_median(&cells[i].floor));
		}
		for (int k = 0; k < FAMILIES; k++)
			worst_dims[k] = fmax(worst_dims[k],
				bench_median(&cells[2].family[k]) / bench_median(&cells[0].family[k]));
	}
	printf("| worst | | ");
	for (int i = 0; i < FAMILIES; i++)
		printf(" | %.2f, bar %.1f", worst[i], i == 0 ? bar_first : bar_others);
	printf(" | |\n| d = 20 over d = 2, worst | | ");
	for (int i = 0; i < FAMILIES; i++)
		printf(" | %.2f, bar %.1f", worst_dims[i], bar_dims);
	printf(" | |\n");
}
