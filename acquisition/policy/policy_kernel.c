/* What the models take for alike.
 *
 *   numbers                s2 Matern 5/2 of all parameters, a lengthscale each
 *                          + s2 mean of a Matern 5/2 of each parameter (`additive`)
 *   choices, or many       s2 Matern 5/2 of all parameters
 *   numbers and choices    s2 Matern 5/2 of the numbers
 *                          + s2 Matern 5/2 of the numbers x a kernel of the choices
 *
 * Where parameters act one by one, a basin that was found in one place tells of all others in line
 * with it, and the optimum may be put together from what was seen apart; a Matern of all learns
 * nothing of that. The variance of the sum is small unless the observations speak for it: its prior is
 * that of a rare thing, and the fit starts where it would be useful. The second model of the objective
 * does without: that costs half and is worth as much.
 *
 * With choices the sum is what all of them have in common, and what is their own, each with a variance
 * and lengthscales of the numbers (Ru et al. 2020, CoCaBO, eq. 4; Wan et al. 2021, Casmopolitan). One
 * Matern 5/2 of all is nearly a product: where a choice matters, what one choice teaches of the
 * numbers is lost on the others.
 *
 * The kernel of the choices is rbf on their columns: a factor exp(-1 / (2 l^2)) for each that
 * differs, the `categorical` family in the coordinates that sample paths know. */
#include "acquisition/policy/policy_internal.h"

/* Places among the parts of a sum or product. */
enum { TOGETHER, APART };  /* of numbers alone */
enum { SHARED, OWN };      /* of numbers and choices: in all choices, in each */
enum { NUMBERS, CHOICES }; /* of what is own */

/* 2 l^2 is lognormal(0, 1), a density of its logarithm, and within 1/100 and 100: at the mode a
 * choice that differs leaves a correlation of 1/e. */
static const struct gp_prior_term choices_prior = GP_PRIOR_TERM_LN(
	-0.34657359027997264, 0.5, -2.649158683274018, 1.956011502714073);

/* Of the sum over single parameters. One parameter varies more along its range than a function of many
 * does: lengthscales are 0.3 of what radial kernels expect of one number. */
static const struct gp_prior_term apart_lengthscale_prior = {.shape = GP_PRIOR_LOGNORMAL,
	.a = 0.21024075804715788, /* sqrt 2 + ln 0.3 */
	.b = 1.7320508075688772,
	.lower = -4.605170185988091,
	.upper = 4.605170185988092,
	.lengthscale = true};
static const struct gp_prior_term apart_outputscale_prior = {
	.shape = GP_PRIOR_LOGNORMAL_LN, .a = -3, .b = 1, .lower = -7, .upper = 4.605170185988092};

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

/* p->kernel <- a sum of two terms, returned for the caller to fill; NULL without memory. */
static struct kernel_term *choose_sum(struct policy *p)
{
	struct kernel_term *terms = ARENA_ARRAY(p->arena, struct kernel_term, 2);
	p->kernel = (struct kernel_term){.family = kernel_find("sum"), .n_parts = 2, .parts = terms};
	return terms;
}

static bool choose_additive(struct policy *p, struct kernel_term numbers)
{
	struct kernel_term *terms = choose_sum(p);
	if (!terms)
		return false;
	terms[TOGETHER] = terms[APART] = numbers;
	terms[APART].family = kernel_find("additive");
	terms[TOGETHER].scaled = terms[APART].scaled = true;
	p->n_inputs = numbers.n_dims;
	return true;
}

static bool choose_mixed(struct policy *p, struct kernel_term numbers, struct kernel_term choices)
{
	struct kernel_term *factors = ARENA_ARRAY(p->arena, struct kernel_term, 2);
	struct kernel_term *terms = choose_sum(p);
	if (!factors || !terms)
		return false;
	factors[NUMBERS] = numbers;
	factors[CHOICES] = choices;
	terms[SHARED] = numbers;
	terms[SHARED].scaled = true;
	terms[OWN] = kernel_scaled(kernel_find("product"));
	terms[OWN].n_parts = 2;
	terms[OWN].parts = factors;
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
	bool few = p->in.n <= POLICY__MODEL_ROWS && numbers.n_dims > 0;
	if (few && choices.n_dims > 0 && p->options.mixed_kernel > 0)
		p->structure = POLICY__MIXED;
	else if (few && choices.n_dims == 0 && numbers.n_dims > 1 &&
		numbers.n_dims <= p->options.additive_until && p->in.acquisition == CHOICE_AUTO)
		p->structure = POLICY__ADDITIVE;
	bool ok = p->structure == POLICY__MIXED ? choose_mixed(p, numbers, choices)
		: p->structure == POLICY__ADDITIVE  ? choose_additive(p, numbers)
											: choose_plain(p);
	p->theta_size = ok ? kernel_parameters(&p->kernel, p->d) + 1 : 0;
	return ok;
}

/* The numbers of one term of the kernel have these priors. */
static void set_priors(const struct policy *p, const struct kernel_term *of, struct gp_prior *out,
	const struct gp_prior_term *lengthscale, const struct gp_prior_term *outputscale)
{
	for (int i = 0; i < p->theta_size - 1; i++)
		if (kernel_place(&p->kernel, p->d, i).term == of)
			out->term[i] = out->term[i].lengthscale ? *lengthscale : *outputscale;
}

const struct kernel_term *policy__kernel(const struct policy *p, enum policy__kind kind)
{
	bool together = kind == POLICY__SHORT && p->structure == POLICY__ADDITIVE;
	return together ? &p->kernel.parts[TOGETHER] : &p->kernel;
}

enum kr_status policy__make_prior(
	struct policy *p, const struct policy__metric *m, struct gp_prior *out, struct kr_error *err)
{
	enum kr_status st = gp_prior_default(out, policy__kernel(p, m->kind), p->d, p->arena, err);
	if (st)
		return st;
	out->d = p->n_inputs;
	if (p->structure == POLICY__ADDITIVE && m->kind != POLICY__SHORT)
		set_priors(
			p, &p->kernel.parts[APART], out, &apart_lengthscale_prior, &apart_outputscale_prior);
	else if (p->structure == POLICY__MIXED)
		set_priors(p, &p->kernel.parts[OWN].parts[CHOICES], out, &choices_prior, &choices_prior);
	if (m->kind == POLICY__SHORT)
		gp_prior_saas(out, p->options.short_scale, true);
	if (m->known)
		gp_prior_fix(gp_prior_noise(out), 0);
	return KR_OK;
}

const char *policy__kernel_name(const struct policy *p)
{
	static const char *const names[POLICY__STRUCTURES] = {[POLICY__PLAIN] = "matern52",
		[POLICY__ADDITIVE] = "matern52 + additive",
		[POLICY__MIXED] = "matern52 + matern52 x choices"};
	return names[p->structure];
}
