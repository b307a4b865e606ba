#include "tests/proto/dump.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void text(FILE *f, const char *name, const char *s)
{
	if (s)
		fprintf(f, "%s \"%s\"\n", name, s);
}

static void number(FILE *f, const char *name, uint64_t x)
{
	fprintf(f, "%s %" PRIu64 "\n", name, x);
}

/* By bits, so that NaN and -0.0 compare; all NaNs are one. */
static void real(FILE *f, const char *name, double x)
{
	if (x != x)
		fprintf(f, "%s nan\n", name);
	else
		fprintf(f, "%s %a\n", name, x);
}

static void reals(FILE *f, const char *name, int n, const double *x)
{
	fprintf(f, "%s [%d]\n", name, n);
	for (int i = 0; i < n; i++)
		real(f, name, x[i]);
}

static void id(FILE *f, const char *name, bool has, const uint8_t p[MSG_ID_BYTES])
{
	if (!has)
		return;
	fprintf(f, "%s ", name);
	for (int i = 0; i < MSG_ID_BYTES; i++)
		fprintf(f, "%02x", p[i]);
	fprintf(f, "\n");
}

static void optional(FILE *f, const char *name, bool has, uint64_t x)
{
	if (has)
		number(f, name, x);
}

static void optional_real(FILE *f, const char *name, bool has, double x)
{
	if (has)
		real(f, name, x);
}

static void scalar(FILE *f, const struct msg_scalar *s)
{
	switch (s->kind) {
	case SCALAR_NULL: fprintf(f, "null\n"); return;
	case SCALAR_BOOL: fprintf(f, "bool %d\n", s->b); return;
	case SCALAR_INT: fprintf(f, "int %" PRId64 "\n", s->i); return;
	case SCALAR_REAL: real(f, "real", s->r); return;
	case SCALAR_STRING: text(f, "string", s->s); return;
	}
	fprintf(f, "scalar of kind %u\n", (unsigned)s->kind);
}

static void named(FILE *f, const char *name, int n, const struct msg_named *p)
{
	fprintf(f, "%s [%d]\n", name, n);
	for (int i = 0; i < n; i++) {
		text(f, "name", p[i].name);
		scalar(f, &p[i].value);
	}
}

static void labels(FILE *f, const struct msg_labels *m)
{
	named(f, "labels", m->n, m->p);
}

static void texts(FILE *f, const char *name, const struct msg_texts *m)
{
	fprintf(f, "%s [%d]\n", name, m->n);
	for (int i = 0; i < m->n; i++)
		text(f, name, m->p[i]);
}

static void values(FILE *f, int n, const struct msg_value *p)
{
	fprintf(f, "values [%d]\n", n);
	for (int i = 0; i < n; i++) {
		text(f, "name", p[i].name);
		real(f, "value", p[i].value);
		optional_real(f, "sem", p[i].has_sem, p[i].sem);
	}
}

static void lease(FILE *f, const struct msg_lease *l)
{
	number(f, "lease of", l->number);
	optional(f, "attempt", l->has_attempt, l->attempt);
	id(f, "token", l->has_token, l->token);
	number(f, "remaining_ms", l->remaining_ms);
}

static void grounds(FILE *f, const struct msg_grounds *g)
{
	fprintf(f, "role %u\n", (unsigned)g->role);
	number(f, "observations", g->observations);
	optional(f, "incumbent", g->has_gain, g->incumbent);
	optional_real(f, "best", g->has_gain, g->best);
	optional_real(f, "p_gain", g->has_gain, g->p_gain);
	optional_real(f, "expected_gain", g->has_gain, g->expected_gain);
	optional_real(f, "model_mean", true, g->model_mean);
	optional_real(f, "noise_sd", true, g->noise_sd);
	number(f, "rank", g->rank);
	number(f, "optima", g->optima);
	for (int i = 0; i < g->n_pulls; i++) {
		number(f, "pull of", g->pulls[i].number);
		optional_real(f, "weight", true, g->pulls[i].weight);
		optional_real(f, "pull", true, g->pulls[i].pull);
		optional_real(f, "distance", true, g->pulls[i].distance);
	}
	for (int i = 0; i < g->n_levers; i++) {
		text(f, "lever", g->levers[i].name);
		optional_real(f, "lengthscale", true, g->levers[i].lengthscale);
	}
}

