/* Kind `map_fit`: the best log posterior under BoTorch's default priors, which
 * gp/prior.h can state. */
#include <math.h>
#include <string.h>

#include "gp/fit.h"
#include "gp/outcome/outcome.h"
#include "tests/golden/golden.h"

static const double tolerance = 1e-7;

/* Bounds that are absent or null are none. */
static double bound(const cJSON *json, const char *name, double none)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, name);

	return item && !cJSON_IsNull(item) ? log(golden_number(item)) : none;
}

/* A parameter without a prior has a flat one. */
static bool read_term(struct gp_prior_term *t, const cJSON *json)
{
	const cJSON *dist = cJSON_GetObjectItemCaseSensitive(json, "dist");
	const char *name = cJSON_IsString(dist) ? dist->valuestring : "";
	bool gamma = strcmp(name, "gamma") == 0;

	t->lower = bound(json, "lower", -INFINITY);
	t->upper = bound(json, "upper", INFINITY);
	t->shape = GP_PRIOR_FLAT;
	if (!dist)
		return true;
	if (!gamma && strcmp(name, "lognormal") != 0)
		return false;
	t->shape = gamma ? GP_PRIOR_GAMMA : GP_PRIOR_LOGNORMAL;
	t->a = golden_number(cJSON_GetObjectItemCaseSensitive(json, gamma ? "shape" : "mu"));
	t->b = golden_number(cJSON_GetObjectItemCaseSensitive(json, gamma ? "rate" : "sigma"));
	return true;
}

/* By the names of the kernel's parameters; an outputscale that the model does not have is 1. */
static bool read_prior(struct gp_prior *p, const struct kernel_term *kernel, const cJSON *model)
{
	const cJSON *priors = cJSON_GetObjectItemCaseSensitive(model, "priors");
	bool scaled = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(model, "has_outputscale"));

	for (int i = 0; i < p->size - 1; i++) {
		const char *name = kernel_place(kernel, p->d, i).name;

		if (!scaled && strcmp(name, "outputscale") == 0)
			gp_prior_fix(&p->term[i], 1);
		else if (!read_term(&p->term[i], cJSON_GetObjectItemCaseSensitive(priors, name)))
			return false;
	}
	return read_term(gp_prior_noise(p), cJSON_GetObjectItemCaseSensitive(priors, "noise"));
}

static void answer_optimum(struct golden_case *c, const struct gp_prior *prior,
	const struct kernel_term *kernel, const double *theta, double log_posterior)
{
	double *value = golden_array(c, prior->size);
	double log_prior = gp_prior_log_density(prior, theta, NULL);

	kernel_values(kernel, prior->d, theta, value);
	for (int i = 0, n; i < prior->size - 1; i += n) {
		const char *name = kernel_place(kernel, prior->d, i).name;

		for (n = 1; i + n < prior->size - 1; n++)
			if (strcmp(kernel_place(kernel, prior->d, i + n).name, name) != 0)
				break;
		golden_values(c, arena_printf(golden_arena(c), "best_%s", name), value + i, n);
	}
	golden_value(c, "best_noise", exp(theta[prior->size - 1]));
	golden_value(c, "best_log_prior", log_prior);
	golden_value(c, "best_lml", log_posterior - log_prior);
	golden_at_least(c, "log_posterior", log_posterior);
	golden_at_least(c, "library_fit_log_posterior", log_posterior);
}

/* In the units of y. */
static enum kr_status predict(struct golden_case *c, const struct gp_data *data,
	const double *theta, struct mat X, double shift, double scale, struct kr_error *err)
{
	struct gp *g = gp_new(data->n, data->d, 1);
	struct gp_batch batch;
	enum kr_status status = g ? gp_condition(g, data, theta, golden_arena(c), err) : KR_ENOMEM;

	if (status == KR_OK)
		status = gp_predict(g, X, false, &batch, golden_arena(c), err);
	if (status == KR_OK) {
		golden_value(c, "best_mean", gp_mean(g));
		for (int i = 0; i < X.rows; i++) {
			*mat_at(batch.mean, i, 0) = shift + scale * *mat_at(batch.mean, i, 0);
			batch.var[i] *= scale * scale;
		}
		golden_matrix(c, "prediction_mean", batch.mean);
		golden_values(c, "prediction_var", batch.var, X.rows);
	}
	gp_free(g);
	return status;
}

static enum golden_verdict map_fit(struct golden_case *c, const cJSON *in)
{
	const cJSON *model = cJSON_GetObjectItemCaseSensitive(in, "model");
	const cJSON *family = cJSON_GetObjectItemCaseSensitive(model, "kernel");
	struct mat X = golden_rows(c, cJSON_GetObjectItemCaseSensitive(in, "X"));
	struct mat test = golden_rows(c, cJSON_GetObjectItemCaseSensitive(in, "Xtest"));
	const double *y;
	int n, d = X.cols;
	double *z, *theta, shift, scale;
	struct gp_prior prior;
	struct gp_fit_result fit;
	struct kernel_term kernel;
	struct gp_data data = {.n = X.rows, .d = d, .X = X};
	struct kr_error err = {.text = "out of memory"};
	enum kr_status status;

	kernel = kernel_scaled(kernel_find(cJSON_IsString(family) ? family->valuestring : ""));
	data.kernel = &kernel;
	if (!kernel.family)
		return golden_unknown(c, "kernel", cJSON_IsString(family) ? family->valuestring : "");
	status = gp_prior_default(&prior, &kernel, d, golden_arena(c), &err);
	if (status != KR_OK)
		return golden_error(c, err.text);
	theta = golden_array(c, prior.size);
	if (!read_prior(&prior, &kernel, model))
		return golden_unknown(c, "prior", "of another shape");
	y = golden_list(c, cJSON_GetObjectItemCaseSensitive(in, "y"), &n);
	z = golden_array(c, n);
	outcome_standardize(y, n, z, &shift, &scale);
	if (cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(model, "standardize_y"))) {
		memcpy(z, y, sizeof(*z) * (size_t)n);
		shift = 0;
		scale = 1;
	}
	data.y = z;

	status = gp_fit_thorough(&data, &prior, tolerance, theta, &fit, golden_arena(c), &err);
	if (status == KR_OK)
		status = predict(c, &data, theta, test, shift, scale, &err);
	if (status != KR_OK)
		return golden_error(c, err.text);
	answer_optimum(c, &prior, &kernel, theta, fit.log_posterior);
	return GOLDEN_ANSWERED;
}

const struct golden_kind golden_fit_kinds[] = {{"map_fit", map_fit}, {0}};
