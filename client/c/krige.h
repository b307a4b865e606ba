/* libkrige: the C client of kriged.
 *
 *   krige_open
 *     krige_create_study | krige_attach
 *       krige_ask .. krige_trial_real .. krige_report .. krige_tell .. krige_trial_free
 *     krige_study_free
 *   krige_close
 *
 * A client is a handle on one daemon. It connects at the first call, and again
 * by itself when the daemon was away. One client may be used from many threads
 * at the same time, and so may a study; a trial belongs to one thread at a time, but
 * for krige_heartbeat. Studies, trials and lists hold on to their client: free them
 * before closing it, and close it after the last call returned.
 *
 * Every function that can fail returns an enum krige_status and fills the
 * caller's struct krige_error (NULL is allowed). Strings are UTF-8. Structs that
 * the library may extend begin with their size: set it to sizeof, zero means
 * "the default" in every other field. */
#ifndef KRIGE_H
#define KRIGE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define KRIGE_API __attribute__((visibility("default")))
#else
#define KRIGE_API
#endif

/* The statuses of the wire under their wire numbers, then those of the client. */
enum krige_status {
	KRIGE_OK = 0,
	KRIGE_INVALID_ARGUMENT = 1,
	KRIGE_NOT_FOUND = 2,
	KRIGE_ALREADY_EXISTS = 3,
	KRIGE_CONFLICT = 4,
	KRIGE_STALE_LEASE = 5,
	KRIGE_STUDY_FINISHED = 6,
	KRIGE_BUDGET_SPENT = 7,
	KRIGE_SPACE_EXHAUSTED = 8,
	KRIGE_NOT_NOW = 9,
	KRIGE_OVERLOADED = 10,
	KRIGE_UNAVAILABLE = 11,
	KRIGE_DEADLINE = 12,
	KRIGE_UNAUTHENTICATED = 13,
	KRIGE_FORBIDDEN = 14,
	KRIGE_NOT_OWNER = 15,
	KRIGE_TOO_LARGE = 16,
	KRIGE_VERSION = 17,
	KRIGE_INTERNAL = 18,
	KRIGE_CANNOT_CONNECT = 1001, /* no daemon answers at the endpoint */
	KRIGE_TIMEOUT = 1002,        /* connected, but no answer in time */
	KRIGE_INTERRUPTED = 1003,    /* krige_interrupt ended the call */
	KRIGE_NO_MEMORY = 1004
};

struct krige_error {
	enum krige_status code;
	uint32_t retry_after_ms; /* 0: no hint */
	char field[128];         /* field path of the request at fault, "" when none */
	char message[512];       /* one sentence */
};

struct krige_options {
	size_t size;            /* sizeof(struct krige_options) */
	const char *name;       /* program name shown to the daemon; default "libkrige VERSION" */
	const char *worker;     /* name of this worker; a worker that comes back under its name
	                          gets its running trials again, so those that live at the same
	                          time need different names; default: none */
	uint32_t timeout_ms;    /* most time of one call; default 60,000 */
	uint32_t attempt_ms;    /* an unanswered request is sent again on a new connection after
	                          this time, under the same request id; default 5,000, doubled
	                          with each attempt */
	uint32_t retry_ms;      /* how long a call puts up with an absent, overloaded or full
	                          daemon; default 0: the first refusal ends it */
	const char *server_key; /* the daemon's public key (40 characters), or a file that has it;
	                             default: the environment's KRIGE_SERVER_KEY */
	const char *key_file;   /* file of this client's secret key, which `krige keygen` makes;
	                             default: KRIGE_KEY_FILE. Without both, nothing is encrypted */
	int no_start;           /* 1: do not start a daemon when endpoint is NULL and none runs */
};

struct krige_client;

/* "0.1.0" of the library that is running. */
KRIGE_API const char *krige_version(void);

/* "NOT_FOUND" for KRIGE_NOT_FOUND; "?" outside the enum. */
KRIGE_API const char *krige_status_name(enum krige_status code);