static void why(FILE *f, const struct msg_why *w)
{
	fprintf(f, "why %u %u\n", (unsigned)w->rule, (unsigned)w->freshness);
	optional_real(f, "mean", w->has_prediction, w->mean);
	optional_real(f, "sd", w->has_prediction, w->sd);
	optional_real(f, "log_acq", w->has_prediction && !w->has_acq, w->log_acq);
	text(f, "acquisition", w->acquisition);
	optional_real(f, "acq", w->has_acq, w->acq);
	optional_real(f, "p_feasible", w->has_p_feasible, w->p_feasible);
	if (w->grounds)
		grounds(f, w->grounds);
}

static void trial(FILE *f, const struct msg_trial *t)
{
	number(f, "trial", t->number);
	text(f, "state", msg_trial_state_name(t->state));
	named(f, "params", t->n_params, t->params);
	values(f, t->n_values, t->values);
	text(f, "reason", t->reason);
	text(f, "worker", t->worker);
	number(f, "attempt", t->attempt);
	number(f, "created", t->created_ms);
	number(f, "finished", t->finished_ms);
	fprintf(f, "late %d told %d\n", t->late, t->told);
	number(f, "seq", t->seq);
	why(f, &t->why);
	if (t->has_lease)
		lease(f, &t->lease);
	labels(f, &t->labels);
	text(f, "note", t->note);
	number(f, "excluded", t->excluded);
	for (int i = 0; i < t->n_progress; i++) {
		number(f, "step", (uint64_t)t->progress[i].step);
		real(f, "value", t->progress[i].value);
		number(f, "time", t->progress[i].time_ms);
	}
	optional(f, "feasible", t->has_feasible, t->feasible);
}

static void trials(FILE *f, int n, const struct msg_trial *t)
{
	for (int i = 0; i < n; i++)
		trial(f, &t[i]);
}

static void outlook(FILE *f, bool has, const struct msg_outlook *m)
{
	if (!has)
		return;
	number(f, "outlook of", m->number);
	optional_real(f, "expected_gain", true, m->expected_gain);
	optional_real(f, "gain", true, m->gain);
	optional_real(f, "p_gain", true, m->p_gain);
}

static void acquisition(FILE *f, const struct msg_acquisition *m)
{
	text(f, "acquisition", m->name);
	optional_real(f, "acquisition_level", m->has_level, m->level);
	optional_real(f, "acquisition_beta", m->has_beta, m->beta);
}

static void stop_rules(FILE *f, bool has, const struct msg_stop_rules *m)
{
	double numbers[] = {
		m->min_progress, m->min_progress_relative, m->p_gain, m->gain, m->gain_relative};

	if (!has)
		return;
	number(f, "no_progress", m->no_progress);
	optional_real(f, "target", m->has_target, m->target);
	reals(f, "stop", sizeof(numbers) / sizeof(*numbers), numbers);
}

