/* Kinds `acq_mc` and `acq_mc_noisy`: acquisitions of batches with given base samples. */
#include <math.h>
#include <stdio.h>

#include "acquisition/function/monte_carlo.h"
#include "tests/golden/golden.h"
#include "tests/golden/kernel_spec.h"

struct question {
	const char *key;
	enum monte_carlo_kind kind;
	bool fat, noisy;
};

static const struct question questions[] = {{"q_ei", MONTE_CARLO_EI, false, false},
	{"q_log_ei_fat", MONTE_CARLO_LOG_EI, true, false},
	{"q_log_ei", MONTE_CARLO_LOG_EI, false, false}, {"q_sr", MONTE_CARLO_SR, false, false},
	{"q_ucb", MONTE_CARLO_UCB, false, false}, {"q_nei", MONTE_CARLO_EI, false, true},
	{"q_log_nei_fat", MONTE_CARLO_LOG_EI, true, true},
	{"q_log_nei", MONTE_CARLO_LOG_EI, false, true}};

static double number(const cJSON *in, const char *key)
{
	return golden_number(cJSON_GetObjectItemCaseSensitive(in, key));
}

static struct mat rows(struct golden_case *c, const cJSON *in, const char *key)
{
	return golden_rows(c, cJSON_GetObjectItemCaseSensitive(in, key));
}

/* The batch in one row, and the gradient as one row a point. */
static enum kr_status answer(struct golden_case *c, const struct question *q, struct monte_carlo *m,
	struct mat Xq, struct kr_error *err)
{
	int n = Xq.rows, d = Xq.cols;
	struct mat X = mat_view(golden_array(c, n * d), 1, n * d, 1);
	struct mat D = mat_view(golden_array(c, n * d), 1, n * d, 1);
	struct mat points = mat_view(golden_array(c, n * d), n, d, n);
	double value;
	char key[64];

	m->kind = q->kind;
	m->fat = q->fat;
	for (int k = 0; k < n; k++)
		for (int j = 0; j < d; j++)
			*mat_at(X, 0, k * d + j) = *mat_at(Xq, k, j);
	enum kr_status st = monte_carlo_eval(m, X, &value, D, golden_arena(c), err);
	if (st)
		return st;
	for (int k = 0; k < n; k++)
		for (int j = 0; j < d; j++)
			*mat_at(points, k, j) = *mat_at(D, 0, k * d + j);
	golden_value(c, q->key, value);
	snprintf(key, sizeof(key), "d%s", q->key);
	golden_matrix(c, key, points);
	return KR_OK;
}

static enum golden_verdict batches(struct golden_case *c, const cJSON *in, bool noisy)
{
	struct mat X = rows(c, in, "X"), Xq = rows(c, in, "Xq");
	double mean = number(in, "mean");
	struct kr_error err = {.text = "out of memory"};
	enum kr_status st = KR_ENOMEM;
	struct kernel_spec s;
	int n;

	if (!kernel_spec_read(&s, c, cJSON_GetObjectItemCaseSensitive(in, "kernel"), X.cols))
		return GOLDEN_UNKNOWN;
	s.theta[s.n] = log(number(in, "noise"));
	struct gp_data data = {.kernel = &s.root,
		.n = X.rows,
		.d = X.cols,
		.X = X,
		.categorical = s.categorical,
		.y = golden_list(c, cJSON_GetObjectItemCaseSensitive(in, "y"), &n),
		.mean = &mean};
	struct gp *g = gp_new(data.n, data.d, 1);
	struct monte_carlo m = {.model = g,
		.Z = rows(c, in, "Z"),
		.tau_relu = number(in, "tau_relu"),
		.tau_max = number(in, "tau_max")};
	if (noisy)
		m.baseline = rows(c, in, "X_baseline");
	else {
		m.best = number(in, "best_f");
		m.beta = number(in, "beta");
	}
	if (g)
		st = gp_condition(g, &data, s.theta, golden_arena(c), &err);
	for (size_t k = 0; !st && k < sizeof(questions) / sizeof(*questions); k++)
		if (questions[k].noisy == noisy)
			st = answer(c, &questions[k], &m, Xq, &err);
	gp_free(g);
	return st ? golden_error(c, err.text) : GOLDEN_ANSWERED;
}

static enum golden_verdict acq_mc(struct golden_case *c, const cJSON *in)
{
	return batches(c, in, false);
}

static enum golden_verdict acq_mc_noisy(struct golden_case *c, const cJSON *in)
{
	return batches(c, in, true);
}

const struct golden_kind golden_monte_carlo_kinds[] = {
	{"acq_mc", acq_mc}, {"acq_mc_noisy", acq_mc_noisy}, {0}};
