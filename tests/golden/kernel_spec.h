/* A kernel of a golden case as one of ours. */
#ifndef KR_TESTS_GOLDEN_KERNEL_SPEC_H
#define KR_TESTS_GOLDEN_KERNEL_SPEC_H

#include "gp/kernels/kernel.h"
#include "tests/golden/golden.h"

struct kernel_spec {
	struct kernel kernel;
	int n_dims;
	const double *dims; /* input columns, NULL: all */
};

/* False when we have no such kernel; golden_unknown was then called. d: input columns. */
bool kernel_spec_read(struct kernel_spec *s, struct golden_case *c, const cJSON *json, int d);

/* The columns of X that the kernel sees; X itself when it sees all. */
struct mat kernel_spec_columns(const struct kernel_spec *s, struct golden_case *c, struct mat X);

#endif