static void spec(FILE *f, const struct msg_spec *s)
{
	fprintf(f, "parameters [%d]\n", s->n_params);
	for (int i = 0; i < s->n_params; i++) {
		const struct msg_param *p = &s->params[i];

		text(f, "name", p->name);
		text(f, "kind", msg_param_kind_name(p->kind));
		optional_real(f, "low", p->has_low, p->low);
		optional_real(f, "high", p->has_high, p->high);
		fprintf(f, "log %d\n", p->log);
		optional_real(f, "step", p->has_step, p->step);
		for (int k = 0; k < p->n_choices; k++)
			scalar(f, &p->choices[k]);
		text(f, "when", p->when);
		if (p->prior.kind)
			fprintf(f, "prior %s\n", msg_prior_kind_name(p->prior.kind));
		for (int k = 0; k < p->prior.n; k++)
			fprintf(f, "%a\n", p->prior.numbers[k]);
	}
	for (int i = 0; i < s->n_metrics; i++) {
		text(f, "metric", s->metrics[i].name);
		text(f, "role", msg_metric_role_name(s->metrics[i].role));
		optional_real(f, "lower", s->metrics[i].has_lower, s->metrics[i].lower);
		optional_real(f, "upper", s->metrics[i].has_upper, s->metrics[i].upper);
	}
	optional(f, "budget", s->has_budget, s->budget);
	optional_real(f, "lease_s", s->has_lease, s->lease_s);
	optional(f, "seed", s->has_seed, s->seed);
	texts(f, "parameter_constraints", &s->constraints);
	texts(f, "forbidden", &s->forbidden);
	texts(f, "warm_start", &s->warm_start);
	optional_real(f, "noise_sd", s->has_noise_sd, s->noise_sd);
	acquisition(f, &s->acquisition);
	number(f, "on_expiry", s->on_expiry);
	optional(f, "retry_limit", s->has_retry_limit, s->retry_limit);
	stop_rules(f, s->has_stop, &s->stop);
	labels(f, &s->labels);
}

static void counts(FILE *f, const uint64_t n[TRIAL_N_STATES])
{
	for (unsigned s = 0; s < TRIAL_N_STATES; s++)
		number(f, msg_trial_state_name((enum trial_state)s), n[s]);
}

static void warm_start(FILE *f, const struct msg_warm_start *m)
{
	text(f, "source", m->name);
	number(f, "id", m->id);
	number(f, "taken", m->taken);
	number(f, "unfit", m->unfit);
	number(f, "unused", m->unused);
}

static void study(FILE *f, const struct msg_study *s)
{
	text(f, "study", s->name);
	number(f, "id", s->id);
	text(f, "state", msg_study_state_name(s->state));
	spec(f, &s->spec);
	counts(f, s->counts);
	if (s->best)
		trial(f, s->best);
	number(f, "created", s->created_ms);
	number(f, "seq", s->seq);
	text(f, "reason", s->reason);
	number(f, "reserved", s->reserved);
	number(f, "spec_version", s->spec_version);
	outlook(f, s->has_outlook, &s->outlook);
	number(f, "prepared", s->prepared);
	for (int i = 0; i < s->n_warm_start; i++)
		warm_start(f, &s->warm_start[i]);
}

static void points(FILE *f, int n, const struct msg_point *p)
{
	fprintf(f, "points [%d]\n", n);
	for (int i = 0; i < n; i++) {
		named(f, "params", p[i].n_params, p[i].params);
		values(f, p[i].n_values, p[i].values);
		labels(f, &p[i].labels);
		text(f, "note", p[i].note);
	}
}

static void observations(FILE *f, const struct msg_observe *m)
{
	text(f, "study", m->study);
	for (int i = 0; i < m->n; i++) {
		number(f, "observation", m->observations[i].number);
		lease(f, &m->observations[i].lease);
		values(f, m->observations[i].n_values, m->observations[i].values);
	}
}

static void list_trials(FILE *f, const struct msg_list_trials *m)
{
	text(f, "study", m->study);
	number(f, "states", m->states);
	number(f, "since_seq", m->since_seq);
	number(f, "from_number", m->from_number);
	number(f, "limit", m->limit);
	fprintf(f, "columns %d %d %d %d %d\n", m->params, m->values, m->why, m->labels, m->progress);
}

static void fail_trial(FILE *f, const struct msg_fail_trial *m)
{
	text(f, "study", m->study);
	number(f, "number", m->number);
	lease(f, &m->lease);
	text(f, "state", msg_trial_state_name(m->state));
	text(f, "reason", m->reason);
}

static void trial_ref(FILE *f, const struct msg_trial_ref *m)
{
	text(f, "study", m->study);
	number(f, "number", m->number);
	lease(f, &m->lease);
	text(f, "reason", m->reason);
}

