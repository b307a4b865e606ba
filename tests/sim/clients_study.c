/* What the clients of the simulator ask about studies. */
#include <string.h>

#include "tests/sim/sim.h"

static const struct msg_scalar mixed[] = {
	{.kind = SCALAR_STRING, .s = "a"}, {.kind = SCALAR_INT, .i = 1}, {.kind = SCALAR_NULL}};
static const struct msg_scalar opts[] = {
	{.kind = SCALAR_STRING, .s = "sgd"}, {.kind = SCALAR_STRING, .s = "adam"}};
static const struct msg_scalar layers[] = {{.kind = SCALAR_INT, .i = 1},
	{.kind = SCALAR_INT, .i = 2}, {.kind = SCALAR_INT, .i = 4}, {.kind = SCALAR_INT, .i = 8}};

static const struct msg_param plain[] = {
	{.name = "x", .kind = PARAM_FLOAT, .has_low = true, .low = -1, .has_high = true, .high = 2},
	{.name = "n", .kind = PARAM_INT, .has_low = true, .low = 1, .has_high = true, .high = 5},
	{.name = "c", .kind = PARAM_CATEGORICAL, .n_choices = 3, .choices = mixed}};

/* model_point.c knows the rules. */
static const struct msg_param ruled[] = {
	{.name = "opt", .kind = PARAM_CATEGORICAL, .n_choices = 2, .choices = opts},
	{.name = "momentum",
		.kind = PARAM_FLOAT,
		.has_low = true,
		.low = 0,
		.has_high = true,
		.high = 0.9,
		.when = "opt == 'sgd'"},
	{.name = "layers", .kind = PARAM_ORDINAL, .n_choices = 4, .choices = layers},
	{.name = "fast", .kind = PARAM_BOOL, .when = "layers > 2"},
	{.name = "kind", .kind = PARAM_FIXED, .n_choices = 1, .choices = mixed}};

static const char *const constraints[] = {"layers * 0.5 + momentum <= 4.5"};
static const char *const forbidden[] = {"opt == 'adam' and fast and layers == 4"};

static const struct msg_metric loss[] = {{.name = "loss", .role = METRIC_MINIMIZE}};
static const struct msg_metric score[] = {{.name = "score", .role = METRIC_MAXIMIZE}};
static const struct msg_metric measured[] = {{.name = "loss", .role = METRIC_MINIMIZE},
	{.name = "latency", .role = METRIC_CONSTRAINT, .has_upper = true, .upper = 60}};

static const struct msg_spec specs[SIM_STUDIES] = {
	{.n_params = 3, .params = plain, .n_metrics = 1, .metrics = loss, .budget = 5},
	{.n_params = 2,
		.params = plain + 1,
		.n_metrics = 1,
		.metrics = score,
		.budget = 16,
		.on_expiry = ON_EXPIRY_REQUEUE,
		.has_retry_limit = true,
		.retry_limit = 1,
		.has_stop = true,
		.stop = {.no_progress = 8}},
	{.n_params = 5,
		.params = ruled,
		.n_metrics = 2,
		.metrics = measured,
		.budget = 8,
		.on_expiry = ON_EXPIRY_REQUEUE,
		.constraints = {1, constraints},
		.forbidden = {1, forbidden}}};

const struct msg_spec *clients_spec(int study)
{
	return &specs[study];
}

/* ---- labels ---- */

struct msg_labels clients_labels(struct world *w)
{
	static const struct msg_named labels[] = {{"a", {.kind = SCALAR_INT, .i = 1}},
		{"b", {.kind = SCALAR_STRING, .s = "two"}}, {"a", {.kind = SCALAR_NULL}},
		{"c", {.kind = SCALAR_REAL, .r = 2.5}}};
	static const struct msg_labels lists[] = {{0}, {0}, {1, labels}, {2, labels}, {2, labels + 1},
		{2, labels + 2}, {1, labels + 3}, {3, labels + 1}};
	return lists[world_below(w, sizeof(lists) / sizeof(lists[0]))];
}

