/* Studies: made, attached to, looked at, paused. */
#include "client/c/study.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "client/c/call.h"
#include "client/c/error.h"
#include "client/c/objective.h"
#include "client/c/options.h"
#include "client/c/space.h"
#include "client/c/value.h"

static enum krige_status no_memory(struct krige_error *err)
{
	return error_set(err, KRIGE_NO_MEMORY, "no memory for a study");
}

/* ---- a handle -------------------------------------------------------------- */

static bool copy_metrics(struct krige_study *s, const struct msg_spec *spec)
{
	const char **names = ARENA_ARRAY(s->memory->arena, const char *, spec->n_metrics);

	if (!names)
		return false;
	for (int i = 0; i < spec->n_metrics; i++)
		if (!value_copy_text(s->memory->arena, spec->metrics[i].name, &names[i]))
			return false;
	s->n_metrics = spec->n_metrics;
	s->metrics = names;
	return true;
}

static enum krige_status study_new(struct krige_study **out, struct krige_client *c,
	const struct msg_study *m, struct krige_error *err)
{
	struct krige_study *s = KR_NEW(struct krige_study);
	enum krige_status st = s ? memory_new(&s->memory, err) : no_memory(err);

	if (st == KRIGE_OK &&
		(!value_copy_text(s->memory->arena, m->name ? m->name : "", &s->name) ||
			!copy_metrics(s, &m->spec)))
		st = no_memory(err);
	if (st != KRIGE_OK) {
		krige_study_free(s);
		return st;
	}
	s->client = c;
	*out = s;
	return KRIGE_OK;
}

void krige_study_free(struct krige_study *s)
{
	if (!s)
		return;
	memory_release(s->memory);
	kr_free(s);
}

const char *krige_study_name(const struct krige_study *s)
{
	return s->name;
}

/* ---- create, attach -------------------------------------------------------- */

static enum krige_status read_options(
	struct krige_study_options *out, const struct krige_study_options *in, struct krige_error *err)
{
	enum krige_status st = options_read(out, sizeof(*out), in, "krige_study_options", err);

	if (st != KRIGE_OK)
		return st;
	if (out->noise == KRIGE_NOISE_KNOWN && !(isfinite(out->noise_sd) && out->noise_sd > 0))
		return error_field(err, KRIGE_INVALID_ARGUMENT, "options.noise_sd",
			"options.noise_sd is %g; a known noise has a positive standard deviation",
			out->noise_sd);
	return KRIGE_OK;
}

/* NULL: none, and *has is false. */
static enum krige_status read_stop(const struct krige_stop_rules *in, bool *has,
	struct msg_stop_rules *out, struct krige_error *err)
{
	struct krige_stop_rules r = {0};
	enum krige_status st = options_read(&r, sizeof(r), in, "krige_stop_rules", err);

	*has = in != NULL;
	*out = (struct msg_stop_rules){
		.no_progress = r.no_progress,
		.min_progress = r.min_progress,
		.min_progress_relative = r.min_progress_relative,
		.has_target = r.target != NULL,
		.target = r.target ? *r.target : 0,
		.p_gain = r.p_gain,
		.gain = r.gain,
		.gain_relative = r.gain_relative,
	};
	return st;
}

static struct msg_acquisition acquisition(const char *name, const double *level, const double *beta)
{
	return (struct msg_acquisition){.name = name,
		.has_level = level != NULL,
		.has_beta = beta != NULL,
		.level = level ? *level : 0,
		.beta = beta ? *beta : 0};
}

static enum krige_status write_spec(struct arena *a, const struct krige_space *space,
	const struct krige_study_options *o, struct msg_spec *spec, struct krige_error *err)
{
	enum krige_status st = objective_write(
		a, o->objective, o->constraints, o->n_constraints, spec, err);

	if (st == KRIGE_OK)
		st = value_write_named(
			a, "labels", o->labels, o->n_labels, &spec->labels.n, &spec->labels.p, err);
	space_write(space, spec);
	spec->has_budget = o->budget != 0;
	spec->budget = o->budget;
	spec->has_lease = o->lease_s != 0;
	spec->lease_s = o->lease_s;
	spec->has_seed = o->seed != NULL;
	spec->seed = o->seed ? *o->seed : 0;
	spec->has_noise_sd = o->noise != KRIGE_NOISE_LEARNT;
	spec->noise_sd = o->noise == KRIGE_NOISE_KNOWN ? o->noise_sd : 0;
	spec->acquisition = acquisition(o->acquisition, o->acquisition_level, o->acquisition_beta);
	if (st == KRIGE_OK)
		st = read_stop(o->stop, &spec->has_stop, &spec->stop, err);
	spec->warm_start = (struct msg_texts){(int)o->n_warm_start, o->warm_start};
	spec->on_expiry = o->requeue ? ON_EXPIRY_REQUEUE : 0;
	spec->has_retry_limit = o->retry_limit != 0;
	spec->retry_limit = o->retry_limit;
	return st;
}

