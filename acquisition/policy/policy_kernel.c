/* What the models take for alike.
 *
 *   numbers or choices alone   s2 Matern 5/2 of all parameters, a lengthscale each
 *   both                       s2 Matern 5/2 of the numbers
 *                              + s2 Matern 5/2 of the numbers x a kernel of the choices
 *
 * The sum is what the choices have in common, and what is their own, each with a variance and
 * lengthscales of the numbers (Ru et al. 2020, CoCaBO, eq. 4; Wan et al. 2021, Casmopolitan). One
 * Matern 5/2 of all is nearly a product: where a choice matters, what one choice teaches of the
 * numbers is lost on the others.
 *
 * The kernel of the choices is rbf on their columns: a factor exp(-1 / (2 l^2)) for each that
 * differs, the `categorical` family in the coordinates that sample paths know. */
#include "acquisition/policy/policy_internal.h"

enum { NUMBERS, CHOICES, SHARED = 0, OWN };

/* 2 l^2 is lognormal(0, 1), a density of its logarithm, and within 1/100 and 100: at the mode a
 * choice that differs leaves a correlation of 1/e. */
static const struct gp_prior_term choices_prior = GP_PRIOR_TERM_LN(
	-0.34657359027997264, 0.5, -2.649158683274018, 1.956011502714073);

/* Columns of one sort that vary; how many by *n. NULL without memory. */
static const int *columns(struct policy *p, bool categorical, int *n)
{
	int *dims = ARENA_ARRAY(p->arena, int, p->d);
	*n = 0;
	for (int i = 0; dims && i < p->d; i++)
		if (space_levels(p->in.space, i) > 1 &&
			(space_categorical(p->in.space)[i] != 0) == categorical)
			dims[(*n)++] = i;
	return dims;
}

/* One Matern of the parameters that vary: priors by dimension count no others. */
static bool choose_plain(struct policy *p)
{
	int *dims = ARENA_ARRAY(p->arena, int, p->d), n = 0;
	for (int i = 0; dims && i < p->d; i++)
		if (space_levels(p->in.space, i) > 1)
			dims[n++] = i;
	bool part = n > 0 && n < p->d;
	p->kernel = kernel_scaled(kernel_find("matern52"));
	p->kernel.n_dims = part ? n : 0;
	p->kernel.dims = part ? dims : NULL;
	p->n_inputs = part ? n : p->d;
	return dims != NULL;
}

static bool choose_mixed(struct policy *p, struct kernel_term numbers, struct kernel_term choices)
{
	struct kernel_term *factors = ARENA_ARRAY(p->arena, struct kernel_term, 2);
	struct kernel_term *terms = ARENA_ARRAY(p->arena, struct kernel_term, 2);
	if (!factors || !terms)
		return false;
	factors[NUMBERS] = numbers;
	factors[CHOICES] = choices;
	terms[SHARED] = numbers;
	terms[SHARED].scaled = true;
	terms[OWN] = kernel_scaled(kernel_find("product"));
	terms[OWN].n_parts = 2;
	terms[OWN].parts = factors;
	p->kernel = (struct kernel_term){.family = kernel_find("sum"), .n_parts = 2, .parts = terms};
	p->n_inputs = numbers.n_dims;
	return true;
}

bool policy__choose_kernel(struct policy *p)
{
	struct kernel_term numbers = {.family = kernel_find("matern52")};
	struct kernel_term choices = {.family = kernel_find("rbf")};
	numbers.dims = columns(p, false, &numbers.n_dims);
	choices.dims = columns(p, true, &choices.n_dims);
	if (!numbers.dims || !choices.dims)
		return false;
	p->mixed = p->options.mixed_kernel > 0 && p->in.n <= POLICY__MODEL_ROWS && numbers.n_dims > 0 &&
		choices.n_dims > 0;
	if (!(p->mixed ? choose_mixed(p, numbers, choices) : choose_plain(p)))
		return false;
	p->theta_size = kernel_parameters(&p->kernel, p->d) + 1;
	return true;
}

enum kr_status policy__make_prior(
	struct policy *p, const struct policy__metric *m, struct gp_prior *out, struct kr_error *err)
{
	enum kr_status st = gp_prior_default(out, &p->kernel, p->d, p->arena, err);
	if (st)
		return st;
	out->d = p->n_inputs;
	const struct kernel_term *choices = p->mixed ? &p->kernel.parts[OWN].parts[CHOICES] : NULL;
	for (int i = 0; i < p->theta_size - 1; i++)
		if (kernel_place(&p->kernel, p->d, i).term == choices)
			out->term[i] = choices_prior;
	if (m->kind == POLICY__SHORT)
		gp_prior_saas(out, p->options.short_scale, true);
	if (m->known)
		gp_prior_fix(gp_prior_noise(out), 0);
	return KR_OK;
}

const char *policy__kernel_name(const struct policy *p)
{
	return p->mixed ? "matern52 + matern52 x choices" : p->kernel.family->name;
}