static void report(FILE *f, const struct msg_report *m)
{
	text(f, "study", m->study);
	number(f, "number", m->number);
	lease(f, &m->lease);
	number(f, "step", (uint64_t)m->step);
	real(f, "value", m->value);
}

static void edit_trial(FILE *f, const struct msg_edit_trial *m)
{
	text(f, "study", m->study);
	number(f, "number", m->number);
	values(f, m->n_values, m->values);
	optional(f, "excluded", m->has_excluded, m->excluded);
	text(f, "note", m->note);
	labels(f, &m->labels);
	texts(f, "remove_labels", &m->remove_labels);
}

static void update_study(FILE *f, const struct msg_update_study *m)
{
	text(f, "study", m->study);
	number(f, "action", m->action);
	optional(f, "budget", m->has_budget, m->budget);
	number(f, "no_budget", m->no_budget);
	optional_real(f, "lease_s", m->has_lease, m->lease_s);
	number(f, "on_expiry", m->on_expiry);
	optional(f, "retry_limit", m->has_retry_limit, m->retry_limit);
	stop_rules(f, m->has_stop, &m->stop);
	acquisition(f, &m->acquisition);
	labels(f, &m->labels);
	texts(f, "remove_labels", &m->remove_labels);
	optional(f, "expected_version", m->has_expected_version, m->expected_version);
}

static void request_body(FILE *f, const struct msg_request *m)
{
	switch (m->method) {
	case METHOD_HELLO:
		text(f, "client", m->u.hello.client);
		number(f, "protocol", m->u.hello.protocol);
		break;
	case METHOD_PING:
	case METHOD_STATUS: break;
	case METHOD_CREATE_STUDY:
		text(f, "name", m->u.create_study.name);
		number(f, "if_exists", m->u.create_study.if_exists);
		text(f, "clone_of", m->u.create_study.clone_of);
		spec(f, &m->u.create_study.spec);
		break;
	case METHOD_GET_STUDY:
		text(f, "study", m->u.get_study.study);
		number(f, "since_seq", m->u.get_study.since_seq);
		number(f, "wait_ms", m->u.get_study.wait_ms);
		break;
	case METHOD_LIST_STUDIES:
		number(f, "deleted", m->u.list_studies.deleted);
		number(f, "after_id", m->u.list_studies.after_id);
		number(f, "limit", m->u.list_studies.limit);
		break;
	case METHOD_UPDATE_STUDY: update_study(f, &m->u.update_study); break;
	case METHOD_DELETE_STUDY:
		text(f, "study", m->u.delete_study.study);
		number(f, "undelete", m->u.delete_study.undelete);
		optional(f, "id", m->u.delete_study.has_id, m->u.delete_study.id);
		break;
	case METHOD_SUGGEST:
		text(f, "study", m->u.suggest.study);
		number(f, "count", m->u.suggest.count);
		named(f, "fixed", m->u.suggest.n_fixed, m->u.suggest.fixed);
		optional_real(f, "lease_s", m->u.suggest.has_lease, m->u.suggest.lease_s);
		number(f, "wait_ms", m->u.suggest.wait_ms);
		break;
	case METHOD_OBSERVE: observations(f, &m->u.observe); break;
	case METHOD_FAIL_TRIAL: fail_trial(f, &m->u.fail_trial); break;
	case METHOD_HEARTBEAT:
		text(f, "study", m->u.heartbeat.study);
		for (int i = 0; i < m->u.heartbeat.n; i++)
			lease(f, &m->u.heartbeat.leases[i]);
		break;
	case METHOD_ADD_TRIALS:
		text(f, "study", m->u.add_trials.study);
		points(f, m->u.add_trials.n, m->u.add_trials.points);
		break;
	case METHOD_ENQUEUE:
		text(f, "study", m->u.enqueue.study);
		points(f, m->u.enqueue.n, m->u.enqueue.points);
		break;
	case METHOD_RELEASE: trial_ref(f, &m->u.release); break;
	case METHOD_CANCEL_TRIAL: trial_ref(f, &m->u.cancel_trial); break;
	case METHOD_REPORT: report(f, &m->u.report); break;
	case METHOD_EDIT_TRIAL: edit_trial(f, &m->u.edit_trial); break;
	case METHOD_DELETE_TRIAL:
		text(f, "study", m->u.delete_trial.study);
		number(f, "number", m->u.delete_trial.number);
		break;
	case METHOD_WHY: text(f, "study", m->u.why.study); break;
	case METHOD_GET_MODEL: text(f, "study", m->u.get_model.study); break;
	case METHOD_EXPLAIN:
		text(f, "study", m->u.explain.study);
		optional(f, "number", m->u.explain.has_number, m->u.explain.number);
		break;
	case METHOD_SERVER_BACKUP: text(f, "path", m->u.server_backup.path); break;
	case METHOD_GET_TRIAL:
		text(f, "study", m->u.get_trial.study);
		number(f, "number", m->u.get_trial.number);
		break;
	case METHOD_LIST_TRIALS: list_trials(f, &m->u.list_trials); break;
	case METHOD_BEST: text(f, "study", m->u.best.study); break;
	case METHOD_PREDICT:
		text(f, "study", m->u.predict.study);
		points(f, m->u.predict.n, m->u.predict.points);
		break;
	case METHOD_REPLAY:
		text(f, "study", m->u.replay.study);
		number(f, "from_seq", m->u.replay.from_seq);
		number(f, "limit", m->u.replay.limit);
		break;
	}
}

