/* A ReLU network of infinite width with size[0] hidden layers (Cho & Saul 2009, of order 1;
 * Lee et al. 2018): weight variance w, bias variance b, D columns,
 *   K_0 = b + w x.z / D,   V_0 = K_0(x, x),   V'_0 = K_0(z, z)
 *   K_{n+1} = b + w/(2 pi) q (sin t + (pi - t) cos t),   q = sqrt(V_n V'_n),   cos t = K_n / q
 *   V_{n+1} = b + w V_n / 2
 *
 * Near t = 0 neither the cosine nor its acos knows t to better than 1e-8, and the gradient,
 * which has t itself, would be off by as much. So angles travel as h = sin^2(t/2) too:
 *   layer 0: t = 2 atan2(|u - u'|, |u + u'|) of the unit vectors u = (sqrt b, x sqrt(w/D)) /
 *   sqrt V_0 (Kahan), and from layer to layer
 *   K_{n+1} = b + w/2 q (1 - psi),   psi = 2 h - (sin t - t cos t) / pi
 *   h_{n+1} = (w/2 q psi + b w/2 (sqrt V - sqrt V')^2 / (q_{n+1} + w/2 q + b)) / (2 q_{n+1})
 * where the second is (1 - cos t_{n+1}) / 2 with 2 q_{n+1} (1 - cos t_{n+1}) written as a sum of
 * two terms that are not negative: nothing cancels, and K(x, x) = V(x) to the last bit. Near
 * t = pi, in layer 0 only, h has half the digits of pi - t: sin t is taken of t there.
 *
 * The way back, with the adjoints k, v, v' of K, V, V':
 *   dK_{n+1}/dK_n = w/2 (1 - t/pi)
 *   dK_{n+1}/dV_n = w/(4 pi) sin t sqrt(V'_n / V_n)
 *   dV_{n+1}/dV_n = w/2 */
#include <assert.h>
#include <math.h>

#include "gp/kernels/kernel.h"
#include "gp/linalg/blas.h"

static const double pi = 3.14159265358979323846;
enum { WEIGHT_VAR, BIAS_VAR };

static int depth(const struct kernel_leaf *l)
{
	return l->term->size[0];
}

static enum kr_status no_memory(struct mat X, struct mat Z, struct kr_error *err)
{
	return kr_fail(err, KR_ENOMEM, "covariance of %d and %d points", X.rows, Z.rows);
}

/* V_0 of row i of X. */
static double variance(const struct kernel_leaf *l, struct mat X, int i)
{
	double sum = 0;

	for (int c = 0; c < l->columns; c++) {
		double x = *mat_at(X, i, l->dims[c]);

		sum += x * x;
	}
	return l->value[BIAS_VAR] + l->value[WEIGHT_VAR] / l->columns * sum;
}

static double next_variance(const struct kernel_leaf *l, double V)
{
	return l->value[BIAS_VAR] + l->value[WEIGHT_VAR] / 2 * V;
}

/* The unit vectors of the rows of X, as columns of length D + 1, and their V_0; false when a
 * is full. */
struct units {
	struct mat U;
	double *V;
};

static bool units_of(
	const struct kernel_leaf *l, struct mat X, struct units *units, struct arena *a)
{
	double root = sqrt(l->value[WEIGHT_VAR] / l->columns);

	units->U = mat_new(a, l->columns + 1, X.rows);
	units->V = arena_alloc(a, sizeof(double) * (size_t)X.rows);
	if (!units->U.p || !units->V)
		return false;
	for (int i = 0; i < X.rows; i++) {
		double *u = mat_col(units->U, i), length;

		units->V[i] = variance(l, X, i);
		length = sqrt(units->V[i]);
		for (int c = 0; c < l->columns; c++)
			u[c] = root * *mat_at(X, i, l->dims[c]) / length;
		u[l->columns] = sqrt(l->value[BIAS_VAR]) / length;
	}
	return true;
}

/* The angle of two unit vectors. */
static double angle(const struct kernel_leaf *l, const double *u, const double *v)
{
	double minus = 0, plus = 0;

	for (int c = 0; c <= l->columns; c++) {
		minus += (u[c] - v[c]) * (u[c] - v[c]);
		plus += (u[c] + v[c]) * (u[c] + v[c]);
	}
	return 2 * atan2(sqrt(minus), sqrt(plus));
}

