/* What messages share: the parts of studies and trials, as plain structs. msg.h says what holds
 * for all of them. */
#ifndef KR_PROTO_MSG_PART_H
#define KR_PROTO_MSG_PART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MSG_ID_BYTES = 16 };

enum trial_state {
	TRIAL_QUEUED = 1,
	TRIAL_RUNNING,
	TRIAL_COMPLETE,
	TRIAL_PRUNED,
	TRIAL_FAILED,
	TRIAL_INFEASIBLE,
	TRIAL_EXPIRED,
	TRIAL_CANCELLED,
	TRIAL_N_STATES
};

enum study_state { STUDY_ACTIVE = 1, STUDY_PAUSED, STUDY_FINISHED, STUDY_DELETED };

enum param_kind {
	PARAM_FLOAT = 1,
	PARAM_INT,
	PARAM_CATEGORICAL,
	PARAM_ORDINAL,
	PARAM_BOOL,
	PARAM_FIXED
};

enum metric_role { METRIC_MINIMIZE = 1, METRIC_MAXIMIZE, METRIC_CONSTRAINT, METRIC_COST };

enum on_expiry { ON_EXPIRY_EXPIRE = 1, ON_EXPIRY_REQUEUE };

enum stop_reason { STOP_NONE, STOP_CANCELLED, STOP_PAUSED, STOP_FINISHED, STOP_BUDGET };

enum why_rule { WHY_INITIAL = 1, WHY_MODEL, WHY_FILL, WHY_ENQUEUED };
enum why_freshness { WHY_FRESH = 1, WHY_PARTIAL, WHY_FALLBACK };
enum why_role { WHY_EXPLORE = 1, WHY_EXPLOIT };

/* ---- values ---- */

/* 0: a type that is not known here (replies only). */
enum scalar_kind { SCALAR_NULL = 1, SCALAR_BOOL, SCALAR_INT, SCALAR_REAL, SCALAR_STRING };

struct msg_scalar {
	enum scalar_kind kind;
	bool b;
	int64_t i;
	double r;
	const char *s;
};

struct msg_named {
	const char *name;
	struct msg_scalar value;
};

/* ---- a study's spec ---- */

/* 0: none, or a kind that is not known here (replies). */
enum prior_kind { PRIOR_NORMAL = 1, PRIOR_LOG_NORMAL, PRIOR_WEIGHTS };

/* Where the best value of a parameter is believed to be: mean and sd; median and factor; a weight
 * for each choice. */
struct msg_prior {
	enum prior_kind kind;
	int n;
	const double *numbers;
};

struct msg_param {
	const char *name;
	enum param_kind kind;
	bool has_low, has_high;
	double low, high;
	bool log;
	bool has_step;
	double step;
	int n_choices;
	const struct msg_scalar *choices;
	const char *when; /* condition; NULL: always there */
	struct msg_prior prior;
};

struct msg_metric {
	const char *name;
	enum metric_role role;
	bool has_lower, has_upper; /* METRIC_CONSTRAINT: at least one */
	double lower, upper;
};

struct msg_labels {
	int n;
	const struct msg_named *p;
};

struct msg_texts {
	int n;
	const char *const *p;
};

/* Absent numbers are 0. */
struct msg_stop_rules {
	uint64_t no_progress; /* 0: no such rule */
	double min_progress, min_progress_relative;
	bool has_target;
	double target;
	double p_gain; /* 0: no such rule */
	double gain, gain_relative;
};

/* What suggestions maximize. */
struct msg_acquisition {
	const char *name; /* NULL: auto; in a change: as it is */
	bool has_level, has_beta;
	double level, beta;
};

struct msg_spec {
	int n_params;
	const struct msg_param *params;
	int n_metrics;
	const struct msg_metric *metrics;
	bool has_budget;
	uint64_t budget;
	bool has_lease;
	double lease_s;
	bool has_seed;
	uint64_t seed;
	struct msg_texts constraints; /* linear, among parameters */
	struct msg_texts forbidden;   /* conditions */
	bool has_noise_sd;
	double noise_sd;
	struct msg_acquisition acquisition;
	enum on_expiry on_expiry; /* 0: not said */
	bool has_retry_limit;
	uint32_t retry_limit;
	bool has_stop;
	struct msg_stop_rules stop;
	struct msg_labels labels;
	struct msg_texts warm_start; /* names of studies */
};

/* ---- trials ---- */

struct msg_value {
	const char *name; /* NULL: the only objective */
	double value;     /* may be NaN or infinite in observations only; the mean of replicates */
	bool has_sem;     /* also of replicates: decoding has made it */
	double sem;
};

