/* A kernel of a golden case as a tree of ours. */
#ifndef KR_TESTS_GOLDEN_KERNEL_SPEC_H
#define KR_TESTS_GOLDEN_KERNEL_SPEC_H

#include "gp/kernels/kernel.h"
#include "tests/golden/golden.h"

/* Memory of the case. */
struct kernel_spec {
	struct kernel_term root;
	int d, n;                   /* input columns, parameters */
	unsigned char *categorical; /* d flags */
	double *value;              /* n, natural units */
	double *theta;              /* n + 1: as they travel, and room for ln noise */
	const char **key;           /* n: how the case calls each, "parts.0.lengthscale" */
	bool *shared;               /* n: the case has one number for all of this key */
};

/* False when we have no such kernel; golden_unknown was then called. d: input columns. */
bool kernel_spec_read(struct kernel_spec *s, struct golden_case *c, const cJSON *json, int d);

/* The kernel times the covariance of tasks W W' + diag(v), the task in column d: d + 1
 * input columns. */
bool kernel_spec_read_icm(struct kernel_spec *s, struct golden_case *c, const cJSON *json,
	const cJSON *W, const cJSON *v, int d);

struct kernel kernel_spec_kernel(const struct kernel_spec *s);

/* The answers to PREFIX.KEY for all parameters. */
void kernel_spec_answer(
	const struct kernel_spec *s, struct golden_case *c, const char *prefix, const double *values);

#endif