static FILE *begin(char **out, size_t *size)
{
	FILE *f = open_memstream(out, size);

	if (!f)
		abort();
	return f;
}

char *dump_request(const struct msg_request *m)
{
	char *out = NULL;
	size_t size;
	FILE *f = begin(&out, &size);

	text(f, "request", msg_method_name(m->method));
	id(f, "request_id", m->meta.has_request_id, m->meta.request_id);
	id(f, "session", m->meta.has_session, m->meta.session);
	text(f, "worker_id", m->meta.worker_id);
	optional(f, "deadline_ms", m->meta.has_deadline, m->meta.deadline_ms);
	request_body(f, m);
	fclose(f);
	return out;
}

static void hello(FILE *f, const struct msg_hello_reply *m)
{
	text(f, "version", m->version);
	number(f, "protocol", m->protocol);
	for (int i = 0; i < m->n_features; i++)
		text(f, "feature", m->features[i]);
	id(f, "session", m->has_session, m->session);
	text(f, "blas_core", m->blas_core);
	number(f, "message_bytes", m->limits.message_bytes);
	number(f, "arena_bytes", m->limits.arena_bytes);
	number(f, "parameters", m->limits.parameters);
	number(f, "choices", m->limits.choices);
	number(f, "metrics", m->limits.metrics);
	number(f, "name_bytes", m->limits.name_bytes);
	number(f, "batch", m->limits.batch);
}

static void status(FILE *f, const struct msg_status_reply *m)
{
	text(f, "version", m->version);
	number(f, "uptime_ms", m->uptime_ms);
	number(f, "studies", m->studies);
	counts(f, m->trials);
	number(f, "waiting_suggests", m->waiting_suggests);
	number(f, "running_jobs", m->running_jobs);
	number(f, "requests", m->requests);
	number(f, "commits", m->commits);
	number(f, "committed_events", m->committed_events);
	number(f, "failed_commits", m->failed_commits);
	number(f, "durable", m->durable);
	text(f, "blas_core", m->blas_core);
	text(f, "sqlite_version", m->sqlite_version);
	number(f, "rss_bytes", m->rss_bytes);
	number(f, "db_bytes", m->db_bytes);
	number(f, "wal_bytes", m->wal_bytes);
	number(f, "threads", m->threads);
}

