/* Several tasks with one kernel of the inputs: kind `kernel_icm` (K12 between points of
 * tasks, and the covariance of tasks B = W W' + diag(v)) and kind `icm_gp` (regression with a
 * mean and a noise for each task). */
#include <math.h>
#include <string.h>

#include "gp/model.h"
#include "tests/golden/golden.h"
#include "tests/golden/kernel_spec.h"

static const cJSON *get(const cJSON *json, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(json, name);
}

static struct mat matrix(struct golden_case *c, int rows, int cols)
{
	return mat_view(golden_array(c, rows * cols), rows, cols, rows);
}

/* [X, task] */
static struct mat points(struct golden_case *c, const cJSON *X, const cJSON *task)
{
	struct mat x = golden_rows(c, X), both = matrix(c, x.rows, x.cols + 1);
	int n;
	const double *tasks = golden_list(c, task, &n);

	for (int k = 0; k < x.cols; k++)
		memcpy(mat_col(both, k), mat_col(x, k), sizeof(double) * (size_t)x.rows);
	for (int i = 0; i < x.rows; i++)
		*mat_at(both, i, x.cols) = i < n ? tasks[i] : -1;
	return both;
}

static int task_of(struct mat X, int i)
{
	return (int)*mat_at(X, i, X.cols - 1);
}

/* Does every point have a task of these? */
static bool known(struct mat X, int tasks)
{
	for (int i = 0; i < X.rows; i++)
		if (task_of(X, i) < 0 || task_of(X, i) >= tasks)
			return false;
	return true;
}

/* B: the leaf of tasks alone, on a column of all of them. */
static void tasks(struct golden_case *c, const struct kernel_spec *s)
{
	struct kernel_term leaf = s->root.parts[1];
	int n = leaf.size[0], own = n * (leaf.size[1] + 1);
	struct mat T = matrix(c, n, 1), B = matrix(c, n, n);
	struct kernel k = {&leaf, 1, NULL, s->value + s->n - own};

	leaf.n_dims = 0;
	for (int i = 0; i < n; i++)
		*mat_at(T, i, 0) = i;
	kernel_cross(&k, T, T, B, NULL, golden_arena(c), NULL);
	golden_matrix(c, "B", B);
}

static enum golden_verdict kernel_icm(struct golden_case *c, const cJSON *in)
{
	struct mat X1 = points(c, get(in, "X1"), get(in, "task1"));
	struct mat X2 = points(c, get(in, "X2"), get(in, "task2")), K = matrix(c, X1.rows, X2.rows);
	struct kernel_spec s;
	struct kernel k;

	if (!kernel_spec_read_icm(&s, c, get(in, "kernel"), get(in, "W"), get(in, "v"), X1.cols - 1))
		return GOLDEN_UNKNOWN;
	k = kernel_spec_kernel(&s);
	kernel_cross(&k, X1, X2, K, NULL, golden_arena(c), NULL);
	golden_matrix(c, "K12", K);
	tasks(c, &s);
	return GOLDEN_ANSWERED;
}

/* Means of tasks are taken off y, and put back onto the predictions. */
static enum kr_status answer(struct golden_case *c, struct gp *g, const struct gp_data *data,
	const double *theta, struct mat X, const double *means, struct kr_error *err)
{
	struct arena *a = golden_arena(c);
	struct mat mean = matrix(c, X.rows, 1), cov = matrix(c, X.rows, X.rows);
	struct gp_batch batch;
	double lml;
	enum kr_status status = gp_condition(g, data, theta, a, err);

	if (status == KR_OK)
		status = gp_lml(data, theta, &lml, NULL, NULL, a, err);
	if (status == KR_OK)
		status = gp_predict(g, X, false, &batch, a, err);
	if (status == KR_OK)
		status = gp_joint(g, X, mean, cov, a, err);
	if (status != KR_OK)
		return status;
	for (int i = 0; i < X.rows; i++)
		*mat_at(batch.mean, i, 0) += means[task_of(X, i)];
	golden_value(c, "lml", lml);
	golden_matrix(c, "mean", batch.mean);
	golden_values(c, "var", batch.var, X.rows);
	golden_matrix(c, "cov", cov);
	return KR_OK;
}

static enum golden_verdict icm_gp(struct golden_case *c, const cJSON *in)
{
	struct mat X = points(c, get(in, "X"), get(in, "task"));
	struct mat test = points(c, get(in, "Xtest"), get(in, "task_test"));
	struct kr_error err = {.text = "out of memory"};
	enum kr_status status = KR_ENOMEM;
	double zero = 0, *y = golden_array(c, X.rows), *noise = golden_array(c, X.rows);
	int n, n_means, n_noises;
	const double *means = golden_list(c, get(in, "mean"), &n_means);
	const double *noises = golden_list(c, get(in, "noise"), &n_noises);
	const double *outcomes = golden_list(c, get(in, "y"), &n);
	struct kernel_spec s;
	struct gp_data data;
	struct gp *g;

	if (!kernel_spec_read_icm(&s, c, get(in, "kernel"), get(in, "W"), get(in, "v"), X.cols - 1))
		return GOLDEN_UNKNOWN;
	if (n != X.rows || n_means != n_noises || !known(X, n_means) || !known(test, n_means))
		return golden_error(c, "a task without a mean");
	for (int i = 0; i < X.rows; i++) {
		y[i] = outcomes[i] - means[task_of(X, i)];
		noise[i] = noises[task_of(X, i)];
	}
	data = (struct gp_data){
		.kernel = &s.root, .n = X.rows, .d = X.cols, .X = X, .y = y, .noise = noise, .mean = &zero};
	s.theta[s.n] = log(0);
	g = gp_new(data.n, data.d, 1);
	if (g)
		status = answer(c, g, &data, s.theta, test, means, &err);
	gp_free(g);
	return status == KR_OK ? GOLDEN_ANSWERED : golden_error(c, err.text);
}

const struct golden_kind golden_icm_kinds[] = {{"kernel_icm", kernel_icm}, {"icm_gp", icm_gp}, {0}};
