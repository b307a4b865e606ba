#include "acquisition/function/acq.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "gp/special/special.h"

#define ACQ(name) extern const struct acq_family acq_##name;
#include "acquisition/function/acq_list.def"
#undef ACQ

static const struct acq_family *const families[] = {
#define ACQ(name) &acq_##name,
#include "acquisition/function/acq_list.def"
#undef ACQ
};

enum { N_FAMILIES = sizeof(families) / sizeof(*families) };

const struct acq_family *acq_at(int i)
{
	return i >= 0 && i < N_FAMILIES ? families[i] : NULL;
}

const struct acq_family *acq_find(const char *name)
{
	for (int i = 0; i < N_FAMILIES; i++)
		if (!strcmp(families[i]->name, name))
			return families[i];
	return NULL;
}

/* Average M values; w <- the derivative of the average in each. */
static double average(bool in_log, const double *v, int M, double *w)
{
	double sum = 0;
	if (in_log) {
		double total = special_log_sum_exp(v, M);
		for (int m = 0; m < M; m++)
			w[m] = exp(v[m] - total);
		return total - log(M);
	}
	for (int m = 0; m < M; m++) {
		sum += v[m];
		w[m] = 1.0 / M;
	}
	return sum / M;
}

void acq_moments(const struct acq *a, struct mat mean, const double *var, double *value,
	struct mat dmean, double *dvar)
{
	int M = mean.cols;
	double v[ACQ_MAX_COLUMNS], dmu[ACQ_MAX_COLUMNS], ds[ACQ_MAX_COLUMNS], w[ACQ_MAX_COLUMNS];
	assert(M >= 1 && M <= ACQ_MAX_COLUMNS);

	for (int b = 0; b < mean.rows; b++) {
		double s = sqrt(var[b]), slope = 0;
		for (int m = 0; m < M; m++)
			v[m] = a->family->at(*mat_at(mean, b, m), s, a->best[m], a->beta, &dmu[m], &ds[m]);
		value[b] = average(a->family->log, v, M, w);
		if (!dmean.p)
			continue;
		for (int m = 0; m < M; m++) {
			*mat_at(dmean, b, m) = w[m] * dmu[m];
			slope += w[m] * ds[m];
		}
		dvar[b] = slope / (2 * s); /* s^2 = var */
	}
}

enum kr_status acq_eval(const struct acq *a, struct mat X, double *value, struct mat D,
	struct arena *scratch, struct kr_error *err)
{
	struct arena_mark mark = arena_mark(scratch);
	bool gradient = D.p != NULL;
	struct gp_batch batch;
	enum kr_status st = gp_predict(a->model, X, gradient, &batch, scratch, err);
	if (st)
		goto done;

	int B = X.rows, M = batch.mean.cols;
	struct mat dmean = mat_view(NULL, B, M, B);
	double *dvar = NULL;
	if (gradient) {
		dmean.p = arena_alloc(scratch, sizeof(double) * (size_t)B * (size_t)M);
		dvar = arena_alloc(scratch, sizeof(double) * (size_t)B);
		if (!dmean.p || !dvar) {
			st = kr_fail(err, KR_ENOMEM, "no memory for %d candidates", B);
			goto done;
		}
	}
	acq_moments(a, batch.mean, batch.var, value, dmean, dvar);
	if (gradient)
		st = gp_adjoint(a->model, &batch, dmean, dvar, D, scratch, err);
done:
	arena_release(scratch, mark);
	return st;
}
