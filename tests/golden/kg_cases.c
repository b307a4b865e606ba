/* Kinds `kg_lines`, `kg_discrete` and `kg_one_shot`: knowledge gradients. */
#include <math.h>

#include "acquisition/function/kg.h"
#include "acquisition/function/kg_lines.h"
#include "acquisition/function/kg_one_shot.h"
#include "tests/golden/golden.h"
#include "tests/golden/model_spec.h"

static const cJSON *item(const cJSON *in, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(in, key);
}

static struct mat matrix(struct golden_case *c, int rows, int cols)
{
	return mat_view(golden_array(c, rows * cols), rows, cols, rows);
}

static enum golden_verdict lines(struct golden_case *c, const cJSON *in)
{
	int k, n;
	const double *a = golden_list(c, item(in, "a"), &k), *b = golden_list(c, item(in, "b"), &n);
	struct kg_lines_work *work = ARENA_ARRAY(golden_arena(c), struct kg_lines_work, k);
	double most = -INFINITY, value;

	if (!work || k != n)
		return golden_error(c, work ? "a and b differ in length" : "out of memory");
	for (int i = 0; i < k; i++)
		most = fmax(most, a[i]);
	value = kg_lines_log(k, a, b, NULL, NULL, work);
	golden_value(c, "log_kg", value);
	golden_value(c, "kg", exp(value));
	golden_value(c, "max_a", most);
	return GOLDEN_ANSWERED;
}

static struct mat transposed(struct golden_case *c, struct mat M)
{
	struct mat T = matrix(c, M.cols, M.rows);

	for (int i = 0; i < M.rows; i++)
		for (int j = 0; j < M.cols; j++)
			*mat_at(T, j, i) = *mat_at(M, i, j);
	return T;
}

static enum kr_status answer_discrete(
	struct golden_case *c, const cJSON *in, const struct gp *g, struct kr_error *err)
{
	struct mat A = golden_rows(c, item(in, "A")), X = golden_rows(c, item(in, "Xtest"));
	bool with_x = cJSON_IsTrue(item(in, "include_x"));
	int lines = A.rows + with_x;
	struct mat a = matrix(c, lines, X.rows), b = matrix(c, lines, X.rows);
	struct mat D = matrix(c, X.rows, X.cols);
	double *value = golden_array(c, X.rows);
	struct kg k;
	enum kr_status st = kg_init(&k, g, A, with_x, gp_noise(g), golden_arena(c), err);

	if (!st)
		st = kg_moves(&k, X, a, b, golden_arena(c), err);
	if (!st)
		st = kg_eval(&k, X, value, D, golden_arena(c), err);
	if (st)
		return st;
	for (int i = 0; i < X.rows; i++) {
		value[i] = exp(value[i]);
		for (int j = 0; j < X.cols; j++)
			*mat_at(D, i, j) *= value[i]; /* of ln KG */
	}
	golden_values(c, "kg", value, X.rows);
	golden_matrix(c, "dkg", D);
	golden_matrix(c, "a", transposed(c, a));
	golden_matrix(c, "b", transposed(c, b));
	return KR_OK;
}

static enum kr_status answer_one_shot(
	struct golden_case *c, const cJSON *in, const struct gp *g, struct kr_error *err)
{
	struct mat Xq = golden_rows(c, item(in, "Xq")), Xf = golden_rows(c, item(in, "Xfant"));
	struct mat dXq = matrix(c, Xq.rows, Xq.cols), dXf = matrix(c, Xf.rows, Xf.cols);
	struct kg_one_shot o = {.model = g,
		.noise = gp_noise(g),
		.current = golden_number(item(in, "current_value")),
		.Z = golden_rows(c, item(in, "Z"))};
	double value;
	enum kr_status st = kg_one_shot_eval(&o, Xq, Xf, &value, dXq, dXf, golden_arena(c), err);

	if (st)
		return st;
	golden_value(c, "kg", value);
	golden_matrix(c, "dXq", dXq);
	golden_matrix(c, "dXfant", dXf);
	return KR_OK;
}

static enum golden_verdict through_model(struct golden_case *c, const cJSON *in,
	enum kr_status (*answer)(
		struct golden_case *, const cJSON *, const struct gp *, struct kr_error *))
{
	struct kr_error err = {.text = "out of memory"};
	struct kernel_spec s;
	enum kr_status st;
	struct gp *g;

	if (!model_spec_read(c, in, &s, &g, &st, &err))
		return GOLDEN_UNKNOWN;
	if (!st)
		st = answer(c, in, g, &err);
	gp_free(g);
	return st ? golden_error(c, err.text) : GOLDEN_ANSWERED;
}

static enum golden_verdict discrete(struct golden_case *c, const cJSON *in)
{
	return through_model(c, in, answer_discrete);
}

static enum golden_verdict one_shot(struct golden_case *c, const cJSON *in)
{
	return through_model(c, in, answer_one_shot);
}

const struct golden_kind golden_kg_kinds[] = {
	{"kg_lines", lines}, {"kg_discrete", discrete}, {"kg_one_shot", one_shot}, {0}};