/* Prepare a client; nothing is sent yet.
 *   endpoint  "ipc:///path" or "tcp://host:port"; NULL: the environment's KRIGE_ENDPOINT, else
 *             the daemon of this user, which is started when a call finds that it does not
 *             run. It leaves when it was idle for ten minutes, keeps its data, and is started
 *             again by the next call; keys of the environment are not used with it
 *   options   NULL: all defaults; its strings are copied
 * Errors: INVALID_ARGUMENT (endpoint, options.size, keys), FORBIDDEN (the folder of the user's
 * socket is somebody else's), NO_MEMORY. */
KRIGE_API enum krige_status krige_open(struct krige_client **out, const char *endpoint,
	const struct krige_options *options, struct krige_error *err);

/* krige_close(NULL) does nothing. */
KRIGE_API void krige_close(struct krige_client *client);

/* The endpoint in use; owned by the client. */
KRIGE_API const char *krige_endpoint(const struct krige_client *client);

/* End every call of this client that is under way, within grace_ms, as
 * INTERRUPTED; calls made later are not affected. Callable from any thread; not
 * from a signal handler. A request that was sent may still take effect: grace_ms
 * is the time its answer gets. */
KRIGE_API void krige_interrupt(struct krige_client *client, uint32_t grace_ms);

/* One round trip. Errors: CANNOT_CONNECT, TIMEOUT, VERSION. */
KRIGE_API enum krige_status krige_ping(struct krige_client *client, struct krige_error *err);

/* ---- values ---------------------------------------------------------------- */

/* A parameter's value. Choices are told apart by type: 1, 1.0, "1", true and null are
 * five values. Parameters that are float are REAL, int are INT. */
enum krige_type { KRIGE_NULL = 1, KRIGE_BOOL, KRIGE_INT, KRIGE_REAL, KRIGE_TEXT };

struct krige_value {
	enum krige_type type;
	union {
		int boolean;
		int64_t integer;
		double real;
		const char *text;
	} as;
};

static inline struct krige_value krige_null(void)
{
	struct krige_value v;
	v.type = KRIGE_NULL;
	v.as.integer = 0;
	return v;
}
static inline struct krige_value krige_bool(int x)
{
	struct krige_value v;
	v.type = KRIGE_BOOL;
	v.as.boolean = x != 0;
	return v;
}
static inline struct krige_value krige_int(int64_t x)
{
	struct krige_value v;
	v.type = KRIGE_INT;
	v.as.integer = x;
	return v;
}
static inline struct krige_value krige_real(double x)
{
	struct krige_value v;
	v.type = KRIGE_REAL;
	v.as.real = x;
	return v;
}
static inline struct krige_value krige_text(const char *x) /* borrowed */
{
	struct krige_value v;
	v.type = KRIGE_TEXT;
	v.as.text = x;
	return v;
}

struct krige_named {
	const char *name;
	struct krige_value value;
};

/* A result. name NULL: the only metric of the study. sem: standard error of the value, 0
 * when none is known. */
struct krige_metric {
	const char *name;
	double value;
	double sem;
};

/* ---- spaces ---------------------------------------------------------------- */

/* A search space that grows by its calls. They answer a name that is there already, and
 * what can be seen without the daemon, as INVALID_ARGUMENT; the daemon checks the rest.
 * Texts and values are copied. Not thread-safe. */
struct krige_space;

enum krige_scale { KRIGE_LINEAR, KRIGE_LOG };

/* NULL when memory runs out; the calls below answer that with NO_MEMORY. */
KRIGE_API struct krige_space *krige_space_new(void);
KRIGE_API void krige_space_free(struct krige_space *space);

/* Bounds are inclusive; step 0: none (a float) or 1 (an int). */
KRIGE_API enum krige_status krige_space_float(struct krige_space *space, const char *name,
	double low, double high, enum krige_scale scale, double step, struct krige_error *err);
KRIGE_API enum krige_status krige_space_int(struct krige_space *space, const char *name,
	int64_t low, int64_t high, enum krige_scale scale, int64_t step, struct krige_error *err);
KRIGE_API enum krige_status krige_space_categorical(struct krige_space *space, const char *name,
	const struct krige_value *choices, size_t n, struct krige_error *err);
