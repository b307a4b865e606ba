#include "proto/encode_part.h"

#include <string.h>

ProtobufCBinaryData encode_part__text(const char *s)
{
	return (ProtobufCBinaryData){s ? strlen(s) : 0, (uint8_t *)(uintptr_t)s};
}

ProtobufCBinaryData encode_part__id(const uint8_t id[MSG_ID_BYTES])
{
	return (ProtobufCBinaryData){MSG_ID_BYTES, (uint8_t *)(uintptr_t)id};
}

void *encode_part__list(
	struct arena *a, size_t *n_out, int n, const void *items, size_t size, encode_part__maker *make)
{
	void **list = ARENA_ARRAY(a, void *, n);

	*n_out = 0;
	if (!list)
		return NULL;
	for (int i = 0; i < n; i++) {
		list[i] = make(a, (const char *)items + (size_t)i * size);
		if (!list[i])
			return NULL;
	}
	*n_out = (size_t)n;
	return list;
}

ProtobufCBinaryData *encode_part__texts(struct arena *a, size_t *n_out, const struct msg_texts *m)
{
	ProtobufCBinaryData *list = ARENA_ARRAY(a, ProtobufCBinaryData, m->n);

	*n_out = 0;
	if (!list)
		return NULL;
	for (int i = 0; i < m->n; i++)
		list[i] = encode_part__text(m->p[i]);
	*n_out = (size_t)m->n;
	return list;
}

Kriged__Scalar *encode_part__scalar(struct arena *a, const struct msg_scalar *m)
{
	Kriged__Scalar *pb = NEW(a, Kriged__Scalar, KRIGED__SCALAR__INIT);

	if (!pb)
		return NULL;
	switch (m->kind) {
	case SCALAR_NULL:
		pb->kind_case = KRIGED__SCALAR__KIND_NULL_VALUE;
		pb->null_value = true;
		break;
	case SCALAR_BOOL:
		pb->kind_case = KRIGED__SCALAR__KIND_BOOL_VALUE;
		pb->bool_value = m->b;
		break;
	case SCALAR_INT:
		pb->kind_case = KRIGED__SCALAR__KIND_INT_VALUE;
		pb->int_value = m->i;
		break;
	case SCALAR_REAL:
		pb->kind_case = KRIGED__SCALAR__KIND_REAL_VALUE;
		pb->real_value = m->r;
		break;
	case SCALAR_STRING:
		pb->kind_case = KRIGED__SCALAR__KIND_STRING_VALUE;
		pb->string_value = encode_part__text(m->s);
		break;
	}
	return pb;
}

void *encode_part__scalar_item(struct arena *a, const void *item)
{
	return encode_part__scalar(a, item);
}

void *encode_part__named(struct arena *a, const void *item)
{
	const struct msg_named *m = item;
	Kriged__NamedScalar *pb = NEW(a, Kriged__NamedScalar, KRIGED__NAMED_SCALAR__INIT);

	if (!pb)
		return NULL;
	SET_TEXT(pb, name, m->name);
	pb->value = encode_part__scalar(a, &m->value);
	return pb->value ? pb : NULL;
}

void *encode_part__value(struct arena *a, const void *item)
{
	const struct msg_value *m = item;
	Kriged__MetricValue *pb = NEW(a, Kriged__MetricValue, KRIGED__METRIC_VALUE__INIT);

	if (!pb)
		return NULL;
	SET_TEXT(pb, name, m->name);
	SET(pb, value, m->value);
	SET_IF(pb, sem, m->has_sem, m->sem);
	return pb;
}

void *encode_part__lease(struct arena *a, const void *item)
{
	const struct msg_lease *m = item;
	Kriged__Lease *pb = NEW(a, Kriged__Lease, KRIGED__LEASE__INIT);

	if (!pb)
		return NULL;
	SET(pb, number, m->number);
	SET_IF(pb, attempt, m->has_attempt, m->attempt);
	SET_IF(pb, token, m->has_token, encode_part__id(m->token));
	SET_IF(pb, remaining_ms, m->remaining_ms != 0, m->remaining_ms);
	return pb;
}

void *encode_part__point(struct arena *a, const void *item)
{
	const struct msg_point *m = item;
	Kriged__Point *pb = NEW(a, Kriged__Point, KRIGED__POINT__INIT);

	if (!pb || !LIST(a, pb, params, m->n_params, m->params, encode_part__named) ||
		!LIST(a, pb, values, m->n_values, m->values, encode_part__value) ||
		!LIST(a, pb, labels, m->labels.n, m->labels.p, encode_part__named))
		return NULL;
	SET_TEXT(pb, note, m->note);
	return pb;
}

static Kriged__ScalarList *make_choices(struct arena *a, const struct msg_param *m)
{
	Kriged__ScalarList *pb = NEW(a, Kriged__ScalarList, KRIGED__SCALAR_LIST__INIT);

	if (!pb || !LIST(a, pb, items, m->n_choices, m->choices, encode_part__scalar_item))
		return NULL;
	return pb;
}

