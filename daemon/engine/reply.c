#include "daemon/engine/reply.h"

#include <inttypes.h>
#include <string.h>

#include "daemon/engine/metric.h"
#include "daemon/engine/point.h"
#include "daemon/engine/progress.h"
#include "daemon/engine/stop.h"

const struct reply_columns reply_all_columns = {true, true, true, true, false, false};
const struct reply_columns reply_grounded_columns = {true, true, true, true, false, true};
const struct reply_columns reply_every_column = {true, true, true, true, true, true};

static enum kr_status no_memory(struct kr_error *err)
{
	return kr_fail(err, KR_ENOMEM, "no memory for the answer");
}

static enum kr_status put_params(struct msg_trial *out, const struct study *s,
	const struct trial *t, struct arena *a, struct kr_error *err)
{
	out->params = point_write(s->def, t->values, &out->n_params, a);
	return out->params ? KR_OK : no_memory(err);
}

static enum kr_status put_values(struct msg_trial *out, const struct study *s,
	const struct trial *t, struct arena *a, struct kr_error *err)
{
	if (!t->has_value)
		return KR_OK;
	out->values = metric_write(s->def, t->metrics, t->sems, a);
	out->n_values = s->def->spec.n_metrics;
	return out->values ? KR_OK : no_memory(err);
}

enum kr_status reply_trial(struct msg_trial *out, const struct study *s, const struct trial *t,
	struct reply_columns columns, struct arena *a, struct kr_error *err)
{
	enum kr_status st = KR_OK;

	*out = (struct msg_trial){
		.number = t->number,
		.state = (enum trial_state)t->state,
		.reason = t->reason,
		.worker = t->state == TRIAL_QUEUED ? NULL : t->worker,
		.attempt = t->attempt,
		.created_ms = t->created_ms,
		.finished_ms = t->finished_ms,
		.late = t->late,
		.told = t->told,
		.seq = t->seq,
		.excluded = t->excluded,
	};
	out->has_feasible = s->def->constrained && t->has_value;
	out->feasible = out->has_feasible && study_feasible(s, t);
	if (columns.labels) {
		out->labels = t->labels;
		out->note = t->note;
	}
	if (columns.progress && t->progress) {
		out->n_progress = t->progress->n;
		out->progress = t->progress->p;
	}
	if (columns.why)
		out->why = trial_why(t);
	if (!columns.grounds)
		out->why.grounds = NULL;
	if (columns.values)
		st = put_values(out, s, t, a, err);
	if (st == KR_OK && columns.params)
		st = put_params(out, s, t, a, err);
	return st;
}

enum kr_status reply_given(struct msg_trial *out, const struct study *s, const struct trial *t,
	struct arena *a, struct kr_error *err)
{
	*out = (struct msg_trial){
		.number = t->number,
		.state = TRIAL_RUNNING,
		.worker = t->worker,
		.attempt = t->attempt,
		.created_ms = t->created_ms,
		.seq = t->given_seq,
		.labels = t->labels,
		.note = t->note,
		.has_lease = true,
		.lease =
			{
				.number = t->number,
				.has_attempt = true,
				.attempt = t->attempt,
				.has_token = true,
				.remaining_ms = t->lease_ms,
			},
	};
	memcpy(out->lease.token, t->token, sizeof(t->token));
	out->why = trial_why(t);
	return put_params(out, s, t, a, err);
}

enum kr_status reply_report(struct msg_report_reply *out, const struct study *s,
	const struct trial *t, enum stop_reason stop, struct arena *a, struct kr_error *err)
{
	*out = (struct msg_report_reply){
		.stop = stop,
		.remaining_ms = stop == STOP_CANCELLED ? 0 : t->lease_ms,
	};
	if (stop == STOP_NONE)
		return KR_OK;
	out->message = stop_sentence(s, t, stop, a);
	return out->message ? KR_OK : no_memory(err);
}

/* Why it gives out nothing, NULL when it does. */
static enum kr_status put_reason(
	struct msg_study *out, const struct study_view *v, struct arena *a, struct kr_error *err)
{
	switch (v->state) {
	case STUDY_ACTIVE: break;
	case STUDY_PAUSED: out->reason = "paused"; return KR_OK;
	case STUDY_FINISHED: out->reason = v->end ? v->end : "finished"; return KR_OK;
	case STUDY_DELETED: out->reason = "deleted"; return KR_OK;
	}
	if (!v->has_budget || v->spent < v->budget)
		return KR_OK;
	out->reason = arena_printf(a, "the budget of %" PRIu64 " trials is spent", v->budget);
	return out->reason ? KR_OK : no_memory(err);
}

enum kr_status reply_study(struct msg_study *out, const struct study *s, const struct study_view *v,
	struct arena *a, struct kr_error *err)
{
	enum kr_status st;

	*out = (struct msg_study){
		.name = s->def->name,
		.id = s->id,
		.state = v->state,
		.spec = study_view_spec(s->def, v),
		.created_ms = s->created_ms,
		.seq = v->seq,
		.reserved = v->spent,
		.spec_version = v->spec_version,
		.has_outlook = v->has_outlook,
		.outlook = v->outlook,
		.n_warm_start = s->def->n_sources,
		.warm_start = s->def->warm_start,
	};
	memcpy(out->counts, v->counts, sizeof(out->counts));
	st = put_reason(out, v, a, err);
	if (st == KR_OK && v->has_best) {
		struct msg_trial *best = ARENA_NEW(a, struct msg_trial);

		out->best = best;
		st = best ? reply_trial(best, s, version_at(trials_kept(&s->trials, v->best), v->seq),
						reply_grounded_columns, a, err)
				  : no_memory(err);
	}
	return st;
}
