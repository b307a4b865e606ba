/* What the models of a study have learnt. */
#include <math.h>

#include "base/alloc.h"
#include "client/c/call.h"
#include "client/c/error.h"
#include "client/c/study.h"

struct krige_model {
	struct memory *memory;
	const char *reason;
	size_t n, n_sentences;
	struct krige_metric_model *models;
	const char *const *sentences;
};

static struct krige_metric_model metric_model(
	const struct msg_get_model_reply *r, const struct msg_model *m)
{
	const struct msg_calibration *c = &m->calibration;
	int n = m->n_lengthscales < r->parameters.n ? m->n_lengthscales : r->parameters.n;

	return (struct krige_metric_model){
		.size = sizeof(struct krige_metric_model),
		.metric = m->name,
		.kernel = m->kernel ? m->kernel : "",
		.transform = m->transform ? m->transform : "",
		.n_parameters = (size_t)n,
		.parameters = r->parameters.p,
		.lengthscales = m->lengthscales,
		.outputscale = m->outputscale,
		.noise_sd = m->noise_sd,
		.mean = m->mean,
		.n_observations = m->n,
		.n_fitted = m->n_fit,
		.log_posterior = m->has_log_posterior ? m->log_posterior : NAN,
		.jitter = m->jitter,
		.n_left_out = c->n,
		.log_density = c->log_density,
		.crps = c->crps,
		.mean_square_z = c->mean_square_z,
		.coverage50 = c->coverage50,
		.coverage80 = c->coverage80,
		.coverage95 = c->coverage95,
		.n_outliers = c->outliers,
		.worst_z = c->worst_z,
		.worst_number = c->has_worst ? c->worst_number : UINT64_MAX,
	};
}

/* Takes a reference to the memory of the reply. */
static enum krige_status make(struct krige_model **out, const struct msg_get_model_reply *r,
	struct memory *memory, struct krige_error *err)
{
	struct krige_model *m = KR_NEW(struct krige_model);
	struct krige_metric_model *models = ARENA_ARRAY(
		memory->arena, struct krige_metric_model, r->models.n);

	if (!m || !models) {
		kr_free(m);
		return error_set(err, KRIGE_NO_MEMORY, "no memory for a model");
	}
	for (int i = 0; i < r->models.n; i++)
		models[i] = metric_model(r, &r->models.p[i]);
	*m = (struct krige_model){
		.memory = memory_retain(memory),
		.reason = r->models.n ? NULL
			: r->reason       ? r->reason
							  : "there is no model yet",
		.n = (size_t)r->models.n,
		.n_sentences = (size_t)r->sentences.n,
		.models = models,
		.sentences = r->sentences.p,
	};
	*out = m;
	return KRIGE_OK;
}

enum krige_status krige_get_model(
	struct krige_model **out, struct krige_study *s, struct krige_error *err)
{
	struct msg_request request = {.method = METHOD_GET_MODEL, .u.get_model.study = s->name};
	struct msg_reply reply;
	struct memory *memory;
	enum krige_status st = call_keep(s->client, &request, &reply, &memory, err);

	*out = NULL;
	if (st == KRIGE_OK)
		st = make(out, &reply.u.get_model, memory, err);
	memory_release(memory);
	return st;
}

void krige_model_free(struct krige_model *m)
{
	if (!m)
		return;
	memory_release(m->memory);
	kr_free(m);
}

const char *krige_model_reason(const struct krige_model *m)
{
	return m->reason;
}

size_t krige_model_count(const struct krige_model *m)
{
	return m->n;
}

const struct krige_metric_model *krige_model_at(const struct krige_model *m, size_t i)
{
	return i < m->n ? &m->models[i] : NULL;
}

const char *krige_model_sentence(const struct krige_model *m, size_t i)
{
	return i < m->n_sentences ? m->sentences[i] : NULL;
}