/* One pair in one layer: t, sin t, h, and V of both points. */
struct layer {
	double t, sine, h, V, W;
};

static double psi(const struct layer *n)
{
	return 2 * n->h - (n->sine - n->t * (1 - 2 * n->h)) / pi;
}

static struct layer first(double t, double V, double W)
{
	double s = sin(t / 2);

	return (struct layer){t, sin(t), s * s, V, W};
}

static struct layer next(const struct kernel_leaf *l, const struct layer *n)
{
	double half = l->value[WEIGHT_VAR] / 2, b = l->value[BIAS_VAR];
	double q = half * sqrt(n->V * n->W), apart = sqrt(n->V) - sqrt(n->W), q1;
	struct layer m = {.V = next_variance(l, n->V), .W = next_variance(l, n->W)};

	q1 = sqrt(m.V * m.W);
	m.h = (q * psi(n) + b * half * apart * apart / (q1 + q + b)) / (2 * q1);
	m.h = m.h < 0.5 ? m.h : 0.5; /* K > 0 from the first layer on */
	m.t = 2 * asin(sqrt(m.h));
	m.sine = 2 * sqrt(m.h * (1 - m.h));
	return m;
}

/* K after this layer. */
static double after(const struct kernel_leaf *l, const struct layer *n)
{
	return l->value[BIAS_VAR] + l->value[WEIGHT_VAR] / 2 * (sqrt(n->V * n->W) * (1 - psi(n)));
}

static double value(const struct kernel_leaf *l, double t, double V, double W)
{
	struct layer n = first(t, V, W);

	for (int i = 1; i < depth(l); i++)
		n = next(l, &n);
	return after(l, &n);
}

/* K <- k, G <- t of layer 0. */
static enum kr_status eval(const struct kernel_leaf *l, struct mat X, struct mat Z, bool lower,
	struct mat K, struct mat G, struct arena *a, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(a);
	struct units x, z;
	bool ok = units_of(l, X, &x, a) && units_of(l, Z, &z, a);

	assert(depth(l) >= 1);
	for (int j = 0; ok && j < Z.rows; j++)
		for (int i = lower ? j : 0; i < X.rows; i++) {
			double t = angle(l, mat_col(x.U, i), mat_col(z.U, j));

			*mat_at(K, i, j) = l->scale * value(l, t, x.V[i], z.V[j]);
			if (G.p)
				*mat_at(G, i, j) = t;
		}
	arena_release(a, mark);
	return ok ? KR_OK : no_memory(X, Z, err);
}

/* ---- slopes -------------------------------------------------------------------- */

/* Adjoints of K_n, V_n and V'_n, and slopes in w and b so far. */
struct adjoint {
	double k, v, w, weight, bias;
};

/* Back through the layer n, on entry the adjoints after it. */
static void back(const struct kernel_leaf *l, const struct layer *n, struct adjoint *d)
{
	double half = l->value[WEIGHT_VAR] / 2, side = d->k * half * n->sine / (2 * pi);

	d->bias += d->k + d->v + d->w;
	d->weight += (d->k * sqrt(n->V * n->W) * (1 - psi(n)) + d->v * n->V + d->w * n->W) / 2;
	d->v = d->v * half + side * sqrt(n->W / n->V);
	d->w = d->w * half + side * sqrt(n->V / n->W);
	d->k *= half * (1 - n->t / pi);
}

/* From dK = k to the adjoints of layer 0: the layers are few, and made anew for each. */
static struct adjoint adjoint(const struct kernel_leaf *l, double t, double V, double W, double k)
{
	struct adjoint d = {.k = k};

	for (int to = depth(l) - 1; to >= 0; to--) {
		struct layer n = first(t, V, W);

		for (int i = 0; i < to; i++)
			n = next(l, &n);
		back(l, &n, &d);
	}
	return d;
}

