/* Legend for a posterior mean f(x) = m + sum_j a_j prod_c k_c(x_c, x_jc), averages over the box:
 *   I_c(j) = E k_c(x, x_jc),  J_c(j, k) = E k_c(x, x_jc) k_c(x, x_kc),  C_c = J_c - I_c I_c
 *   V       = sum_jk a_j a_k (prod_c J_c - prod_c I_c I_c)
 *   first_i = sum_jk a_j a_k C_i prod_{c != i} I_c I_c
 *   total_i = sum_jk a_j a_k C_i prod_{c != i} J_c
 * Differences of products are built up from the C_c, so that a large mean costs no digits. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "gp/kernels/radial.h"
#include "gp/sensitivity_internal.h"

static const double pi = 3.14159265358979323846;

/* One column of the model. */
struct column {
	double l, lower, upper;
	int choices;     /* of a categorical column, else 0 */
	const double *x; /* n */
};

/* The kernel part of two choices that differ. */
static double other(const struct column *c)
{
	return exp(-0.5 / (c->l * c->l));
}

static double average(const struct column *c, int j)
{
	double u = c->x[j], width = c->upper - c->lower, size = sqrt(0.5) / c->l;

	if (c->choices > 0)
		return (1 + (c->choices - 1) * other(c)) / c->choices;
	if (width == 0)
		return exp(-0.5 * (u - c->lower) * (u - c->lower) / (c->l * c->l));
	return c->l * sqrt(0.5 * pi) / width *
		(erf((c->upper - u) * size) - erf((c->lower - u) * size));
}

static double average_product(const struct column *c, int j, int k)
{
	double u = c->x[j], v = c->x[k], w = 0.5 * (u + v), width = c->upper - c->lower;
	double apart = 0.5 * (u - v) / c->l;

	if (c->choices > 0 && u == v)
		return (1 + (c->choices - 1) * other(c) * other(c)) / c->choices;
	if (c->choices > 0)
		return (2 * other(c) + (c->choices - 2) * other(c) * other(c)) / c->choices;
	if (width == 0)
		return average(c, j) * average(c, k);
	return exp(-apart * apart) * 0.5 * c->l * sqrt(pi) / width *
		(erf((c->upper - w) / c->l) - erf((c->lower - w) / c->l));
}

/* prod_{c != i} p_c for every i <- p_c; after, n long, is scratch. */
static void leave_one_out(double *p, int n, double *after)
{
	double before = 1;

	after[n - 1] = 1;
	for (int i = n - 1; i > 0; i--)
		after[i - 1] = after[i] * p[i];
	for (int i = 0; i < n; i++) {
		double own = p[i];

		p[i] = before * after[i];
		before *= own;
	}
}

/* The pair (j, k), which stands for weight terms of the sums. I: n x columns averages; work: 4
 * columns. */
static void add_pair(struct sensitivity *s, const struct column *columns, int n_columns,
	const int *input, struct mat I, int j, int k, double weight, double *work)
{
	double *C = work, *J = C + n_columns, *II = J + n_columns, *after = II + n_columns;
	double difference = 0, products = 1;

	for (int c = 0; c < n_columns; c++) {
		II[c] = *mat_at(I, j, c) * *mat_at(I, k, c);
		J[c] = average_product(&columns[c], j, k);
		C[c] = J[c] - II[c];
		difference = difference * J[c] + products * C[c];
		products *= II[c];
	}
	s->variance += weight * difference;
	leave_one_out(II, n_columns, after);
	leave_one_out(J, n_columns, after);
	for (int c = 0; c < n_columns; c++) {
		s->first[input[c]] += weight * C[c] * II[c];
		s->total[input[c]] += weight * C[c] * J[c];
	}
}

static enum kr_status check_model(const struct gp *g, const double *lower, const double *upper,
	const int *choices, struct arena *a, struct kr_error *err)
{
	const struct kernel *k = gp_kernel(g);
	struct mat Z, slope;
	enum kr_status status = gp_see(g, gp_points(g), &Z, &slope, a, err);

	if (status != KR_OK)
		return status;
	if (strcmp(k->root->family->name, "rbf") != 0 || slope.p || radial_conditional(k->root))
		return kr_fail(err, KR_INVALID_ARGUMENT,
			"kernel %s: indices have a closed form for rbf without a warp or conditional columns; "
			"for others see sensitivity_of_function",
			k->root->family->name);
	for (int c = 0; c < k->d; c++)
		if (k->categorical && k->categorical[c] && !(choices && choices[c] > 0))
			return kr_fail(err, KR_INVALID_ARGUMENT,
				"column %d is categorical: its number of choices must be given", c);
	return sensitivity__check_box(k->d, lower, upper, err);
}

/* The leaf's columns; input: which of the model they are. */
static void list_columns(const struct gp *g, const double *lower, const double *upper,
	const int *choices, struct column *columns, int *input, int n)
{
	const struct kernel *k = gp_kernel(g);

	for (int i = 0; i < n; i++) {
		int c = k->root->n_dims > 0 ? k->root->dims[i] : i;
		bool categorical = k->categorical && k->categorical[c];

		input[i] = c;
		columns[i] = (struct column){k->value[i], lower[c], upper[c], categorical ? choices[c] : 0,
			mat_col(gp_points(g), c)};
	}
}

enum kr_status sensitivity_of_mean(const struct gp *g, int column, const double *lower,
	const double *upper, const int *choices, struct sensitivity *s, struct arena *a,
	struct kr_error *err)
{
	const struct kernel *k = gp_kernel(g);
	int n = gp_rows(g), d = k->d, seen = k->root->n_dims > 0 ? k->root->n_dims : d;
	double scale = k->root->scaled ? k->value[kernel_parameters(k->root, d) - 1] : 1, size;
	const double *weight = mat_col(gp_weights(g), column);
	enum kr_status status = sensitivity__make(s, d, false, a, err);
	struct arena_mark mark = arena_mark(a);
	struct column *columns = ARENA_ARRAY(a, struct column, seen);
	int *input = ARENA_ARRAY(a, int, seen);
	struct mat I = mat_view(ARENA_ARRAY(a, double, (size_t)n *(size_t)seen), n, seen, n);
	double *work = ARENA_ARRAY(a, double, 4 * seen);

	assert(n > 0 && column >= 0 && column < gp_columns(g));
	if (status == KR_OK && !(columns && input && I.p && work))
		status = kr_fail(err, KR_ENOMEM, "sensitivity of a model of %d points", n);
	if (status == KR_OK)
		status = check_model(g, lower, upper, choices, a, err);
	if (status != KR_OK)
		goto done;
	list_columns(g, lower, upper, choices, columns, input, seen);
	s->mean = gp_mean(g);
	size = fabs(s->mean);
	for (int j = 0; j < n; j++) {
		double product = 1;

		for (int c = 0; c < seen; c++)
			product *= *mat_at(I, j, c) = average(&columns[c], j);
		s->mean += scale * weight[j] * product;
		size += fabs(scale * weight[j] * product);
	}
	for (int j = 0; j < n; j++)
		for (int i = j; i < n; i++)
			add_pair(s, columns, seen, input, I, j, i,
				(i == j ? 1 : 2) * scale * weight[j] * scale * weight[i], work);
	sensitivity__normalize(s, d, size);
done:
	arena_release(a, mark);
	return status;
}