/* Values in their order. */
KRIGE_API enum krige_status krige_space_ordinal(struct krige_space *space, const char *name,
	const struct krige_value *values, size_t n, struct krige_error *err);
KRIGE_API enum krige_status krige_space_bool(
	struct krige_space *space, const char *name, struct krige_error *err);
KRIGE_API enum krige_status krige_space_fixed(
	struct krige_space *space, const char *name, struct krige_value value, struct krige_error *err);

/* The parameter is there only when the condition holds: "opt == 'sgd' and layers > 2". */
KRIGE_API enum krige_status krige_space_when(
	struct krige_space *space, const char *name, const char *condition, struct krige_error *err);
/* Where the best value of a float or int is believed to be: about mean, two times in three within
 * spread, which is a standard deviation, or on a log scale a factor above 1. Good beliefs save
 * trials, wrong ones cost some: they fade as results come in. */
KRIGE_API enum krige_status krige_space_normal(struct krige_space *space, const char *name,
	double mean, double spread, struct krige_error *err);
/* The same of choices: a weight for each, in their order; of a bool for false, then true. */
KRIGE_API enum krige_status krige_space_weights(struct krige_space *space, const char *name,
	const double *weights, size_t n, struct krige_error *err);
/* Linear, among numeric parameters: "layers * 0.5 + momentum <= 4". */
KRIGE_API enum krige_status krige_space_constrain(
	struct krige_space *space, const char *constraint, struct krige_error *err);
/* No point may fulfil this condition. */
KRIGE_API enum krige_status krige_space_forbid(
	struct krige_space *space, const char *condition, struct krige_error *err);

/* ---- studies --------------------------------------------------------------- */

struct krige_study;

enum krige_if_exists {
	KRIGE_IF_EXISTS_FAIL,
	KRIGE_IF_EXISTS_ATTACH, /* CONFLICT when it is another one */
	KRIGE_IF_EXISTS_REPLACE /* the old one is deleted, and can be brought back */
};

enum krige_noise { KRIGE_NOISE_LEARNT, KRIGE_NOISE_NONE, KRIGE_NOISE_KNOWN };

/* When a study ends by itself: as soon as one of the rules holds. Results count as they were told,
 * lucky ones too. A value of 0 (NULL) is no rule. */
struct krige_stop_rules {
	size_t size; /* sizeof(struct krige_stop_rules) */

	/* After so many suggested trials without progress: a result that is better than the last
	 * progress by more than the larger of the two. */
	uint64_t no_progress;
	double min_progress;          /* units of the objective */
	double min_progress_relative; /* a part of the size of the last progress */

	/* At a result that is as good as this. */
	const double *target;

	/* When three suggestions in a row expect an improvement of more than the larger of the two
	 * with a smaller probability. */
	double p_gain;
	double gain;          /* units of the objective */
	double gain_relative; /* a part of the size of the best value */
};

struct krige_study_options {
	size_t size;                    /* sizeof(struct krige_study_options) */
	const char *objective;          /* "minimize loss"; NULL: "minimize value" */
	const char *const *constraints; /* of outcomes: "latency <= 10" */
	size_t n_constraints;
	uint64_t budget; /* trials; 0: no limit */
	double lease_s;  /* 0: 600 */
	const uint64_t *seed;
	enum krige_if_exists if_exists;
	enum krige_noise noise;
	double noise_sd;      /* KRIGE_NOISE_KNOWN: standard deviation of the objective */
	int requeue;          /* 1: a trial whose lease runs out is given out again */
	uint32_t retry_limit; /* so many times; 0: 2 */
	const struct krige_named *labels;
	size_t n_labels;
	const char *acquisition;         /* what suggestions maximize: "kg"; NULL: "auto" */
	const double *acquisition_level; /* straddle: in units of the objective; NULL: none */
	/* ucb, straddle: the squared weight of the deviation; NULL: 1.8^2, 1.96^2. */
	const double *acquisition_beta;
	const struct krige_stop_rules *stop; /* NULL: none */
	const char *const *warm_start; /* studies of the same parameters, whose best points this one
	                                * tries in its initial design */
	size_t n_warm_start;
};