static void heartbeat(FILE *f, const struct msg_heartbeat_reply *m)
{
	for (int i = 0; i < m->n; i++)
		lease(f, &m->leases[i]);
	for (int i = 0; i < m->n_lost; i++)
		number(f, "lost", m->lost[i]);
	for (int i = 0; i < m->n_stops; i++) {
		number(f, "stop", m->stops[i].number);
		number(f, "reason", m->stops[i].reason);
	}
}

static void replay(FILE *f, const struct msg_replay_reply *m)
{
	for (int i = 0; i < m->n; i++) {
		number(f, "seq", m->suggestions[i].seq);
		number(f, "number", m->suggestions[i].number);
		number(f, "equal", m->suggestions[i].equal);
		named(f, "recorded", m->suggestions[i].n_recorded, m->suggestions[i].recorded);
		named(f, "computed", m->suggestions[i].n_computed, m->suggestions[i].computed);
	}
	optional(f, "next_seq", m->more, m->next_seq);
	number(f, "same_build", m->same_build);
}

static void error(FILE *f, const struct msg_error *m)
{
	number(f, "code", m->code);
	text(f, "message", m->message);
	text(f, "field", m->field);
	text(f, "endpoint", m->endpoint);
	number(f, "retry_after_ms", m->retry_after_ms);
}

static void why_reply(FILE *f, const struct msg_why_reply *m)
{
	number(f, "next", m->next);
	number(f, "next_number", m->next_number);
	error(f, &m->error);
	number(f, "waiting", m->waiting);
	number(f, "computing", m->computing);
	number(f, "prepared", m->prepared);
	number(f, "queued", m->queued);
	number(f, "running", m->running);
	optional(f, "left", m->has_left, m->left);
	optional(f, "expiry_ms", m->has_expiry, m->expiry_ms);
	optional(f, "expiry_number", m->has_expiry, m->expiry_number);
	texts(f, "sentences", &m->sentences);
}

static void models(FILE *f, const struct msg_models *list)
{
	for (int i = 0; i < list->n; i++) {
		const struct msg_model *m = &list->p[i];
		const struct msg_calibration *c = &m->calibration;
		double scores[] = {c->log_density, c->crps, c->mean_square_z, c->coverage50, c->coverage80,
			c->coverage95, c->worst_z};

		text(f, "model", m->name);
		text(f, "kernel", m->kernel);
		reals(f, "lengthscales", m->n_lengthscales, m->lengthscales);
		real(f, "outputscale", m->outputscale);
		real(f, "noise_sd", m->noise_sd);
		real(f, "mean", m->mean);
		number(f, "n", m->n);
		number(f, "n_fit", m->n_fit);
		number(f, "has_log_posterior", m->has_log_posterior);
		real(f, "log_posterior", m->log_posterior);
		real(f, "jitter", m->jitter);
		text(f, "transform", m->transform);
		number(f, "left out", c->n);
		number(f, "outliers", c->outliers);
		optional(f, "worst_number", c->has_worst, c->worst_number);
		reals(f, "scores", sizeof(scores) / sizeof(*scores), scores);
	}
}

static void get_model(FILE *f, const struct msg_get_model_reply *m)
{
	texts(f, "parameters", &m->parameters);
	models(f, &m->models);
	text(f, "reason", m->reason);
	number(f, "results", m->results);
	texts(f, "sentences", &m->sentences);
}

static void explain(FILE *f, const struct msg_explain_reply *m)
{
	if (m->trial)
		trial(f, m->trial);
	trials(f, m->n_related, m->related);
	optional_real(f, "surprise", m->has_surprise, m->surprise);
	texts(f, "sentences", &m->sentences);
}

static void predict(FILE *f, const struct msg_predict_reply *m)
{
	fprintf(f, "predictions [%d x %d]\n", m->n, m->n_metrics);
	for (int i = 0; i < m->n * m->n_metrics; i++) {
		text(f, "name", m->predictions[i].name);
		real(f, "mean", m->predictions[i].mean);
		real(f, "sd", m->predictions[i].sd);
	}
}

