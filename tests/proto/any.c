#include "tests/proto/any.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/limits.h"

bool any_coin(struct rng *r)
{
	return rng_below(r, 2);
}

int any_below(struct rng *r, int n)
{
	return (int)rng_below(r, (uint32_t)n);
}

uint64_t any_u64(struct rng *r)
{
	return rng_u64(r) >> rng_below(r, 64);
}

uint32_t any_u32(struct rng *r)
{
	return (uint32_t)rng_u64(r) >> rng_below(r, 32);
}

double any_finite(struct rng *r)
{
	static const double special[] = {0.0, -0.0, 1e308, -1e308, 5e-324, 0.1, 9007199254740993.0};
	double x;
	uint64_t bits;

	if (any_coin(r))
		return special[any_below(r, 7)];
	do {
		bits = rng_u64(r);
		memcpy(&x, &bits, sizeof(x));
	} while (!isfinite(x));
	return x;
}

double any_real(struct rng *r)
{
	switch (any_below(r, 6)) {
	case 0: return NAN;
	case 1: return INFINITY;
	case 2: return -INFINITY;
	default: return any_finite(r);
	}
}

double any_finite_or_nan(struct rng *r)
{
	return rng_below(r, 4) ? any_finite(r) : NAN;
}

double any_sem(struct rng *r)
{
	return fabs(any_finite_or_nan(r));
}

const double *any_reals(struct arena *a, struct rng *r, int n, double (*any)(struct rng *r))
{
	double *x = ARENA_ARRAY(a, double, n);

	for (int i = 0; i < n; i++)
		x[i] = any(r);
	return x;
}

void any_id(struct rng *r, uint8_t id[MSG_ID_BYTES])
{
	for (int i = 0; i < MSG_ID_BYTES; i++)
		id[i] = (uint8_t)(1 + rng_below(r, 255));
}

const char *any_name(struct arena *a, struct rng *r, int i)
{
	static const char *const stems[] = {
		"lr", "x", "num layers", "\xce\xb8", "\xe5\xad\xa6", "\xf0\x9f\x8d\x8e", "a.b[0]", "\"q\""};
	char *s;

	if (rng_below(r, 10) > 0)
		return arena_printf(a, "%s%d", stems[rng_below(r, 8)], i);
	s = arena_alloc(a, LIMIT_NAME_BYTES + 1); /* the longest */
	memset(s, 'n', LIMIT_NAME_BYTES);
	s[LIMIT_NAME_BYTES] = '\0';
	s[snprintf(s, 12, "%d", i)] = '_';
	return s;
}

const char *any_maybe_name(struct arena *a, struct rng *r)
{
	return any_coin(r) ? any_name(a, r, 0) : NULL;
}

const char *any_text(struct arena *a, struct rng *r)
{
	static const char *const texts[] = {
		"", "out of memory\n", " spaced ", "\xc2\x80", "caf\xc3\xa9", "\x01"};

	return arena_printf(a, "%s", texts[rng_below(r, 6)]);
}

const char *any_maybe_text(struct arena *a, struct rng *r)
{
	return any_coin(r) ? any_text(a, r) : NULL;
}

/* ---- parts ---- */

struct msg_texts any_texts(struct arena *a, struct rng *r, int n)
{
	const char **p = ARENA_ARRAY(a, const char *, n);

	for (int i = 0; i < n; i++)
		p[i] = any_name(a, r, i);
	return (struct msg_texts){n, p};
}

struct msg_scalar any_scalar(struct arena *a, struct rng *r, int i)
{
	switch (i == 0 ? any_below(r, 5) : 2 + any_below(r, 3)) {
	case 0: return (struct msg_scalar){.kind = SCALAR_NULL};
	case 1: return (struct msg_scalar){.kind = SCALAR_BOOL, .b = any_coin(r)};
	case 2: return (struct msg_scalar){.kind = SCALAR_INT, .i = (int64_t)(rng_u64(r) << 8) + i};
	case 3: return (struct msg_scalar){.kind = SCALAR_REAL, .r = i + rng_uniform(r)};
	default:
		return (struct msg_scalar){
			.kind = SCALAR_STRING, .s = arena_printf(a, "%s%d", any_text(a, r), i)};
	}
}

const struct msg_named *any_named(struct arena *a, struct rng *r, int n)
{
	struct msg_named *p = ARENA_ARRAY(a, struct msg_named, n);

	for (int i = 0; i < n; i++)
		p[i] = (struct msg_named){any_name(a, r, i), any_scalar(a, r, 0)};
	return p;
}

struct msg_labels any_labels(struct arena *a, struct rng *r)
{
	int n = any_coin(r) ? 0 : any_below(r, 5);

	return (struct msg_labels){n, any_named(a, r, n)};
}

const struct msg_value *any_values(
	struct arena *a, struct rng *r, int n, double (*any)(struct rng *r))
{
	struct msg_value *p = ARENA_ARRAY(a, struct msg_value, n);