/* The space is not changed and may be freed at once. options NULL: defaults.
 * Errors: those of the daemon (ALREADY_EXISTS, CONFLICT, INVALID_ARGUMENT naming the field). */
KRIGE_API enum krige_status krige_create_study(struct krige_study **out,
	struct krige_client *client, const char *name, const struct krige_space *space,
	const struct krige_study_options *options, struct krige_error *err);

/* Errors: NOT_FOUND. */
KRIGE_API enum krige_status krige_attach(struct krige_study **out, struct krige_client *client,
	const char *name, struct krige_error *err);
KRIGE_API void krige_study_free(struct krige_study *study);
KRIGE_API const char *krige_study_name(const struct krige_study *study);

enum krige_study_state {
	KRIGE_STUDY_ACTIVE = 1,
	KRIGE_STUDY_PAUSED,
	KRIGE_STUDY_STOPPED, /* finished */
	KRIGE_STUDY_DELETED
};

enum krige_trial_state {
	KRIGE_QUEUED = 1,
	KRIGE_RUNNING,
	KRIGE_COMPLETE,
	KRIGE_PRUNED,
	KRIGE_FAILED,
	KRIGE_INFEASIBLE,
	KRIGE_EXPIRED,
	KRIGE_CANCELLED
};
#define KRIGE_N_TRIAL_STATES 9

/* "COMPLETE" for KRIGE_COMPLETE; "?" outside the enum. */
KRIGE_API const char *krige_trial_state_name(enum krige_trial_state state);

struct krige_study_info {
	size_t size; /* set by the caller */
	enum krige_study_state state;
	uint64_t counts[KRIGE_N_TRIAL_STATES]; /* by enum krige_trial_state */
	int has_budget;
	uint64_t budget, taken; /* places of the budget */
	uint64_t created_ms;    /* wall time, ms since 1970 */
	uint64_t seq;           /* newest event */
};

/* *info <- how the study stands, as much as info->size has room for. Errors: NOT_FOUND,
 * INVALID_ARGUMENT (info.size). */
KRIGE_API enum krige_status krige_study_get_info(
	struct krige_study *study, struct krige_study_info *info, struct krige_error *err);

enum krige_action { KRIGE_PAUSE = 1, KRIGE_RESUME, KRIGE_FINISH };
/* Errors: CONFLICT when a finished study is to be paused. */
KRIGE_API enum krige_status krige_study_set_state(
	struct krige_study *study, enum krige_action action, struct krige_error *err);
/* budget 0: no limit. */
KRIGE_API enum krige_status krige_study_set_budget(
	struct krige_study *study, uint64_t budget, struct krige_error *err);
/* All of them anew; NULL: none. A study that its rules have ended goes on. */
KRIGE_API enum krige_status krige_study_set_stop(
	struct krige_study *study, const struct krige_stop_rules *stop, struct krige_error *err);
/* Of suggestions from now on, as in krige_study_options. level and beta may be NULL; name NULL: they
 * are for the one that the study has. Errors: INVALID_ARGUMENT. */
KRIGE_API enum krige_status krige_study_set_acquisition(struct krige_study *study, const char *name,
	const double *level, const double *beta, struct krige_error *err);

/* ---- trials ---------------------------------------------------------------- */

/* A trial as it was when the library heard of it last. What its functions return lives
 * until it is told, failed, released or freed. */
struct krige_trial;

KRIGE_API void krige_trial_free(struct krige_trial *trial);
KRIGE_API uint64_t krige_trial_number(const struct krige_trial *trial);
KRIGE_API enum krige_trial_state krige_trial_get_state(const struct krige_trial *trial);
KRIGE_API uint32_t krige_trial_attempt(const struct krige_trial *trial);
KRIGE_API const char *krige_trial_reason(const struct krige_trial *trial); /* NULL: none */
KRIGE_API const char *krige_trial_worker(const struct krige_trial *trial); /* NULL: none */

