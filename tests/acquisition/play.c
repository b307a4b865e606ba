#include "tests/acquisition/play.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* n of them, none known. */
static double *numbers(int n)
{
	double *p = calloc((size_t)n, sizeof(*p));
	for (int i = 0; i < n; i++)
		p[i] = NAN;
	return p;
}

struct play *play_new(struct space *space, int cap, uint64_t seed)
{
	struct play *p = calloc(1, sizeof(*p));
	size_t size = (size_t)cap * (size_t)space_dims(space);
	p->space = space;
	p->d = space_dims(space);
	p->cap = cap;
	p->seed = seed;
	p->minimize = true;
	p->X = calloc(size, sizeof(double));
	p->y = calloc((size_t)cap, sizeof(double));
	p->sem = numbers(cap);
	p->pending = calloc(size, sizeof(double));
	p->failed = calloc(size, sizeof(double));
	p->infeasible = calloc(size, sizeof(double));
	p->taken = calloc(size, sizeof(double));
	p->state = calloc(PLAY_STATE, sizeof(double));
	return p;
}

void play_free(struct play *p)
{
	space_free(p->space);
	free(p->X);
	free(p->y);
	free(p->pending);
	free(p->sem);
	for (int k = 0; k < p->n_constraints; k++) {
		free(p->c[k]);
		free(p->c_sem[k]);
	}
	free(p->failed);
	free(p->infeasible);
	free(p->taken);
	free(p->state);
	free(p);
}

struct policy_input play_input(struct play *p, const struct policy_slot *slots, int n)
{
	return (struct policy_input){.space = p->space,
		.belief = p->belief,
		.n_sources = p->n_sources,
		.sources = p->sources,
		.minimize = p->minimize,
		.seed = p->seed,
		.n = p->n,
		.X = p->X,
		.y = p->y,
		.sem = p->sem,
		.has_noise_sd = p->has_noise_sd,
		.noise_sd = p->noise_sd,
		.n_constraints = p->n_constraints,
		.constraints = p->constraints,
		.n_pending = p->n_pending,
		.pending = p->pending,
		.n_failed = p->n_failed,
		.failed = p->failed,
		.n_infeasible = p->n_infeasible,
		.infeasible = p->infeasible,
		.n_taken = p->n_taken,
		.taken = p->taken,
		.n_slots = n,
		.slots = slots,
		.n_state = p->n_state,
		.state = p->state};
}

struct policy *play_run(const struct policy_input *in)
{
	struct policy *p;
	assert_int_equal(policy_new(&p, in, NULL), KR_OK);
	while (policy_step(p))
		;
	return p;
}

enum policy_rule play_ask(struct play *p, double *values)
{
	struct policy_slot slot = {.number = p->next++};
	struct policy_input in = play_input(p, &slot, 1);
	struct policy *job = play_run(&in);
	p->last = policy_suggestion(job, 0);
	p->units = policy_units(job);
	const double *state = policy_state(job, &p->n_state);
	memcpy(p->state, state, sizeof(double) * (size_t)p->n_state);
	for (int j = 0; p->last.values && j < p->d; j++) {
		values[j] = p->last.values[j];
		if (!isnan(values[j]))
			assert_int_equal(space_check(p->space, j, values[j], NULL), KR_OK);
	}
	if (p->last.values) {
		assert_true(space_complete(p->space, values));
		assert_int_equal(space_broken(p->space, values), -1);
	}
	p->last.values = NULL;
	policy_free(job);
	return p->last.rule;
}

static void append(struct play *p, double *list, int *n, const double *values)
{
	assert_true(*n < p->cap);
	memcpy(list + (size_t)*n * (size_t)p->d, values, sizeof(double) * (size_t)p->d);
	++*n;
}

void play_tell(struct play *p, const double *values, double y)
{
	p->y[p->n] = y;
	append(p, p->X, &p->n, values);
}

void play_tell_all(struct play *p, const double *values, double y, const double *c)
{
	for (int k = 0; k < p->n_constraints; k++)
		p->c[k][p->n] = c[k];
	play_tell(p, values, y);
}

void play_constrain(struct play *p, double lower, double upper)
{
	int k = p->n_constraints++;
	assert_true(k < PLAY_CONSTRAINTS);
	p->c[k] = numbers(p->cap);
	p->c_sem[k] = numbers(p->cap);
	p->constraints[k] = (struct policy_constraint){lower, upper, p->c[k], p->c_sem[k]};
}

void play_pend(struct play *p, const double *values)
{
	append(p, p->pending, &p->n_pending, values);
}

void play_fail(struct play *p, const double *values)
{
	append(p, p->failed, &p->n_failed, values);
}

void play_rule_out(struct play *p, const double *values)
{
	append(p, p->infeasible, &p->n_infeasible, values);
}

void play_take(struct play *p, const double *values)
{
	append(p, p->taken, &p->n_taken, values);
}