/* The numbers are borrowed. */
static Kriged__Prior *make_prior(struct arena *a, const struct msg_prior *m)
{
	Kriged__Prior *pb = NEW(a, Kriged__Prior, KRIGED__PRIOR__INIT);

	if (!pb)
		return NULL;
	SET(pb, kind, (Kriged__Prior__Kind)m->kind);
	pb->n_numbers = (size_t)m->n;
	pb->numbers = (double *)(uintptr_t)m->numbers;
	return pb;
}

static void *make_param(struct arena *a, const void *item)
{
	const struct msg_param *m = item;
	Kriged__Parameter *pb = NEW(a, Kriged__Parameter, KRIGED__PARAMETER__INIT);

	if (!pb)
		return NULL;
	SET_TEXT(pb, name, m->name);
	SET_IF(pb, kind, m->kind != 0, (Kriged__Parameter__Kind)m->kind);
	SET_IF(pb, low, m->has_low, m->low);
	SET_IF(pb, high, m->has_high, m->high);
	SET_IF(pb, log, m->log, true);
	SET_IF(pb, step, m->has_step, m->step);
	SET_TEXT(pb, when, m->when);
	if (m->n_choices > 0) {
		pb->choices = make_choices(a, m);
		if (!pb->choices)
			return NULL;
	}
	if (m->prior.kind && !(pb->prior = make_prior(a, &m->prior)))
		return NULL;
	return pb;
}

static void *make_metric(struct arena *a, const void *item)
{
	const struct msg_metric *m = item;
	Kriged__Metric *pb = NEW(a, Kriged__Metric, KRIGED__METRIC__INIT);

	if (!pb)
		return NULL;
	SET_TEXT(pb, name, m->name);
	SET_IF(pb, role, m->role != 0, (Kriged__Metric__Role)m->role);
	SET_IF(pb, lower, m->has_lower, m->lower);
	SET_IF(pb, upper, m->has_upper, m->upper);
	return pb;
}

Kriged__StopRules *encode_part__stop(struct arena *a, const struct msg_stop_rules *m)
{
	Kriged__StopRules *pb = NEW(a, Kriged__StopRules, KRIGED__STOP_RULES__INIT);

	if (!pb)
		return NULL;
	SET_IF(pb, no_progress, m->no_progress != 0, m->no_progress);
	SET_IF(pb, min_progress, m->min_progress != 0, m->min_progress);
	SET_IF(pb, min_progress_relative, m->min_progress_relative != 0, m->min_progress_relative);
	SET_IF(pb, target, m->has_target, m->target);
	SET_IF(pb, p_gain, m->p_gain != 0, m->p_gain);
	SET_IF(pb, gain, m->gain != 0, m->gain);
	SET_IF(pb, gain_relative, m->gain_relative != 0, m->gain_relative);
	return pb;
}

Kriged__StudySpec *encode_part__spec(struct arena *a, const struct msg_spec *m)
{
	Kriged__StudySpec *pb = NEW(a, Kriged__StudySpec, KRIGED__STUDY_SPEC__INIT);

	if (!pb || !LIST(a, pb, parameters, m->n_params, m->params, make_param) ||
		!LIST(a, pb, metrics, m->n_metrics, m->metrics, make_metric) ||
		!TEXTS(a, pb, parameter_constraints, &m->constraints) ||
		!TEXTS(a, pb, forbidden, &m->forbidden) || !TEXTS(a, pb, warm_start, &m->warm_start) ||
		!LIST(a, pb, labels, m->labels.n, m->labels.p, encode_part__named))
		return NULL;
	SET_IF(pb, budget, m->has_budget, m->budget);
	SET_IF(pb, lease_s, m->has_lease, m->lease_s);
	SET_IF(pb, seed, m->has_seed, m->seed);
	SET_IF(pb, noise_sd, m->has_noise_sd, m->noise_sd);
	SET_ACQUISITION(pb, &m->acquisition);
	SET_IF(pb, on_expiry, m->on_expiry != 0, (Kriged__OnExpiry)m->on_expiry);
	SET_IF(pb, retry_limit, m->has_retry_limit, m->retry_limit);
	if (m->has_stop && !(pb->stop = encode_part__stop(a, &m->stop)))
		return NULL;
	return pb;
}

void *encode_part__warm_start(struct arena *a, const void *item)
{
	const struct msg_warm_start *m = item;
	Kriged__WarmStart *pb = NEW(a, Kriged__WarmStart, KRIGED__WARM_START__INIT);

	if (!pb)
		return NULL;
	SET_TEXT(pb, name, m->name);
	SET(pb, id, m->id);
	SET(pb, taken, m->taken);
	SET(pb, unfit, m->unfit);
	SET(pb, unused, m->unused);
	return pb;
}

bool encode_part__has_why(const struct msg_why *m)
{
	return m->rule || m->freshness || m->has_prediction || m->has_p_feasible || m->grounds;
}

static void *make_pull(struct arena *a, const void *item)
{
	const struct msg_pull *m = item;
	Kriged__Pull *pb = NEW(a, Kriged__Pull, KRIGED__PULL__INIT);

	if (!pb)
		return NULL;
	SET(pb, number, m->number);
	SET(pb, weight, m->weight);
	SET(pb, pull, m->pull);
	SET(pb, distance, m->distance);
	return pb;
}