/* Parameters, in the order of the space; an inactive one is not among them. */
KRIGE_API size_t krige_trial_n_params(const struct krige_trial *trial);
KRIGE_API struct krige_named krige_trial_param(const struct krige_trial *trial, size_t i);
/* By name. Errors: NOT_FOUND (unknown or inactive), INVALID_ARGUMENT (of another type;
 * krige_trial_real takes an INT too). */
KRIGE_API enum krige_status krige_trial_get(const struct krige_trial *trial, const char *name,
	struct krige_value *out, struct krige_error *err);
KRIGE_API enum krige_status krige_trial_real(
	const struct krige_trial *trial, const char *name, double *out, struct krige_error *err);
KRIGE_API enum krige_status krige_trial_int(
	const struct krige_trial *trial, const char *name, int64_t *out, struct krige_error *err);
KRIGE_API enum krige_status krige_trial_text(
	const struct krige_trial *trial, const char *name, const char **out, struct krige_error *err);

/* Results: n is 0 before there are any. */
KRIGE_API size_t krige_trial_n_metrics(const struct krige_trial *trial);
KRIGE_API struct krige_metric krige_trial_metric(const struct krige_trial *trial, size_t i);

struct krige_ask_options {
	size_t size;                     /* sizeof(struct krige_ask_options) */
	const struct krige_named *fixed; /* parameters that the trial must have */
	size_t n_fixed;
	uint32_t deadline_ms; /* for the computation; 0: three quarters of the client's timeout */
	uint32_t wait_ms;     /* when nothing can be given out now: wait for so long */
	double lease_s;       /* 0: the study's */
	const char *worker;   /* NULL: the client's */
};

/* Ask for a trial. options NULL: defaults.
 * Errors: STUDY_FINISHED, BUDGET_SPENT, SPACE_EXHAUSTED, NOT_NOW (paused). */
KRIGE_API enum krige_status krige_ask(struct krige_trial **out, struct krige_study *study,
	const struct krige_ask_options *options, struct krige_error *err);

/* Ask for n trials at once (1 to 1,024), chosen jointly. trials has room for n; *given of
 * them are filled, fewer only when the budget or the space has not more. */
KRIGE_API enum krige_status krige_ask_many(struct krige_trial **trials, size_t n, size_t *given,
	struct krige_study *study, const struct krige_ask_options *options, struct krige_error *err);

/* The result of a study with one metric. NaN and infinities make the trial FAILED. Telling
 * the same again is harmless. Errors: CONFLICT and STALE_LEASE when it has another result. */
KRIGE_API enum krige_status krige_tell(
	struct krige_trial *trial, double value, struct krige_error *err);
KRIGE_API enum krige_status krige_tell_metrics(struct krige_trial *trial,
	const struct krige_metric *metrics, size_t n, struct krige_error *err);

/* It has no result: KRIGE_FAILED, KRIGE_INFEASIBLE or KRIGE_PRUNED. reason may be NULL. */
KRIGE_API enum krige_status krige_fail(struct krige_trial *trial, enum krige_trial_state state,
	const char *reason, struct krige_error *err);

/* Give it back: it will be given out again. */
KRIGE_API enum krige_status krige_release(
	struct krige_trial *trial, const char *reason, struct krige_error *err);

enum krige_stop {
	KRIGE_GO_ON,
	KRIGE_STOP_CANCELLED,
	KRIGE_STOP_PAUSED,
	KRIGE_STOP_FINISHED,
	KRIGE_STOP_BUDGET
};

/* An intermediate value; renews the lease. *stop: whether to stop this trial, and why. */
KRIGE_API enum krige_status krige_report(struct krige_trial *trial, int64_t step, double value,
	enum krige_stop *stop, struct krige_error *err);

/* Renew the leases of n trials of one study. lost (n flags, may be NULL): 1 where the trial
 * is no longer the caller's. Callable while other threads use the trials. */
KRIGE_API enum krige_status krige_heartbeat(
	struct krige_trial *const *trials, size_t n, int *lost, struct krige_error *err);