static void reply_body(FILE *f, const struct msg_reply *m)
{
	switch (m->method) {
	case METHOD_HELLO: hello(f, &m->u.hello); break;
	case METHOD_PING: break;
	case METHOD_STATUS: status(f, &m->u.status); break;
	case METHOD_CREATE_STUDY:
	case METHOD_GET_STUDY:
	case METHOD_UPDATE_STUDY:
	case METHOD_DELETE_STUDY:
		number(f, "attached", m->u.study.attached);
		study(f, &m->u.study.study);
		break;
	case METHOD_LIST_STUDIES:
		for (int i = 0; i < m->u.list_studies.n; i++)
			study(f, &m->u.list_studies.studies[i]);
		number(f, "more", m->u.list_studies.more);
		break;
	case METHOD_SUGGEST:
	case METHOD_OBSERVE:
	case METHOD_FAIL_TRIAL:
	case METHOD_RELEASE:
	case METHOD_CANCEL_TRIAL:
	case METHOD_ENQUEUE:
	case METHOD_EDIT_TRIAL:
	case METHOD_DELETE_TRIAL:
	case METHOD_GET_TRIAL: trials(f, m->u.trials.n, m->u.trials.trials); break;
	case METHOD_HEARTBEAT: heartbeat(f, &m->u.heartbeat); break;
	case METHOD_ADD_TRIALS:
		number(f, "first_number", m->u.add_trials.first_number);
		number(f, "count", m->u.add_trials.count);
		break;
	case METHOD_LIST_TRIALS:
		trials(f, m->u.list_trials.n, m->u.list_trials.trials);
		optional(f, "next_number", m->u.list_trials.more, m->u.list_trials.next_number);
		number(f, "seq", m->u.list_trials.seq);
		break;
	case METHOD_BEST:
		if (m->u.best.trial)
			trial(f, m->u.best.trial);
		break;
	case METHOD_PREDICT: predict(f, &m->u.predict); break;
	case METHOD_REPORT:
		number(f, "stop", m->u.report.stop);
		text(f, "message", m->u.report.message);
		number(f, "remaining_ms", m->u.report.remaining_ms);
		break;
	case METHOD_WHY: why_reply(f, &m->u.why); break;
	case METHOD_GET_MODEL: get_model(f, &m->u.get_model); break;
	case METHOD_EXPLAIN: explain(f, &m->u.explain); break;
	case METHOD_SERVER_BACKUP: number(f, "bytes", m->u.server_backup.bytes); break;
	case METHOD_REPLAY: replay(f, &m->u.replay); break;
	}
}

char *dump_reply(const struct msg_reply *m)
{
	char *out = NULL;
	size_t size;
	FILE *f = begin(&out, &size);

	text(f, m->is_error ? "error" : "reply", msg_method_name(m->method));
	if (m->is_error)
		error(f, &m->error);
	else
		reply_body(f, m);
	fclose(f);
	return out;
}

static void suggested(FILE *f, const struct record_suggested *r)
{
	const struct record_job *j = &r->job;

	for (int i = 0; i < r->n_trials; i++) {
		const struct record_given *g = &r->trials[i];

		number(f, "given", g->number);
		reals(f, "values", g->n_values, g->values);
		number(f, "attempt", g->attempt);
		id(f, "token", true, g->token);
		number(f, "lease_ms", g->lease_ms);
		why(f, &g->why);
	}
	number(f, "snapshot_seq", j->snapshot_seq);
	number(f, "first_number", j->first_number);
	number(f, "n_slots", j->n_slots);
	number(f, "first_slot", j->first_slot);
	reals(f, "fixed", j->n_fixed, j->fixed);
	reals(f, "state_in", j->n_state_in, j->state_in);
	reals(f, "state_out", j->n_state_out, j->state_out);
	number(f, "units", j->units);
	number(f, "cut", j->cut);
	text(f, "build", j->build);
	for (int i = 0; i < j->n_numbers; i++)
		number(f, "key", j->numbers[i]);
	models(f, &j->models);
	outlook(f, j->has_outlook, &j->outlook);
	text(f, "worker", r->worker);
	id(f, "session", r->has_session, r->session);
}

