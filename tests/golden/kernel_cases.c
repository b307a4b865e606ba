/* Kind `kernel`: K11 = K(X1, X1), K12 = K(X1, X2), and dX1, the gradient of
 * sum_ij W_ij K12_ij in X1. Kind `kernel_periodic_sq`: K11 of the periodic kernel whose
 * lengthscale is squared. */
#include "tests/golden/golden.h"
#include "tests/golden/kernel_spec.h"

static struct mat matrix(struct golden_case *c, int rows, int cols)
{
	return mat_view(golden_array(c, rows * cols), rows, cols, rows);
}

static void self(struct golden_case *c, const struct kernel *k, struct mat X)
{
	struct mat K = matrix(c, X.rows, X.rows);

	kernel_self(k, X, K, NULL, golden_arena(c), NULL);
	for (int j = 0; j < X.rows; j++)
		for (int i = j + 1; i < X.rows; i++)
			*mat_at(K, j, i) = *mat_at(K, i, j);
	golden_matrix(c, "K11", K);
}

static void gradient(
	struct golden_case *c, const struct kernel *k, struct mat X1, struct mat X2, struct mat W)
{
	struct mat K = matrix(c, X2.rows, X1.rows), V = matrix(c, X2.rows, X1.rows);
	struct mat D = matrix(c, X1.rows, X1.cols);
	struct kernel_tape *tape = kernel_tape_new(k->root, X2.rows, X1.rows, golden_arena(c));

	for (int i = 0; i < X1.rows; i++)
		for (int j = 0; j < X2.rows; j++)
			*mat_at(V, j, i) = *mat_at(W, i, j);
	if (kernel_cross(k, X2, X1, K, tape, golden_arena(c), NULL) == KR_OK &&
		kernel_input_adjoint(k, X2, X1, tape, V, D, golden_arena(c), NULL) == KR_OK)
		golden_matrix(c, "dX1", D);
}

static enum golden_verdict kernel(struct golden_case *c, const cJSON *in)
{
	const cJSON *second = cJSON_GetObjectItemCaseSensitive(in, "X2");
	const cJSON *weights = cJSON_GetObjectItemCaseSensitive(in, "W");
	struct mat X1 = golden_rows(c, cJSON_GetObjectItemCaseSensitive(in, "X1")), X2, K;
	struct kernel_spec s;
	struct kernel k;

	if (!kernel_spec_read(&s, c, cJSON_GetObjectItemCaseSensitive(in, "kernel"), X1.cols))
		return GOLDEN_UNKNOWN;
	k = kernel_spec_kernel(&s);
	self(c, &k, X1);
	if (!second)
		return GOLDEN_ANSWERED;
	X2 = golden_rows(c, second);
	K = matrix(c, X1.rows, X2.rows);
	kernel_cross(&k, X1, X2, K, NULL, golden_arena(c), NULL);
	golden_matrix(c, "K12", K);
	if (weights)
		gradient(c, &k, X1, X2, golden_rows(c, weights));
	return GOLDEN_ANSWERED;
}

/* The number, or the i-th of the list. */
static double number_at(const cJSON *item, int i)
{
	return golden_number(cJSON_IsArray(item) ? cJSON_GetArrayItem(item, i) : item);
}

static enum golden_verdict kernel_periodic_sq(struct golden_case *c, const cJSON *in)
{
	const cJSON *lengthscale = cJSON_GetObjectItemCaseSensitive(in, "lengthscale");
	const cJSON *period = cJSON_GetObjectItemCaseSensitive(in, "period");
	struct mat X1 = golden_rows(c, cJSON_GetObjectItemCaseSensitive(in, "X1"));
	struct kernel_term root = {.family = kernel_find("periodic"), .size = {1}};
	double *value = golden_array(c, 2 * X1.cols);
	struct kernel k = {&root, X1.cols, NULL, value};

	for (int i = 0; i < X1.cols; i++) {
		value[i] = number_at(lengthscale, i);
		value[X1.cols + i] = number_at(period, i);
	}
	self(c, &k, X1);
	return GOLDEN_ANSWERED;
}

const struct golden_kind golden_kernel_kinds[] = {
	{"kernel", kernel}, {"kernel_periodic_sq", kernel_periodic_sq}, {0}};