/* Adds the slopes in ln w and ln b of k K(x, z); K_0 = b + (K_0 - b). */
static void pair_slope(
	const struct kernel_leaf *l, double t, double V, double W, double k, double *grad)
{
	struct adjoint d = adjoint(l, t, V, W, k);
	double w = l->value[WEIGHT_VAR], b = l->value[BIAS_VAR], K = sqrt(V * W) * cos(t);

	grad[WEIGHT_VAR] += w * d.weight + d.k * (K - b) + d.v * (V - b) + d.w * (W - b);
	grad[BIAS_VAR] += b * (d.bias + d.k + d.v + d.w);
}

static enum kr_status slope(const struct kernel_leaf *l, struct mat X, struct mat G, struct mat W,
	double *grad, struct arena *a, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(a);
	double *V = arena_alloc(a, sizeof(*V) * (size_t)X.rows);

	if (!V)
		return no_memory(X, X, err);
	for (int i = 0; i < X.rows; i++)
		V[i] = variance(l, X, i);
	for (int j = 0; j < X.rows; j++)
		for (int i = j; i < X.rows; i++)
			pair_slope(l, *mat_at(G, i, j), V[i], V[j],
				l->scale * (i == j ? 0.5 : 1) * *mat_at(W, i, j), grad);
	arena_release(a, mark);
	return KR_OK;
}

/* dK/dz = w/D (k_0 x + 2 v'_0 z) */
static enum kr_status input(const struct kernel_leaf *l, struct mat X, struct mat Z, struct mat G,
	struct mat W, struct mat D, struct arena *a, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(a);
	double *V = arena_alloc(a, sizeof(*V) * (size_t)X.rows), w = l->value[WEIGHT_VAR] / l->columns;

	if (!V)
		return no_memory(X, Z, err);
	for (int i = 0; i < X.rows; i++)
		V[i] = variance(l, X, i);
	for (int j = 0; j < Z.rows; j++) {
		double *k = mat_col(W, j), own = 0, Vj = variance(l, Z, j);

		for (int i = 0; i < X.rows; i++) {
			struct adjoint d = adjoint(l, *mat_at(G, i, j), V[i], Vj, l->scale * k[i]);

			k[i] = d.k;
			own += d.w;
		}
		for (int c = 0; c < l->columns; c++)
			if (!kernel_leaf_categorical(l, c))
				*mat_at(D, j, l->dims[c]) += w *
					(blas_dot(X.rows, k, mat_col(X, l->dims[c])) +
						2 * own * *mat_at(Z, j, l->dims[c]));
	}
	arena_release(a, mark);
	return KR_OK;
}

static void diagonal(const struct kernel_leaf *l, struct mat Z, double *k)
{
	for (int j = 0; j < Z.rows; j++) {
		k[j] = variance(l, Z, j);
		for (int n = 0; n < depth(l); n++)
			k[j] = next_variance(l, k[j]);
		k[j] *= l->scale;
	}
}

/* dV_n/dz = (w/2)^n w/D 2 z */
static void diagonal_input(const struct kernel_leaf *l, struct mat Z, const double *w, struct mat D)
{
	double factor = l->scale * 2 * l->value[WEIGHT_VAR] / l->columns *
		pow(l->value[WEIGHT_VAR] / 2, depth(l));

	for (int c = 0; c < l->columns; c++)
		for (int j = 0; !kernel_leaf_categorical(l, c) && j < Z.rows; j++)
			*mat_at(D, j, l->dims[c]) += w[j] * factor * *mat_at(Z, j, l->dims[c]);
}

static const struct kernel_parameter parameters[] = {{"weight_var", KERNEL_ONE, true,
														 {.shape = GP_PRIOR_LOGNORMAL_LN,
															 .b = 1,
															 .lower = -4.605170185988091,
															 .upper = 4.605170185988092,
															 .start = 0.6931471805599453}},
	{"bias_var", KERNEL_ONE, true, GP_PRIOR_TERM_LN(0, 1, -9.210340371976182, 4.605170185988092)},
	{0}};
const struct kernel_family kernel_bnn = {.name = "bnn",
	.parameters = parameters,
	.eval = eval,
	.slope = slope,
	.input = input,
	.diagonal = diagonal,
	.diagonal_input = diagonal_input};
