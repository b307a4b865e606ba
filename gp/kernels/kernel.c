/* The list of families, and what the parameters of a tree are. */
#include "gp/kernels/kernel.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "gp/kernels/kernel_internal.h"

/* ---- the list ------------------------------------------------------------------ */

#define KERNEL(name) extern const struct kernel_family kernel_##name;
#include "gp/kernels/kernel_list.def"
#undef KERNEL

static const struct kernel_family *const families[] = {
#define KERNEL(name) &kernel_##name,
#include "gp/kernels/kernel_list.def"
#undef KERNEL
};

static const struct kernel_parameter none[] = {{0}};
const struct kernel_family kernel__sum = {.name = "sum", .parameters = none};
const struct kernel_family kernel__product = {.name = "product", .parameters = none};

/* Of every scaled term; as a density of its logarithm. */
static const struct gp_prior_term outputscale_prior = {.shape = GP_PRIOR_LOGNORMAL_LN,
	.b = 1,
	.lower = -4.605170185988091,
	.upper = 4.605170185988092};

const struct kernel_family *kernel_at(int i)
{
	return i >= 0 && (size_t)i < sizeof(families) / sizeof(*families) ? families[i] : NULL;
}

const struct kernel_family *kernel_find(const char *name)
{
	for (int i = 0; kernel_at(i); i++)
		if (strcmp(kernel_at(i)->name, name) == 0)
			return kernel_at(i);
	if (strcmp(name, kernel__sum.name) == 0)
		return &kernel__sum;
	return strcmp(name, kernel__product.name) == 0 ? &kernel__product : NULL;
}

struct kernel_term kernel_scaled(const struct kernel_family *family)
{
	return (struct kernel_term){.family = family, .scaled = true};
}

/* ---- parameters ------------------------------------------------------------------ */

static int count_of(const struct kernel_term *t, const struct kernel_parameter *p, int d)
{
	switch (p->count) {
	case KERNEL_ONE: break;
	case KERNEL_PER_COLUMN: return kernel__columns(t, d);
	case KERNEL_PER_SIZE: return t->size[0];
	case KERNEL_PER_SIZES: return t->size[0] * t->size[1];
	}
	return 1;
}

int kernel__own_parameters(const struct kernel_term *t, int d)
{
	int n = 0;

	for (const struct kernel_parameter *p = t->family->parameters; p->name; p++)
		n += count_of(t, p, d);
	return n;
}

int kernel_parameters(const struct kernel_term *t, int d)
{
	int n = kernel__own_parameters(t, d) + t->scaled;

	for (int i = 0; i < t->n_parts; i++)
		n += kernel_parameters(&t->parts[i], d);
	return n;
}

/* Columns of a matrix of parameters that start alike would stay alike: column c > 0 starts with
 * every size[1]-th of its numbers, the first column with all. */
static bool own_column(const struct kernel_term *t, int i)
{
	int row = i / t->size[1], column = i % t->size[1];

	return column == 0 || row % t->size[1] == column;
}

static struct kernel_place own_place(const struct kernel_term *t, int d, int i)
{
	const struct kernel_parameter *p = t->family->parameters;
	struct kernel_place place;

	while (i >= count_of(t, p, d))
		i -= count_of(t, p++, d);
	place = (struct kernel_place){t, p->name, i, p->positive, p->prior};
	if (p->count == KERNEL_PER_SIZES && !own_column(t, i))
		place.prior.start = 0;
	return place;
}

struct kernel_place kernel_place(const struct kernel_term *t, int d, int i)
{
	int own = kernel__own_parameters(t, d);

	if (i < own)
		return own_place(t, d, i);
	i -= own;
	for (int part = 0; part < t->n_parts; part++) {
		int n = kernel_parameters(&t->parts[part], d);

		if (i < n)
			return kernel_place(&t->parts[part], d, i);
		i -= n;
	}
	assert(t->scaled && i == 0);
	return (struct kernel_place){t, "outputscale", 0, true, outputscale_prior};
}

double kernel__inner_variance(const struct kernel_term *t, int d, const double *value)
{
	bool sum = t->family == &kernel__sum;
	const double *inner = value + kernel__own_parameters(t, d);
	double total = sum ? 0 : 1;

	for (int i = 0; i < t->n_parts; i++) {
		double part = kernel__variance(&t->parts[i], d, inner);

		total = sum ? total + part : total * part;
		inner += kernel_parameters(&t->parts[i], d);
	}
	return total;
}

double kernel__variance(const struct kernel_term *t, int d, const double *value)
{
	return kernel__inner_variance(t, d, value) *
		(t->scaled ? value[kernel_parameters(t, d) - 1] : 1);
}

/* Returns how many numbers of theta it used. */
static int values(const struct kernel_term *t, int d, const double *theta, double *value)
{
	int n = 0;

	for (const struct kernel_parameter *p = t->family->parameters; p->name; p++)
		for (int left = count_of(t, p, d); left > 0; left--, n++)
			value[n] = p->positive ? exp(theta[n]) : theta[n];
	for (int i = 0; i < t->n_parts; i++)
		n += values(&t->parts[i], d, theta + n, value + n);
	if (t->scaled) {
		value[n] = exp(theta[n]);
		n++;
	}
	return n;
}

void kernel_values(const struct kernel_term *root, int d, const double *theta, double *value)
{
	values(root, d, theta, value);
}

/* rate (d) += 1 / l^2 of each leaf, by its share in the variance of all that `share` is of. */
static void add_rates(
	const struct kernel_term *t, int d, const double *value, double share, double *rate)
{
	const struct kernel_parameter *first = t->family->parameters;
	int n = kernel__own_parameters(t, d), columns = kernel__columns(t, d);

	if (first->name && strcmp(first->name, "lengthscale") == 0 && first->count == KERNEL_PER_COLUMN)
		for (int i = 0; i < columns; i++)
			rate[t->n_dims > 0 ? t->dims[i] : i] += (t->family->apart ? share / columns : share) /
				(value[i] * value[i]);
	for (int i = 0; i < t->n_parts; i++) {
		const struct kernel_term *part = &t->parts[i];
		double of = t->family == &kernel__sum
			? kernel__variance(part, d, value + n) / kernel__inner_variance(t, d, value)
			: 1;

		add_rates(part, d, value + n, share * of, rate);
		n += kernel_parameters(part, d);
	}
}

void kernel_lengthscales(const struct kernel *k, double *lengthscale)
{
	memset(lengthscale, 0, sizeof(*lengthscale) * (size_t)k->d);
	add_rates(k->root, k->d, k->value, 1, lengthscale);
	for (int i = 0; i < k->d; i++)
		lengthscale[i] = lengthscale[i] > 0 ? 1 / sqrt(lengthscale[i]) : 1;
}

bool kernel_diagonal_varies(const struct kernel_term *t)
{
	bool varies = t->family->diagonal != NULL;

	for (int i = 0; i < t->n_parts; i++)
		varies |= kernel_diagonal_varies(&t->parts[i]);
	return varies;
}
