/* Kind `kernel`: K11 = K(X1, X1), K12 = K(X1, X2), and dX1, the gradient of
 * sum_ij W_ij K12_ij in X1. */
#include <string.h>

#include "tests/golden/golden.h"
#include "tests/golden/kernel_spec.h"

static struct mat matrix(struct golden_case *c, int rows, int cols)
{
	return mat_view(golden_array(c, rows * cols), rows, cols, rows);
}

static void self(struct golden_case *c, const struct kernel *k, struct mat X)
{
	struct mat K = matrix(c, X.rows, X.rows);

	kernel_self(k, X, K, (struct mat){0}, golden_arena(c), NULL);
	for (int j = 0; j < X.rows; j++)
		for (int i = j + 1; i < X.rows; i++)
			*mat_at(K, j, i) = *mat_at(K, i, j);
	golden_matrix(c, "K11", K);
}

/* dX1 in all columns of the inputs, those that the kernel does not see included. */
static void gradient(struct golden_case *c, const struct kernel_spec *s, struct mat X1,
	struct mat X2, struct mat G, struct mat W, int d)
{
	struct mat M = matrix(c, X2.rows, X1.rows), D = matrix(c, X1.rows, s->kernel.d);
	struct mat all = matrix(c, X1.rows, d);

	for (int i = 0; i < X1.rows; i++)
		for (int j = 0; j < X2.rows; j++)
			*mat_at(M, j, i) = *mat_at(W, i, j) * *mat_at(G, i, j);
	kernel_input_adjoint(&s->kernel, X2, X1, M, D);
	for (int k = 0; k < s->kernel.d; k++)
		memcpy(mat_col(all, s->dims ? (int)s->dims[k] : k), mat_col(D, k),
			sizeof(double) * (size_t)X1.rows);
	golden_matrix(c, "dX1", all);
}

static enum golden_verdict kernel(struct golden_case *c, const cJSON *in)
{
	const cJSON *second = cJSON_GetObjectItemCaseSensitive(in, "X2");
	const cJSON *weights = cJSON_GetObjectItemCaseSensitive(in, "W");
	struct mat X1 = golden_rows(c, cJSON_GetObjectItemCaseSensitive(in, "X1")), X2, K, G;
	int d = X1.cols;
	struct kernel_spec s;

	if (!kernel_spec_read(&s, c, cJSON_GetObjectItemCaseSensitive(in, "kernel"), d))
		return GOLDEN_UNKNOWN;
	X1 = kernel_spec_columns(&s, c, X1);
	self(c, &s.kernel, X1);
	if (!second)
		return GOLDEN_ANSWERED;
	X2 = kernel_spec_columns(&s, c, golden_rows(c, second));
	K = matrix(c, X1.rows, X2.rows);
	G = matrix(c, X1.rows, X2.rows);
	kernel_cross(&s.kernel, X1, X2, K, G, golden_arena(c), NULL);
	golden_matrix(c, "K12", K);
	if (weights)
		gradient(c, &s, X1, X2, G, golden_rows(c, weights), d);
	return GOLDEN_ANSWERED;
}

const struct golden_kind golden_kernel_kinds[] = {{"kernel", kernel}, {0}};