	for (int i = 0; i < n; i++) {
		p[i] = (struct msg_value){.name = i == 0 && any_coin(r) ? NULL : any_name(a, r, i),
			.value = any(r),
			.has_sem = any_coin(r)};
		p[i].sem = p[i].has_sem ? fabs(any_finite(r)) : 0;
	}
	return p;
}

struct msg_lease any_lease(struct rng *r, uint64_t number)
{
	struct msg_lease l = {.number = number, .has_attempt = any_coin(r), .has_token = any_coin(r)};

	if (l.has_attempt)
		l.attempt = any_u32(r);
	if (l.has_token)
		any_id(r, l.token);
	return l;
}

static const struct msg_grounds *any_grounds(struct arena *a, struct rng *r)
{
	struct msg_grounds *g = ARENA_NEW(a, struct msg_grounds);
	int n_pulls = any_below(r, 4), n_levers = any_below(r, 3);
	struct msg_pull *pulls = ARENA_ARRAY(a, struct msg_pull, n_pulls);
	struct msg_lever *levers = ARENA_ARRAY(a, struct msg_lever, n_levers);

	for (int i = 0; i < n_pulls; i++)
		pulls[i] = (struct msg_pull){any_u64(r), any_real(r), any_real(r), any_real(r)};
	for (int i = 0; i < n_levers; i++)
		levers[i] = (struct msg_lever){any_name(a, r, i), any_real(r)};
	*g = (struct msg_grounds){.role = WHY_EXPLORE + rng_below(r, 2),
		.observations = any_u64(r),
		.has_gain = any_coin(r),
		.model_mean = any_real(r),
		.noise_sd = any_real(r),
		.n_pulls = n_pulls,
		.pulls = pulls,
		.n_levers = n_levers,
		.levers = levers};
	if (g->has_gain) {
		g->incumbent = any_u64(r);
		g->best = any_real(r);
		g->p_gain = any_real(r);
		g->expected_gain = any_real(r);
	}
	if (any_coin(r)) {
		g->rank = any_u32(r);
		g->optima = any_u32(r) | 1;
	}
	return g;
}

struct msg_why any_why(struct arena *a, struct rng *r)
{
	struct msg_why w = {0};

	if (any_coin(r))
		return w;
	w.rule = WHY_INITIAL + rng_below(r, 4);
	w.freshness = WHY_FRESH + rng_below(r, 3);
	w.has_prediction = any_coin(r);
	w.has_p_feasible = any_coin(r);
	w.p_feasible = w.has_p_feasible ? rng_uniform(r) : 0;
	if (w.has_prediction) {
		w.mean = any_finite(r);
		w.sd = any_finite(r);
		w.has_acq = any_coin(r);
		*(w.has_acq ? &w.acq : &w.log_acq) = any_real(r);
	}
	w.acquisition = any_maybe_name(a, r);
	w.grounds = any_coin(r) ? any_grounds(a, r) : NULL;
	return w;
}

static struct msg_calibration any_calibration(struct rng *r)
{
	struct msg_calibration c = {any_u32(r) | 1, any_real(r), any_real(r), any_real(r), any_real(r),
		any_real(r), any_real(r), any_u32(r), any_real(r), any_coin(r), 0};

	c.worst_number = c.has_worst ? any_u64(r) : 0;
	return c;
}

struct msg_models any_models(struct arena *a, struct rng *r)
{
	int n = any_below(r, 4);
	struct msg_model *p = ARENA_ARRAY(a, struct msg_model, n);

	for (int i = 0; i < n; i++) {
		int d = any_below(r, 5);

		p[i] = (struct msg_model){.name = any_maybe_name(a, r),
			.kernel = any_maybe_text(a, r),
			.n_lengthscales = d,
			.lengthscales = any_reals(a, r, d, any_real),
			.outputscale = any_real(r),
			.noise_sd = any_real(r),
			.mean = any_real(r),
			.n = any_u32(r),
			.n_fit = any_u32(r),
			.has_log_posterior = any_coin(r),
			.jitter = any_real(r),
			.transform = any_maybe_text(a, r)};
		p[i].log_posterior = p[i].has_log_posterior ? any_real(r) : 0;
		if (any_coin(r))
			p[i].calibration = any_calibration(r);
	}
	return (struct msg_models){n, p};
}

static struct msg_prior prior(struct arena *a, struct rng *r, const struct msg_param *p)
{
	bool numeric = p->kind == PARAM_FLOAT || p->kind == PARAM_INT;
	int n = numeric || p->kind == PARAM_BOOL ? 2 : p->n_choices;
	double *numbers = ARENA_ARRAY(a, double, n);

	for (int k = 0; k < n; k++)
		numbers[k] = 1.5 + rng_uniform(r);
	return (struct msg_prior){!numeric ? PRIOR_WEIGHTS
			: p->log                   ? PRIOR_LOG_NORMAL
									   : PRIOR_NORMAL,
		n, numbers};
}

