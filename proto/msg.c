#include "proto/msg.h"

#include <string.h>

#define NAME(names, value) \
	((unsigned)(value) < sizeof(names) / sizeof(*(names)) && (names)[value] ? (names)[value] : "?")

const char *msg_trial_state_name(enum trial_state s)
{
	static const char *const names[] = {
		[TRIAL_QUEUED] = "QUEUED",
		[TRIAL_RUNNING] = "RUNNING",
		[TRIAL_COMPLETE] = "COMPLETE",
		[TRIAL_PRUNED] = "PRUNED",
		[TRIAL_FAILED] = "FAILED",
		[TRIAL_INFEASIBLE] = "INFEASIBLE",
		[TRIAL_EXPIRED] = "EXPIRED",
		[TRIAL_CANCELLED] = "CANCELLED",
	};

	return NAME(names, s);
}

const char *msg_study_state_name(enum study_state s)
{
	static const char *const names[] = {
		[STUDY_ACTIVE] = "ACTIVE",
		[STUDY_PAUSED] = "PAUSED",
		[STUDY_FINISHED] = "FINISHED",
		[STUDY_DELETED] = "DELETED",
	};

	return NAME(names, s);
}

const char *msg_why_rule_name(enum why_rule r)
{
	static const char *const names[] = {
		"none",
		[WHY_INITIAL] = "initial",
		[WHY_MODEL] = "model",
		[WHY_FILL] = "fill",
		[WHY_ENQUEUED] = "enqueued",
	};

	return NAME(names, r);
}

const char *msg_why_freshness_name(enum why_freshness f)
{
	static const char *const names[] = {
		"none",
		[WHY_FRESH] = "fresh",
		[WHY_PARTIAL] = "partial",
		[WHY_FALLBACK] = "fallback",
	};

	return NAME(names, f);
}

const char *msg_why_role_name(enum why_role r)
{
	static const char *const names[] = {
		"none",
		[WHY_EXPLORE] = "explore",
		[WHY_EXPLOIT] = "exploit",
	};

	return NAME(names, r);
}

const char *msg_metric_role_name(enum metric_role r)
{
	static const char *const names[] = {
		[METRIC_MINIMIZE] = "minimize",
		[METRIC_MAXIMIZE] = "maximize",
		[METRIC_CONSTRAINT] = "constraint",
		[METRIC_COST] = "cost",
	};

	return NAME(names, r);
}

const char *msg_param_kind_name(enum param_kind k)
{
	static const char *const names[] = {
		[PARAM_FLOAT] = "float",
		[PARAM_INT] = "int",
		[PARAM_CATEGORICAL] = "categorical",
		[PARAM_ORDINAL] = "ordinal",
		[PARAM_BOOL] = "bool",
		[PARAM_FIXED] = "fixed",
	};

	return NAME(names, k);
}

const char *msg_prepared_name(enum msg_prepared p)
{
	static const char *const names[] = {
		[PREPARED_NONE] = "NONE",
		[PREPARED_COMPUTING] = "COMPUTING",
		[PREPARED_READY] = "READY",
	};

	return NAME(names, p);
}

const char *msg_prior_kind_name(enum prior_kind k)
{
	static const char *const names[] = {
		[PRIOR_NORMAL] = "normal",
		[PRIOR_LOG_NORMAL] = "log_normal",
		[PRIOR_WEIGHTS] = "weights",
	};

	return NAME(names, k);
}

static const struct {
	unsigned number;
	const char *name;
	bool mutates;
	enum msg_role least;
} methods[] = {
#define METHOD(NAME, name, number, mutates, role) {number, #name, mutates, MSG_ROLE_##role},
#include "proto/method_list.def"
#undef METHOD
};

/* Index in methods, -1 when unknown. */
static int find(unsigned number)
{
	for (int i = 0; i < (int)(sizeof(methods) / sizeof(*methods)); i++)
		if (methods[i].number == number)
			return i;
	return -1;
}

const char *msg_method_name(enum method m)
{
	int i = find((unsigned)m);

	return i < 0 ? "?" : methods[i].name;
}

bool msg_method_known(unsigned number)
{
	return find(number) >= 0;
}

bool msg_method_mutates(enum method m)
{
	int i = find((unsigned)m);

	return i >= 0 && methods[i].mutates;
}

enum msg_role msg_method_role(enum method m)
{
	int i = find((unsigned)m);

	return i < 0 ? MSG_ROLE_ADMIN : methods[i].least;
}

const char *msg_access_name(enum msg_role r)
{
	static const char *const names[] = {
		[MSG_ROLE_VIEWER] = "viewer",
		[MSG_ROLE_WORKER] = "worker",
		[MSG_ROLE_ADMIN] = "admin",
	};

	return NAME(names, r);
}

bool msg_stop_rules_equal(const struct msg_stop_rules *a, const struct msg_stop_rules *b)
{
	return a->no_progress == b->no_progress && a->min_progress == b->min_progress &&
		a->min_progress_relative == b->min_progress_relative && a->has_target == b->has_target &&
		a->target == b->target && a->p_gain == b->p_gain && a->gain == b->gain &&
		a->gain_relative == b->gain_relative;
}

bool msg_scalar_equal(const struct msg_scalar *a, const struct msg_scalar *b)
{
	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
	case SCALAR_NULL: return true;
	case SCALAR_BOOL: return a->b == b->b;
	case SCALAR_INT: return a->i == b->i;
	case SCALAR_REAL: return a->r == b->r;
	case SCALAR_STRING: return strcmp(a->s, b->s) == 0;
	}
	return false;
}

int msg_scalar_compare(const struct msg_scalar *a, const struct msg_scalar *b)
{
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	switch (a->kind) {
	case SCALAR_NULL: return 0;
	case SCALAR_BOOL: return a->b - b->b;
	case SCALAR_INT: return (a->i > b->i) - (a->i < b->i);
	case SCALAR_REAL: return (a->r > b->r) - (a->r < b->r);
	case SCALAR_STRING: return strcmp(a->s, b->s);
	}
	return 0;
}
