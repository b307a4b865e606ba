/* Fits and predictions have the same bits on any number of threads, whatever runs beside
 * them and in whatever order starts are done. */
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "gp/fit.h"
#include "gp/linalg/blas.h"
#include "tests/gp/reference.h"

enum { SETS = 6, STARTS = 2, JOBS = SETS * STARTS, MAX_THETA = 12, P = 25, EVALUATIONS = 25 };

/* What the fit of one set and its model answer; compared byte by byte. */
struct answer {
	double log_posterior, theta[MAX_THETA];
	double mean[P], var[P], gradient[P * MAX_THETA];
	double appended_mean[P];
};

struct start {
	double theta[MAX_THETA], log_posterior, evaluations; /* no padding */
};

/* One run over all sets. */
struct run {
	int order[JOBS];
	atomic_int next, failures;
	struct start starts[SETS][STARTS];
	struct answer answers[SETS];
};

static struct dataset sets[SETS], at[SETS];

static void make_sets(void)
{
	static const char *const families[SETS] = {
		"matern52", "rbf", "matern12", "matern32", "matern52", "rq"};
	static const int sizes[SETS] = {30, 70, 130, 190, 257, 61};
	struct rng r = reference_rng("threads");

	for (int i = 0; i < SETS; i++) {
		reference_dataset(&sets[i], sizes[i], 2 + i, i % 2, &r);
		reference_dataset(&at[i], P, 2 + i, i % 2, &r);
		sets[i].data.kernel = reference_term(families[i]);
	}
}

/* One start of one fit. */
static bool fit_start(struct run *run, int set, int start, struct arena *a)
{
	const struct gp_data *data = &sets[set].data;
	struct start *s = &run->starts[set][start];
	struct gp_fit_result result;
	struct gp_prior prior;

	if (gp_prior_default(&prior, data->kernel, data->d, a, NULL) != KR_OK)
		return false;
	for (int k = 0; k < prior.size; k++)
		s->theta[k] = prior.term[k].start;
	for (int k = 0; k < data->d; k++)
		s->theta[k] = start ? log(0.3) : log(1.0 + k);
	s->theta[prior.size - 1] = log(start ? 0.05 : 1e-3);
	if (gp_fit_from(data, &prior, EVALUATIONS, s->theta, &result, a, NULL) != KR_OK)
		return false;
	s->log_posterior = result.log_posterior;
	s->evaluations = result.evaluations;
	return true;
}

/* The best start, the model of it, and what it predicts before and after one more
 * observation. */
static bool answer(struct run *run, int set, struct arena *a)
{
	const struct gp_data *data = &sets[set].data;
	struct answer *out = &run->answers[set];
	struct gp *g = gp_new(data->n + 1, data->d, 1);
	struct gp_batch batch;
	double dvar[P], x[MAX_THETA];
	bool ok;

	out->log_posterior = -INFINITY;
	for (int i = 0; i < STARTS; i++) {
		const struct start *s = &run->starts[set][i];

		if (s->log_posterior > out->log_posterior) {
			out->log_posterior = s->log_posterior;
			memcpy(out->theta, s->theta, sizeof(s->theta));
		}
	}
	ok = g && gp_condition(g, data, out->theta, a, NULL) == KR_OK &&
		gp_predict(g, at[set].data.X, true, &batch, a, NULL) == KR_OK;
	for (int i = 0; ok && i < P; i++) {
		out->mean[i] = batch.mean.p[i];
		out->var[i] = dvar[i] = batch.var[i];
	}
	ok = ok &&
		gp_adjoint(g, &batch, batch.mean, dvar, mat_view(out->gradient, P, data->d, P), a, NULL) ==
			KR_OK;
	for (int k = 0; k < data->d; k++)
		x[k] = *mat_at(at[set].data.X, 0, k);
	ok = ok && gp_append(g, x, 0.5, 1e-3, a, NULL) == KR_OK &&
		gp_predict(g, at[set].data.X, false, &batch, a, NULL) == KR_OK;
	for (int i = 0; ok && i < P; i++)
		out->appended_mean[i] = batch.mean.p[i];
	gp_free(g);
	return ok;
}

/* First all starts in the run's order, then (a second call) the answers. */
static void *work(void *context, bool starts)
{
	struct run *run = context;
	struct arena *a = arena_new(1 << 24);
	int jobs = starts ? JOBS : SETS, i;

	while (a && (i = atomic_fetch_add(&run->next, 1)) < jobs) {
		int job = run->order[i];
		bool ok = starts ? fit_start(run, job / STARTS, job % STARTS, a) : answer(run, i, a);

		atomic_fetch_add(&run->failures, !ok);
		arena_reset(a);
	}
	atomic_fetch_add(&run->failures, !a);
	arena_free(a);
	return NULL;
}

static void *work_starts(void *run)
{
	return work(run, true);
}

static void *work_answers(void *run)
{
	return work(run, false);
}

static void spread(struct run *run, int threads, void *(*body)(void *))
{
	pthread_t thread[8];

	atomic_store(&run->next, 0);
	for (int t = 0; t < threads; t++)
		assert_int_equal(pthread_create(&thread[t], NULL, body, run), 0);
	for (int t = 0; t < threads; t++)
		pthread_join(thread[t], NULL);
	assert_int_equal(atomic_load(&run->failures), 0);
}

static void shuffle(int *order, struct rng *r)
{
	for (int i = 0; i < JOBS; i++)
		order[i] = i;
	for (int i = JOBS - 1; r && i > 0; i--) {
		int j = (int)rng_below(r, (uint32_t)i + 1), other = order[j];

		order[j] = order[i];
		order[i] = other;
	}
}

static void bits_do_not_depend_on_threads(void **state)
{
	static const int threads[] = {2, 8, 8};
	static struct run first, other;
	struct rng r = reference_rng("order");

	(void)state;
	make_sets();
	shuffle(first.order, NULL);
	spread(&first, 1, work_starts);
	spread(&first, 1, work_answers);
	for (int i = 0; i < SETS; i++)
		assert_true(isfinite(first.answers[i].log_posterior));
	for (size_t i = 0; i < sizeof(threads) / sizeof(*threads); i++) {
		memset(&other, 0, sizeof(other));
		shuffle(other.order, &r);
		spread(&other, threads[i], work_starts);
		spread(&other, threads[i], work_answers);
		assert_memory_equal(other.starts, first.starts, sizeof(first.starts));
		assert_memory_equal(other.answers, first.answers, sizeof(first.answers));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(bits_do_not_depend_on_threads)};

	blas_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
