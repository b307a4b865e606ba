/* What the tables of `./dev bench gp` share: CPU times, test data, the tables' names. */
#ifndef KR_BENCH_GP_BENCH_H
#define KR_BENCH_GP_BENCH_H

#include <stdint.h>

#include "base/arena.h"
#include "gp/prior.h"

/* CPU time of this thread, in seconds. */
double bench_cpu(void);

/* Times of one thing, to be compared with those of others measured in turns with it. */
struct bench_times {
	double t[200];
	int n;
};
void bench_add(struct bench_times *times, double seconds);
double bench_best(const struct bench_times *times);
double bench_median(struct bench_times *times); /* sorts them */

/* Random points in the unit cube (n x d, column-major) and a smooth function of them with
 * a little noise, standardized; in a, which must be large enough. */
void bench_points(int n, int d, uint64_t seed, double **X, double **y, struct arena *a);

/* theta of a scaled radial kernel, or an unscaled one: moderate lengthscales, outputscale
 * 1.2, noise 0.0025. */
void bench_theta(int d, bool scaled, double *theta);

/* The tables; each prints itself. */
void likelihood_table(struct arena *a);
void prediction_table(struct arena *a);
void update_table(struct arena *a);
void optimizer_table(struct arena *a);

/* Fits the data on stdin, for bench/gp_fit.py; what main answers. */
int fit_stdin(struct arena *a);

#endif