/* A result that was not asked for. number may be NULL. */
KRIGE_API enum krige_status krige_tell_point(struct krige_study *study,
	const struct krige_named *params, size_t n_params, const struct krige_metric *metrics,
	size_t n_metrics, uint64_t *number, struct krige_error *err);

/* A point to be given out before others; what it leaves out is suggested then. */
KRIGE_API enum krige_status krige_enqueue(struct krige_study *study,
	const struct krige_named *params, size_t n, uint64_t *number, struct krige_error *err);

/* QUEUED and RUNNING trials end; a running one hears it at its next report. */
KRIGE_API enum krige_status krige_cancel(
	struct krige_study *study, uint64_t number, const char *reason, struct krige_error *err);

struct krige_prediction {
	const char *metric; /* owned by the study */
	double mean, sd;
};

/* What the model says of one point: a prediction for each metric of the study. out has room
 * for *n, *n becomes how many there are. Errors: NOT_NOW before any result. */
KRIGE_API enum krige_status krige_predict(struct krige_study *study,
	const struct krige_named *params, size_t n_params, struct krige_prediction *out, size_t *n,
	struct krige_error *err);

/* The model of one metric, as it was last fitted. Strings and arrays are the model's. */
struct krige_metric_model {
	size_t size;
	const char *metric; /* NULL: of success, 1 where there is a result, -1 where it failed */
	const char *kernel, *transform; /* transform: what was done to results, in words */
	size_t n_parameters;
	const char *const *parameters;
	const double *lengthscales; /* as parts of the range that is searched; small: matters */
	double outputscale;         /* prior variance, squared units of the model */
	double noise_sd, mean;      /* units of the metric */
	size_t n_observations, n_fitted;
	double log_posterior; /* NaN: an earlier fit stands */
	double jitter;        /* added to variances so that the covariance could be factored */
	size_t n_left_out;    /* results predicted from all others; 0: none of what follows */
	double log_density;   /* mean ln p(result); -1.42 is that of mean and deviation alone */
	double crps, mean_square_z;
	double coverage50, coverage80, coverage95; /* parts inside those central intervals */
	size_t n_outliers;                         /* more than 4 deviations off */
	double worst_z;
	uint64_t worst_number; /* its trial; UINT64_MAX: not known */
};

/* What the study's models have learnt: the objective first, then outcome constraints, then
 * success when something failed. Nothing is computed. */
struct krige_model;
KRIGE_API enum krige_status krige_get_model(
	struct krige_model **out, struct krige_study *study, struct krige_error *err);
KRIGE_API const char *krige_model_reason(const struct krige_model *model); /* why none; or NULL */
KRIGE_API size_t krige_model_count(const struct krige_model *model);
KRIGE_API const struct krige_metric_model *krige_model_at(
	const struct krige_model *model, size_t i); /* NULL beyond the last, as the next */
/* How well they predict, for people. */
KRIGE_API const char *krige_model_sentence(const struct krige_model *model, size_t i);
KRIGE_API void krige_model_free(struct krige_model *model);

/* What a result does to the prediction at a point. */
struct krige_pull {
	size_t size;
	uint64_t number; /* the trial */
	double weight;   /* its factor in the prediction */
	double pull;     /* by how much it moves the prediction, units of the objective */
	double distance; /* from the point, in lengthscales of the model */
};

/* Why a trial was suggested. Strings and arrays are the explanation's; numbers that are not known
 * are NaN. */
struct krige_why {
	size_t size;
	uint64_t number;      /* of the trial */
	const char *rule;     /* "initial", "model", "fill", "enqueued"; "none": it was not suggested */
	const char *role;     /* "explore", "exploit"; "none" without a model */
	double mean, sd;      /* predicted, of the objective without noise */
	double p_feasible;    /* probability of success, and that constraints are met */
	double p_gain;        /* probability that it is better than the best of then, and feasible */
	double expected_gain; /* expected improvement on that, units of the objective */
	uint64_t n_observations; /* results that the model had */
	uint64_t incumbent;      /* the best trial of then; UINT64_MAX: none */
	double best;             /* its value; under noise what the model predicted there */
	double model_mean;       /* predicted far from all results */
	double noise_sd;         /* of a measurement */
	uint32_t rank;           /* of the point among the local maxima found; 1: the highest */
	uint32_t n_optima;       /* how many these were; 0: no search was made */
	size_t n_pulls;
	const struct krige_pull *pulls; /* largest first */
	double surprise; /* (value - mean) / deviation of a result there, once it has a value */
};