struct msg_texts clients_removals(struct world *w, const struct msg_labels *set)
{
	static const char *const names[] = {"a", "c"};
	static const struct msg_texts lists[] = {{0}, {1, names}, {2, names}};
	return set->n ? lists[0] : lists[world_below(w, 3)];
}

/* ---- requests ---- */

void clients_ask_create(struct world *w, struct msg_request *m, struct asked *q, int study)
{
	struct msg_spec *spec = &m->u.create_study.spec;
	q->if_exists = world_below(w, 12) == 0 ? IF_EXISTS_REPLACE
		: world_below(w, 2)                ? IF_EXISTS_ATTACH
										   : IF_EXISTS_FAIL;
	*spec = specs[study];
	q->budget = spec->budget += world_below(w, 6) == 0;
	m->u.create_study.if_exists = q->if_exists;
	spec->has_budget = spec->has_lease = spec->has_seed = true;
	spec->lease_s = 0.5;
	spec->seed = 7;
}

static void ask_settings(struct world *w, struct msg_update_study *u)
{
	static const char *const acquisitions[] = {"auto", "pi", "ucb"};

	switch (world_below(w, 7)) {
	case 6: u->acquisition.name = acquisitions[world_below(w, 3)]; break;
	case 5:
		u->has_stop = true;
		u->stop.no_progress = world_below(w, 9);
		break;
	case 0:
		u->has_lease = true;
		u->lease_s = 0.25 * (double)(1 + world_below(w, 4));
		break;
	case 1: u->on_expiry = world_below(w, 2) ? ON_EXPIRY_REQUEUE : ON_EXPIRY_EXPIRE; break;
	case 2:
		u->has_retry_limit = true;
		u->retry_limit = (uint32_t)world_below(w, 4);
		break;
	default:
		u->labels = clients_labels(w);
		u->remove_labels = clients_removals(w, &u->labels);
		if (u->labels.n + u->remove_labels.n == 0)
			u->on_expiry = ON_EXPIRY_REQUEUE;
	}
}

void clients_ask_update(struct world *w, struct msg_request *m, struct asked *q)
{
	struct msg_update_study *u = &m->u.update_study;
	switch (world_below(w, 14)) {
	case 0:
	case 5: u->action = ACTION_PAUSE; break;
	case 1: u->action = ACTION_FINISH; break;
	case 2:
	case 3:
		u->has_budget = true;
		u->budget = 3 + world_below(w, 20);
		break;
	case 4: u->no_budget = true; break;
	case 6:
	case 7:
	case 8:
	case 9: u->action = ACTION_RESUME; break;
	default: ask_settings(w, u); break;
	}
	u->has_expected_version = world_below(w, 4) == 0;
	u->expected_version = u->has_expected_version ? 1 + world_below(w, 3) : 0;
	q->update = *u;
}

void clients_ask_delete(struct world *w, struct msg_request *m, struct asked *q)
{
	q->undelete = m->u.delete_study.undelete = world_below(w, 5) < 3;
	m->u.delete_study.has_id = world_below(w, 4) == 0;
	m->u.delete_study.id = 1 + world_below(w, 5);
}

void clients_ask_get(struct world *w, struct msg_request *m, struct asked *q)
{
	if (world_below(w, 2))
		return;
	q->since_seq = m->u.get_study.since_seq = world_below(w, 60);
	q->wait_ms = m->u.get_study.wait_ms = 1 + world_below(w, 400);
}

void clients_ask_list(struct world *w, struct msg_request *m, struct asked *q)
{
	struct msg_list_trials *l = &m->u.list_trials;
	l->params = world_below(w, 2);
	l->values = world_below(w, 2);
	l->labels = world_below(w, 2);
	l->progress = world_below(w, 2);
	l->why = !l->params && !l->values && !l->labels && !l->progress;
	if (world_below(w, 2)) {
		l->states = world_below(w, 4) ? 1u << TRIAL_RUNNING | 1u << TRIAL_COMPLETE : 0;
		l->since_seq = world_below(w, 8);
		l->from_number = world_below(w, 5);
		l->limit = (uint32_t)world_below(w, 4);
	}
	q->list = *l;
}
