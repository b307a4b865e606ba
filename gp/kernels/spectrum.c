#include "gp/kernels/spectrum.h"

#include <math.h>

#include "gp/kernels/kernel_internal.h"
#include "gp/kernels/radial.h"

static const double sqrt_half = 0.70710678118654752440;

static bool is_categorical(const struct kernel *k, int c)
{
	return k->categorical && k->categorical[c];
}

static bool has_conditional(const struct kernel_term *t)
{
	bool found = kernel__is_leaf(t) && radial_conditional(t);

	for (int i = 0; i < t->n_parts; i++)
		found |= has_conditional(&t->parts[i]);
	return found;
}

static enum kr_status check(const struct kernel_term *t, struct kr_error *err)
{
	if (kernel__is_leaf(t) && !(t->family->radial && t->family->radial->mixture))
		return kr_fail(err, KR_INVALID_ARGUMENT,
			"kernel %s: no spectral draws; radial kernels, their sums and products have them",
			t->family->name);
	for (int i = 0; i < t->n_parts; i++) {
		enum kr_status status = check(&t->parts[i], err);

		if (status != KR_OK)
			return status;
	}
	return KR_OK;
}

enum kr_status spectrum_init(struct spectrum *s, const struct kernel *k, const int *choices,
	struct arena *a, struct kr_error *err)
{
	int *first = ARENA_ARRAY(a, int, k->d + 1);
	enum kr_status status = check(k->root, err);
	bool conditional;

	if (status != KR_OK)
		return status;
	conditional = has_conditional(k->root);
	if (!first)
		return kr_fail(err, KR_ENOMEM, "spectral measure of %d inputs", k->d);
	for (int c = 0; c < k->d; c++) {
		if (is_categorical(k, c) && !(choices && choices[c] > 0))
			return kr_fail(err, KR_INVALID_ARGUMENT,
				"column %d is categorical: its number of choices must be given", c);
		first[c + 1] = first[c] + (is_categorical(k, c) ? choices[c] : 1) + conditional;
	}
	*s = (struct spectrum){k, kernel__variance(k->root, k->d, k->value), conditional, first};
	return KR_OK;
}

int spectrum_slots(const struct spectrum *s)
{
	return s->first[s->kernel->d];
}

/* omega += sqrt(tau) z / l. Two choices of a column are sqrt 2 apart in the one-hot embedding and
 * 1 / l in the kernel; an active and an inactive number are `inactive` apart. */
static void draw_leaf(const struct spectrum *s, const struct kernel_term *t, const double *value,
	struct rng *r, double *omega)
{
	const struct kernel *k = s->kernel;
	const struct radial *radial = t->family->radial;
	int columns = kernel__columns(t, k->d);
	const double *shape = value + columns, *inactive = shape + (radial->shape_slope != NULL);
	double root = sqrt(radial->mixture(shape, r));

	for (int i = 0; i < columns; i++) {
		int c = t->n_dims > 0 ? t->dims[i] : i, last = s->first[c + 1];
		double size = root / value[i];

		if (is_categorical(k, c)) {
			for (int slot = s->first[c]; slot < last; slot++)
				omega[slot] += size * sqrt_half * rng_normal(r);
			continue;
		}
		omega[s->first[c]] += size * rng_normal(r);
		if (t->size[RADIAL_INACTIVE_SIZE])
			omega[last - 1] += root * *inactive * rng_normal(r);
	}
}

static void draw(const struct spectrum *s, const struct kernel_term *t, const double *value,
	struct rng *r, double *omega)
{
	const struct kernel *k = s->kernel;
	bool sum = t->family == &kernel__sum;
	const double *inner = value + kernel__own_parameters(t, k->d);
	double left = 0;

	if (kernel__is_leaf(t)) {
		draw_leaf(s, t, value, r, omega);
		return;
	}
	if (sum)
		left = rng_uniform(r) * kernel__inner_variance(t, k->d, value);
	for (int i = 0; i < t->n_parts; i++) {
		double part = sum ? kernel__variance(&t->parts[i], k->d, inner) : 0;

		if (!sum || left < part || i == t->n_parts - 1)
			draw(s, &t->parts[i], inner, r, omega);
		if (sum && left < part)
			return;
		left -= part;
		inner += kernel_parameters(&t->parts[i], k->d);
	}
}

void spectrum_draw(const struct spectrum *s, struct rng *r, double *omega)
{
	for (int slot = 0; slot < spectrum_slots(s); slot++)
		omega[slot] = 0;
	draw(s, s->kernel->root, s->kernel->value, r, omega);
}

/* The slots of one number, and of one choice: false when it is none. An inactive number is finite
 * without a conditional leaf too: nobody looks at its column then. */
static void encode_number(const struct spectrum *s, double x, struct mat E, int i, int c)
{
	*mat_at(E, i, s->first[c]) = isnan(x) ? 0.5 : x;
	if (s->conditional)
		*mat_at(E, i, s->first[c] + 1) = !isnan(x);
}

static bool encode_choice(const struct spectrum *s, double x, struct mat E, int i, int c)
{
	int slots = s->first[c + 1] - s->first[c], choices = slots - s->conditional;
	bool inactive = s->conditional && isnan(x);

	for (int k = 0; k < slots; k++)
		*mat_at(E, i, s->first[c] + k) = k < choices ? x == k : inactive;
	return inactive || (x >= 0 && x < choices && x == floor(x));
}

bool spectrum_encode(const struct spectrum *s, struct mat X, struct mat E)
{
	bool known = true;

	for (int c = 0; c < s->kernel->d; c++)
		for (int i = 0; i < X.rows; i++)
			if (is_categorical(s->kernel, c))
				known &= encode_choice(s, *mat_at(X, i, c), E, i, c);
			else
				encode_number(s, *mat_at(X, i, c), E, i, c);
	return known;
}