struct msg_lease {
	uint64_t number;
	bool has_attempt;
	uint32_t attempt;
	bool has_token;
	uint8_t token[MSG_ID_BYTES];
	uint64_t remaining_ms;
};

struct msg_pull {
	uint64_t number;
	double weight, pull, distance;
};

struct msg_lever {
	const char *name;
	double lengthscale;
};

/* What a suggestion by the model rests on. */
struct msg_grounds {
	enum why_role role; /* 0: not said */
	uint64_t observations;
	bool has_gain; /* there was an incumbent */
	uint64_t incumbent;
	double best, p_gain, expected_gain;
	double model_mean, noise_sd;
	uint32_t rank, optima; /* 0: no search */
	int n_pulls;
	const struct msg_pull *pulls;
	int n_levers;
	const struct msg_lever *levers;
};

struct msg_why {
	enum why_rule rule; /* 0: not known (told points) */
	enum why_freshness freshness;
	bool has_prediction;
	double mean, sd, log_acq;
	bool has_p_feasible;
	double p_feasible;
	const char *acquisition; /* NULL: none, or not known */
	bool has_acq;            /* then log_acq is not known */
	double acq;
	const struct msg_grounds *grounds; /* NULL: none were recorded */
};

struct msg_progress {
	int64_t step;
	double value;
	uint64_t time_ms;
};

struct msg_stop {
	uint64_t number;
	enum stop_reason reason;
};

struct msg_trial {
	uint64_t number;
	enum trial_state state;
	int n_params;
	const struct msg_named *params;
	int n_values;
	const struct msg_value *values;
	const char *reason; /* NULL: none */
	const char *worker;
	uint32_t attempt;
	uint64_t created_ms, finished_ms; /* finished 0: not yet */
	bool late, told;
	uint64_t seq;
	struct msg_why why;
	bool has_lease;
	struct msg_lease lease;
	struct msg_labels labels;
	const char *note; /* NULL: none */
	bool excluded;
	int n_progress;
	const struct msg_progress *progress;
	bool has_feasible, feasible;
};

struct msg_point {
	int n_params;
	const struct msg_named *params;
	int n_values;
	const struct msg_value *values;
	struct msg_labels labels;
	const char *note;
};

/* ---- studies ---- */

/* The next suggestion, before anybody asks for it. */
enum msg_prepared { PREPARED_NONE, PREPARED_COMPUTING, PREPARED_READY };

/* What the newest suggestion by the model expects. */
struct msg_outlook {
	uint64_t number;
	double expected_gain, gain, p_gain;
};

/* What a study took of another one. */
struct msg_warm_start {
	const char *name;
	uint64_t id, taken, unfit, unused;
};

struct msg_study {
	const char *name;
	uint64_t id;
	enum study_state state;
	struct msg_spec spec;
	uint64_t counts[TRIAL_N_STATES];
	const struct msg_trial *best; /* NULL before any result */
	uint64_t created_ms;
	uint64_t seq;
	const char *reason;
	uint64_t reserved;
	bool has_outlook;
	struct msg_outlook outlook;
	enum msg_prepared prepared;
	uint64_t spec_version;
	int n_warm_start;
	const struct msg_warm_start *warm_start;
};

/* ---- names and equality ---- */

/* Names for people and JSON: "COMPLETE", "ACTIVE", "minimize", "float", "log_normal", "model",
 * "fresh", "explore"; "none" where a Why does not say, "?" outside. */
const char *msg_trial_state_name(enum trial_state s);
const char *msg_study_state_name(enum study_state s);
const char *msg_metric_role_name(enum metric_role r);
const char *msg_param_kind_name(enum param_kind k);
const char *msg_prior_kind_name(enum prior_kind k);
const char *msg_prepared_name(enum msg_prepared p);
const char *msg_why_rule_name(enum why_rule r);
const char *msg_why_freshness_name(enum why_freshness f);
const char *msg_why_role_name(enum why_role r);

/* The same rules? */
bool msg_stop_rules_equal(const struct msg_stop_rules *a, const struct msg_stop_rules *b);

/* Same type and same value; 0.0 and -0.0 are the same. */
bool msg_scalar_equal(const struct msg_scalar *a, const struct msg_scalar *b);

/* An order of finite ones: by type, then by value; 0 exactly where they are equal. */
int msg_scalar_compare(const struct msg_scalar *a, const struct msg_scalar *b);

#endif
