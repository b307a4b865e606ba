/* A few points out of many as a Gaussian system of their own: what one observation or one
 * prediction needs of its neighbours. Workspace in an arena, made once for many systems;
 * not thread-safe. */
#ifndef KR_GP_VECCHIA_CONDITIONAL_H
#define KR_GP_VECCHIA_CONDITIONAL_H

#include "gp/likelihood.h"

struct conditional {
	int cap, d;
	int n;             /* points of the system now */
	double *x;         /* cap x d, ld cap */
	double *y, *noise; /* cap: outcomes, variances of their noise */
	double *k;         /* cap x cap, ld cap: the factor L */
	double *u;         /* cap x 3, ld cap: solutions */
	double jitter;     /* the most that any system since conditional_init got */
};

/* cap: most points of a system. Errors: KR_ENOMEM. */
enum kr_status conditional_init(
	struct conditional *c, int cap, int d, struct arena *a, struct kr_error *err);

/* Views of the system's points, factor, and of the first columns of u. */
struct mat conditional_points(const struct conditional *c);
struct mat conditional_factor(const struct conditional *c);
struct mat conditional_solutions(const struct conditional *c, int columns);

/* Row i of X with its outcome and variance becomes point `at` of the system. */
void conditional_take(struct conditional *c, int at, struct mat X, int i, double y, double noise);

/* Factor the first n points, adding jitter when needed (1e-10 to 1e-4 of their largest variance).
 * Errors: KR_ENOTPD, KR_ENONFINITE, KR_ENOMEM. Cost n^3 / 3. */
enum kr_status conditional_solve(struct conditional *c, int n, const struct kernel *k,
	struct arena *scratch, struct kr_error *err);

#endif