static struct msg_param param(struct arena *a, struct rng *r, int i)
{
	struct msg_param p = {.name = any_name(a, r, i),
		.kind = PARAM_FLOAT + rng_below(r, 6),
		.when = i > 0 && any_coin(r) ? any_name(a, r, 0) : NULL};
	struct msg_scalar *choices;

	if (p.kind == PARAM_FLOAT || p.kind == PARAM_INT) {
		p.has_low = p.has_high = true;
		p.low = any_finite(r);
		p.high = any_finite(r);
		p.log = any_coin(r);
		p.has_step = any_coin(r);
		p.step = p.has_step ? any_finite(r) : 0;
	} else if (p.kind != PARAM_BOOL) {
		p.n_choices = p.kind == PARAM_FIXED ? 1 : 1 + any_below(r, 12);
		p.choices = choices = ARENA_ARRAY(a, struct msg_scalar, p.n_choices);
		for (int k = 0; k < p.n_choices; k++)
			choices[k] = any_scalar(a, r, k);
	}
	if (p.kind != PARAM_FIXED && any_coin(r))
		p.prior = prior(a, r, &p);
	return p;
}

/* Index 0 is the objective. */
static struct msg_metric metric(struct arena *a, struct rng *r, int i)
{
	struct msg_metric m = {.name = any_name(a, r, i), .role = METRIC_MINIMIZE + rng_below(r, 2)};
	int bounds = any_below(r, 3);

	if (i == 0)
		return m;
	m.role = METRIC_CONSTRAINT;
	m.has_lower = bounds != 0;
	m.has_upper = bounds != 1;
	m.lower = m.has_lower ? rng_uniform(r) : 0;
	m.upper = m.has_upper ? 1 + rng_uniform(r) : 0;
	return m;
}

struct msg_acquisition any_acquisition(struct arena *a, struct rng *r)
{
	struct msg_acquisition m = {any_maybe_name(a, r), any_coin(r), any_coin(r), 0, 0};

	m.level = m.has_level ? any_finite(r) : 0;
	m.beta = m.has_beta ? fabs(any_finite(r)) : 0;
	return m;
}

struct msg_stop_rules any_stop(struct rng *r)
{
	struct msg_stop_rules m = {.has_target = any_coin(r)};

	if (any_coin(r)) {
		m.no_progress = any_u64(r) | 1;
		m.min_progress = fabs(any_finite(r));
		m.min_progress_relative = rng_uniform(r);
	}
	if (any_coin(r)) {
		m.p_gain = 1e-9 + 0.9 * rng_uniform(r);
		m.gain = fabs(any_finite(r));
		m.gain_relative = rng_uniform(r);
	}
	m.target = m.has_target ? any_finite(r) : 0;
	return m;
}

struct msg_spec any_spec(struct arena *a, struct rng *r)
{
	struct msg_spec s = {.n_params = 1 + any_below(r, 20),
		.n_metrics = 1 + any_below(r, 3),
		.has_budget = any_coin(r),
		.has_lease = any_coin(r),
		.has_seed = any_coin(r),
		.constraints = any_texts(a, r, any_below(r, 3)),
		.forbidden = any_texts(a, r, any_below(r, 3)),
		.warm_start = any_texts(a, r, any_below(r, 3)),
		.has_noise_sd = any_coin(r),
		.on_expiry = rng_below(r, 3),
		.has_retry_limit = any_coin(r),
		.labels = any_labels(a, r)};
	struct msg_param *params = ARENA_ARRAY(a, struct msg_param, s.n_params);
	struct msg_metric *metrics = ARENA_ARRAY(a, struct msg_metric, s.n_metrics);

	for (int i = 0; i < s.n_params; i++)
		params[i] = param(a, r, i);
	for (int i = 0; i < s.n_metrics; i++)
		metrics[i] = metric(a, r, i);
	s.params = params;
	s.metrics = metrics;
	s.budget = s.has_budget ? any_u64(r) | 1 : 0;
	s.lease_s = s.has_lease ? 1e-3 + rng_uniform(r) * 1e6 : 0;
	s.seed = s.has_seed ? any_u64(r) : 0;
	s.noise_sd = s.has_noise_sd ? fabs(any_finite(r)) : 0;
	s.has_stop = any_coin(r);
	if (s.has_stop)
		s.stop = any_stop(r);
	s.retry_limit = s.has_retry_limit ? any_u32(r) : 0;
	s.acquisition = any_acquisition(a, r);
	return s;
}

struct msg_warm_start any_warm_start(struct arena *a, struct rng *r, int i)
{
	return (struct msg_warm_start){.name = any_name(a, r, i),
		.id = any_u64(r),
		.taken = any_u64(r),
		.unfit = any_u64(r),
		.unused = any_u64(r)};
}