static void *make_lever(struct arena *a, const void *item)
{
	const struct msg_lever *m = item;
	Kriged__Lever *pb = NEW(a, Kriged__Lever, KRIGED__LEVER__INIT);

	if (!pb)
		return NULL;
	SET_TEXT(pb, name, m->name);
	SET(pb, lengthscale, m->lengthscale);
	return pb;
}

static bool put_grounds(struct arena *a, Kriged__Why *pb, const struct msg_grounds *m)
{
	if (!m)
		return true;
	SET(pb, role, (Kriged__Why__Role)m->role);
	SET(pb, observations, m->observations);
	SET_IF(pb, incumbent, m->has_gain, m->incumbent);
	SET_IF(pb, best, m->has_gain, m->best);
	SET_IF(pb, p_gain, m->has_gain, m->p_gain);
	SET_IF(pb, expected_gain, m->has_gain, m->expected_gain);
	SET(pb, model_mean, m->model_mean);
	SET(pb, noise_sd, m->noise_sd);
	SET_IF(pb, rank, m->optima != 0, m->rank);
	SET_IF(pb, optima, m->optima != 0, m->optima);
	return LIST(a, pb, pulls, m->n_pulls, m->pulls, make_pull) &&
		LIST(a, pb, levers, m->n_levers, m->levers, make_lever);
}

Kriged__Why *encode_part__why(struct arena *a, const struct msg_why *m)
{
	Kriged__Why *pb = NEW(a, Kriged__Why, KRIGED__WHY__INIT);

	if (!pb)
		return NULL;
	SET_IF(pb, rule, m->rule != 0, (Kriged__Why__Rule)m->rule);
	SET_IF(pb, freshness, m->freshness != 0, (Kriged__Why__Freshness)m->freshness);
	SET_IF(pb, mean, m->has_prediction, m->mean);
	SET_IF(pb, sd, m->has_prediction, m->sd);
	SET_IF(pb, log_acq, m->has_prediction && !m->has_acq, m->log_acq);
	SET_IF(pb, p_feasible, m->has_p_feasible, m->p_feasible);
	SET_TEXT(pb, acquisition, m->acquisition);
	SET_IF(pb, acq, m->has_acq, m->acq);
	return put_grounds(a, pb, m->grounds) ? pb : NULL;
}

static Kriged__Calibration *make_calibration(struct arena *a, const struct msg_calibration *m)
{
	Kriged__Calibration *pb = NEW(a, Kriged__Calibration, KRIGED__CALIBRATION__INIT);

	if (!pb)
		return NULL;
	SET(pb, results, m->n);
	SET(pb, log_density, m->log_density);
	SET(pb, crps, m->crps);
	SET(pb, mean_square_z, m->mean_square_z);
	SET(pb, coverage50, m->coverage50);
	SET(pb, coverage80, m->coverage80);
	SET(pb, coverage95, m->coverage95);
	SET(pb, outliers, m->outliers);
	SET(pb, worst_z, m->worst_z);
	SET_IF(pb, worst_number, m->has_worst, m->worst_number);
	return pb;
}

void *encode_part__model(struct arena *a, const void *item)
{
	const struct msg_model *m = item;
	Kriged__MetricModel *pb = NEW(a, Kriged__MetricModel, KRIGED__METRIC_MODEL__INIT);

	if (!pb)
		return NULL;
	SET_TEXT(pb, name, m->name);
	SET_TEXT(pb, kernel, m->kernel);
	pb->n_lengthscales = (size_t)m->n_lengthscales;
	pb->lengthscales = (double *)(uintptr_t)m->lengthscales;
	SET(pb, outputscale, m->outputscale);
	SET(pb, noise_sd, m->noise_sd);
	SET(pb, mean, m->mean);
	SET(pb, observations, m->n);
	SET(pb, fitted, m->n_fit);
	SET_IF(pb, log_posterior, m->has_log_posterior, m->log_posterior);
	SET(pb, jitter, m->jitter);
	SET_TEXT(pb, transform, m->transform);
	if (m->calibration.n && !(pb->calibration = make_calibration(a, &m->calibration)))
		return NULL;
	return pb;
}

enum kr_status encode_part__pack(struct bytes *out, const ProtobufCMessage *pb, size_t limit,
	struct arena *a, struct kr_error *err)
{
	*out = (struct bytes){NULL, 0};
	if (!pb)
		goto fail_memory;
	out->len = protobuf_c_message_get_packed_size(pb);
	if (out->len > limit)
		return kr_fail_field(err, KR_TOO_LARGE, "message",
			"the message would have %zu bytes; at most %zu are allowed", out->len, limit);
	out->p = arena_alloc(a, out->len);
	if (!out->p)
		goto fail_memory;
	protobuf_c_message_pack(pb, out->p);
	return KR_OK;

fail_memory:
	*out = (struct bytes){NULL, 0};
	return kr_fail(err, KR_ENOMEM, "memory ran out while writing a message");
}