static void ended(FILE *f, const struct record_ended *r)
{
	for (int i = 0; i < r->n; i++) {
		number(f, "outcome", r->outcomes[i].number);
		text(f, "state", msg_trial_state_name(r->outcomes[i].state));
		reals(f, "values", r->outcomes[i].n_values, r->outcomes[i].values);
		text(f, "reason", r->outcomes[i].reason);
		number(f, "late", r->outcomes[i].late);
		number(f, "attempt", r->outcomes[i].attempt);
		reals(f, "sems", r->outcomes[i].n_sems, r->outcomes[i].sems);
	}
}

static void added(FILE *f, const struct record_added *r)
{
	number(f, "first_number", r->first_number);
	for (int i = 0; i < r->n; i++) {
		reals(f, "values", r->trials[i].n_values, r->trials[i].values);
		reals(f, "metrics", r->trials[i].n_metrics, r->trials[i].metrics);
		text(f, "reason", r->trials[i].reason);
		reals(f, "sems", r->trials[i].n_sems, r->trials[i].sems);
		labels(f, &r->trials[i].labels);
		text(f, "note", r->trials[i].note);
	}
}

static void updated(FILE *f, const struct record_updated *r)
{
	number(f, "state", r->state);
	optional(f, "budget", r->has_budget, r->budget);
	number(f, "no_budget", r->no_budget);
	optional_real(f, "lease_s", r->has_lease, r->lease_s);
	number(f, "on_expiry", r->on_expiry);
	optional(f, "retry_limit", r->has_retry_limit, r->retry_limit);
	stop_rules(f, r->has_stop, &r->stop);
	acquisition(f, &r->acquisition);
	text(f, "reason", r->reason);
	if (r->has_labels)
		labels(f, &r->labels);
}

static void edited(FILE *f, const struct record_edited *r)
{
	number(f, "number", r->number);
	reals(f, "values", r->n_values, r->values);
	reals(f, "sems", r->n_sems, r->sems);
	optional(f, "excluded", r->has_excluded, r->excluded);
	text(f, "note", r->note);
	if (r->has_labels)
		labels(f, &r->labels);
	number(f, "deleted", r->deleted);
}

static void stale(FILE *f, const struct record_stale *r)
{
	number(f, "number", r->number);
	number(f, "attempt", r->attempt);
	reals(f, "values", r->n_values, r->values);
	reals(f, "sems", r->n_sems, r->sems);
	text(f, "worker", r->worker);
}

static void source(FILE *f, const struct record_source *r)
{
	warm_start(f, &r->what);
	number(f, "maximize", r->maximize);
	reals(f, "values", r->n_values, r->values);
	reals(f, "outcomes", r->n_outcomes, r->outcomes);
}

char *dump_record(const struct record *r)
{
	char *out = NULL;
	size_t size;
	FILE *f = begin(&out, &size);

	number(f, "record", r->kind);
	switch (r->kind) {
	case RECORD_STUDY_CREATED:
		text(f, "name", r->u.created.name);
		spec(f, &r->u.created.spec);
		for (int i = 0; i < r->u.created.n_sources; i++)
			source(f, &r->u.created.sources[i]);
		break;
	case RECORD_STUDY_UPDATED: updated(f, &r->u.updated); break;
	case RECORD_SUGGESTED: suggested(f, &r->u.suggested); break;
	case RECORD_ENDED: ended(f, &r->u.ended); break;
	case RECORD_ADDED: added(f, &r->u.added); break;
	case RECORD_ENQUEUED: added(f, &r->u.enqueued); break;
	case RECORD_REPORTED:
		number(f, "number", r->u.reported.number);
		number(f, "step", (uint64_t)r->u.reported.step);
		real(f, "value", r->u.reported.value);
		number(f, "stop", r->u.reported.stop);
		break;
	case RECORD_EDITED: edited(f, &r->u.edited); break;
	case RECORD_STALE: stale(f, &r->u.stale); break;
	}
	fclose(f);
	return out;
}