static enum krige_status run_for_study(struct krige_study **out, struct krige_client *c,
	struct msg_request *request, struct arena *a, struct krige_error *err)
{
	struct msg_reply reply;
	enum krige_status st = call_run(c, request, &reply, a, err);

	return st == KRIGE_OK ? study_new(out, c, &reply.u.study.study, err) : st;
}

enum krige_status krige_create_study(struct krige_study **out, struct krige_client *c,
	const char *name, const struct krige_space *space, const struct krige_study_options *options,
	struct krige_error *err)
{
	struct msg_request request = {.method = METHOD_CREATE_STUDY};
	struct msg_create_study *m = &request.u.create_study;
	struct krige_study_options o;
	struct memory *memory;
	enum krige_status st = read_options(&o, options, err);

	*out = NULL;
	if (st == KRIGE_OK && (!name || !space))
		st = error_field(err, KRIGE_INVALID_ARGUMENT, name ? "space" : "name",
			"%s is NULL; a study needs one", name ? "space" : "name");
	if (st == KRIGE_OK)
		st = memory_new(&memory, err);
	if (st != KRIGE_OK)
		return st;
	m->name = name;
	m->if_exists = o.if_exists == KRIGE_IF_EXISTS_ATTACH ? IF_EXISTS_ATTACH
		: o.if_exists == KRIGE_IF_EXISTS_REPLACE         ? IF_EXISTS_REPLACE
														 : IF_EXISTS_FAIL;
	st = write_spec(memory->arena, space, &o, &m->spec, err);
	if (st == KRIGE_OK)
		st = run_for_study(out, c, &request, memory->arena, err);
	memory_release(memory);
	return st;
}

enum krige_status krige_attach(
	struct krige_study **out, struct krige_client *c, const char *name, struct krige_error *err)
{
	struct msg_request request = {.method = METHOD_GET_STUDY, .u.get_study.study = name};
	struct memory *memory;
	enum krige_status st = memory_new(&memory, err);

	*out = NULL;
	if (st != KRIGE_OK)
		return st;
	st = run_for_study(out, c, &request, memory->arena, err);
	memory_release(memory);
	return st;
}

/* ---- the whole ------------------------------------------------------------- */

static void fill_info(struct krige_study_info *out, const struct msg_study *m)
{
	struct krige_study_info info = {
		.size = out->size,
		.state = (enum krige_study_state)m->state,
		.has_budget = m->spec.has_budget,
		.budget = m->spec.budget,
		.taken = m->reserved,
		.created_ms = m->created_ms,
		.seq = m->seq,
	};

	for (int i = 0; i < TRIAL_N_STATES; i++)
		info.counts[i] = m->counts[i];
	memcpy(out, &info, out->size < sizeof(info) ? out->size : sizeof(info));
}

enum krige_status krige_study_get_info(
	struct krige_study *s, struct krige_study_info *info, struct krige_error *err)
{
	struct msg_request request = {.method = METHOD_GET_STUDY, .u.get_study.study = s->name};
	struct msg_reply reply;
	struct memory *memory;
	enum krige_status st;

	if (info->size < sizeof(info->size) || info->size > 4096)
		return error_field(err, KRIGE_INVALID_ARGUMENT, "info.size",
			"info.size is %zu; set it to sizeof(struct krige_study_info)", info->size);
	st = call_keep(s->client, &request, &reply, &memory, err);
	if (st == KRIGE_OK)
		fill_info(info, &reply.u.study.study);
	memory_release(memory);
	return st;
}

static enum krige_status update(
	struct krige_study *s, struct msg_update_study *m, struct krige_error *err)
{
	struct msg_request request = {.method = METHOD_UPDATE_STUDY, .u.update_study = *m};

	return call_send(s->client, &request, err);
}

enum krige_status krige_study_set_state(
	struct krige_study *s, enum krige_action action, struct krige_error *err)
{
	struct msg_update_study m = {.study = s->name, .action = (enum study_action)action};

	return update(s, &m, err);
}

enum krige_status krige_study_set_budget(
	struct krige_study *s, uint64_t budget, struct krige_error *err)
{
	struct msg_update_study m = {
		.study = s->name, .has_budget = budget != 0, .budget = budget, .no_budget = budget == 0};

	return update(s, &m, err);
}

enum krige_status krige_study_set_stop(
	struct krige_study *s, const struct krige_stop_rules *stop, struct krige_error *err)
{
	struct msg_update_study m = {.study = s->name};
	enum krige_status st = read_stop(stop, &m.has_stop, &m.stop, err);

	m.has_stop = true;
	return st == KRIGE_OK ? update(s, &m, err) : st;
}

enum krige_status krige_study_set_acquisition(struct krige_study *s, const char *name,
	const double *level, const double *beta, struct krige_error *err)
{
	struct msg_update_study m = {.study = s->name, .acquisition = acquisition(name, level, beta)};

	return update(s, &m, err);
}