/* Why a trial was suggested, and what came of it. number UINT64_MAX: the newest suggestion.
 * Nothing is computed. Errors: NOT_FOUND. */
struct krige_explanation;
KRIGE_API enum krige_status krige_explain(struct krige_explanation **out, struct krige_study *study,
	uint64_t number, struct krige_error *err);
KRIGE_API const struct krige_why *krige_explanation_why(const struct krige_explanation *e);
/* In words; NULL beyond the last. */
KRIGE_API const char *krige_explanation_sentence(const struct krige_explanation *e, size_t i);
KRIGE_API void krige_explanation_free(struct krige_explanation *e);

/* The recommended trial; *out NULL before any result. */
KRIGE_API enum krige_status krige_best(
	struct krige_trial **out, struct krige_study *study, struct krige_error *err);

/* Errors: NOT_FOUND. */
KRIGE_API enum krige_status krige_get_trial(
	struct krige_trial **out, struct krige_study *study, uint64_t number, struct krige_error *err);

struct krige_list_options {
	size_t size;        /* sizeof(struct krige_list_options) */
	uint32_t states;    /* bits 1 << KRIGE_COMPLETE ...; 0: all */
	uint64_t since_seq; /* only what changed after this event */
	uint64_t from;      /* first number */
	uint64_t limit;     /* 0: all */
};

/* Trials by number, page by page inside. options NULL: all. */
struct krige_list;
KRIGE_API enum krige_status krige_list_trials(struct krige_list **out, struct krige_study *study,
	const struct krige_list_options *options, struct krige_error *err);
KRIGE_API size_t krige_list_count(const struct krige_list *list);
KRIGE_API const struct krige_trial *krige_list_at(const struct krige_list *list, size_t i);
KRIGE_API void krige_list_free(struct krige_list *list);

/* ---- without blocking ------------------------------------------------------ */

/* For programs with an event loop of their own: start a call, go on, and when krige_fd() is
 * readable take what is done with krige_next(). Calls under way run side by side, up to 64;
 * further ones wait their turn. Nothing is called back. */
enum krige_done_kind { KRIGE_DONE_ASK = 1, KRIGE_DONE_TELL, KRIGE_DONE_REPORT };

struct krige_done {
	size_t size;     /* set by the caller */
	uint64_t ticket; /* of krige_start_* */
	enum krige_done_kind kind;
	enum krige_status status;
	struct krige_error error;
	struct krige_trial *trial; /* ASK: the new one, the caller's; else the one that was given */
	enum krige_stop stop;      /* REPORT */
	void *tag;                 /* as it was given */
};

/* Readable (POLLIN) while something is done. Owned by the client; the same for its life.
 * -1 with err filled when it can't be made. */
KRIGE_API int krige_fd(struct krige_client *client, struct krige_error *err);

/* Strings and arrays are copied; the trial must live until its call is done.
 * Errors: NO_MEMORY, INVALID_ARGUMENT. ticket may be NULL. */
KRIGE_API enum krige_status krige_start_ask(struct krige_study *study,
	const struct krige_ask_options *options, void *tag, uint64_t *ticket, struct krige_error *err);
KRIGE_API enum krige_status krige_start_tell(struct krige_trial *trial,
	const struct krige_metric *metrics, size_t n, void *tag, uint64_t *ticket,
	struct krige_error *err);
KRIGE_API enum krige_status krige_start_report(struct krige_trial *trial, int64_t step,
	double value, void *tag, uint64_t *ticket, struct krige_error *err);

/* The next that is done: 1 and *done filled, or 0 when nothing is. */
KRIGE_API int krige_next(struct krige_client *client, struct krige_done *done);

#ifdef __cplusplus
}
#endif

#endif
