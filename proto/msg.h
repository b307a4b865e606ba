/* Messages as plain structs: what the daemon's engine, the edges and the client
 * know of the wire. Field meanings are those of kriged.proto.
 *
 * Text is a NUL-terminated UTF-8 string, NULL when absent. Everything a message
 * points to lives in the arena it was decoded into (or was built in). Decoding
 * a request has already refused: bad lengths, invalid UTF-8, NUL in text, unknown
 * enum values, unset oneofs, counts over proto/limits.h, names twice in one list,
 * what the schema has and this version has not (fidelity, contexts, ...), and
 * non-finite numbers anywhere but in the values of observations and added trials.
 * Replies are read leniently: an enum value that is not known here is 0. */
#ifndef KR_PROTO_MSG_H
#define KR_PROTO_MSG_H

#include "proto/msg_part.h"

enum method {
#define METHOD(NAME, name, number, mutates, role) METHOD_##NAME = number,
#include "proto/method_list.def"
#undef METHOD
};

/* What a key may do, where there are keys: each role may do what the one before it may. */
enum msg_role { MSG_ROLE_VIEWER = 1, MSG_ROLE_WORKER, MSG_ROLE_ADMIN };

enum if_exists { IF_EXISTS_FAIL = 1, IF_EXISTS_ATTACH, IF_EXISTS_REPLACE };

enum study_action { ACTION_NONE, ACTION_PAUSE, ACTION_RESUME, ACTION_FINISH };

enum why_next { NEXT_NOTHING = 1, NEXT_QUEUED, NEXT_INITIAL, NEXT_MODEL };

/* ---- requests ---- */

struct msg_meta {
	bool has_request_id;
	uint8_t request_id[MSG_ID_BYTES];
	bool has_session;
	uint8_t session[MSG_ID_BYTES];
	const char *worker_id;
	bool has_deadline;
	uint64_t deadline_ms;
};

struct msg_hello {
	const char *client;
	uint32_t protocol;
};
struct msg_create_study {
	const char *name;
	struct msg_spec spec;
	enum if_exists if_exists;
	const char *clone_of; /* study whose sources are taken; NULL: those of spec.warm_start */
};
struct msg_study_ref {
	const char *study;
};
struct msg_get_study {
	const char *study;
	uint64_t since_seq;
	uint64_t wait_ms; /* 0: answer now */
};
struct msg_list_studies {
	bool deleted;
	uint64_t after_id;
	uint32_t limit;
};
struct msg_update_study {
	const char *study;
	enum study_action action;
	bool has_budget;
	uint64_t budget;
	bool no_budget;
	bool has_lease;
	double lease_s;
	enum on_expiry on_expiry; /* 0: as it is */
	bool has_retry_limit;
	uint32_t retry_limit;
	struct msg_labels labels;
	struct msg_texts remove_labels;
	bool has_stop;
	struct msg_stop_rules stop;
	struct msg_acquisition acquisition;
	bool has_expected_version;
	uint64_t expected_version;
};
struct msg_delete_study {
	const char *study;
	bool undelete;
	bool has_id;
	uint64_t id;
};
struct msg_suggest {
	const char *study;
	uint32_t count;
	int n_fixed;
	const struct msg_named *fixed;
	bool has_lease;
	double lease_s;
	uint64_t wait_ms; /* 0: refuse at once */
};
struct msg_observation {
	uint64_t number;
	struct msg_lease lease;
	int n_values;
	const struct msg_value *values;
};
struct msg_observe {
	const char *study;
	int n;
	const struct msg_observation *observations;
};
struct msg_fail_trial {
	const char *study;
	uint64_t number;
	struct msg_lease lease;
	enum trial_state state;
	const char *reason;
};
struct msg_heartbeat {
	const char *study;
	int n;
	const struct msg_lease *leases;
};
struct msg_add_trials {
	const char *study;
	int n;
	const struct msg_point *points;
};
/* Release and CancelTrial */
struct msg_trial_ref {
	const char *study;
	uint64_t number;
	struct msg_lease lease; /* Release only */
	const char *reason;
};
struct msg_report {
	const char *study;
	uint64_t number;
	struct msg_lease lease;
	int64_t step;
	double value;
};
struct msg_edit_trial {
	const char *study;
	uint64_t number;
	int n_values; /* 0: as they are */
	const struct msg_value *values;
	bool has_excluded, excluded;
	const char *note; /* NULL: as it is; "": none */
	struct msg_labels labels;
	struct msg_texts remove_labels;
};
/* GetTrial and DeleteTrial */
struct msg_get_trial {
	const char *study;
	uint64_t number;
};
struct msg_list_trials {
	const char *study;
	uint32_t states; /* bit 1 << state; 0: all */
	uint64_t since_seq;
	uint64_t from_number;
	uint32_t limit;           /* 0: what fits */
	bool params, values, why; /* columns; none set means all (decoding sets them) */
	bool labels, progress;
};
struct msg_predict {
	const char *study;
	int n;
	const struct msg_point *points;
};
struct msg_replay {
	const char *study;
	uint64_t from_seq;
	uint32_t limit;
};

struct msg_explain {
	const char *study;
	bool has_number;
	uint64_t number; /* else the newest suggestion */
};

struct msg_server_backup {
	const char *path;
};

struct msg_request {
	enum method method;
	struct msg_meta meta;
	union {
		struct msg_hello hello;
		struct msg_create_study create_study;
		struct msg_get_study get_study;
		struct msg_list_studies list_studies;
		struct msg_update_study update_study;
		struct msg_delete_study delete_study;
		struct msg_suggest suggest;
		struct msg_observe observe;
		struct msg_fail_trial fail_trial;
		struct msg_heartbeat heartbeat;
		struct msg_add_trials add_trials;
		struct msg_trial_ref release;
		struct msg_trial_ref cancel_trial;
		struct msg_add_trials enqueue;
		struct msg_report report;
		struct msg_edit_trial edit_trial;
		struct msg_get_trial delete_trial;
		struct msg_get_trial get_trial;
		struct msg_list_trials list_trials;
		struct msg_study_ref best;
		struct msg_predict predict;
		struct msg_replay replay;
		struct msg_study_ref why, get_model;
		struct msg_explain explain;
		struct msg_server_backup server_backup;
	} u;
};

/* ---- replies ---- */

struct msg_hello_reply {
	const char *version;
	uint32_t protocol;
	int n_features;
	const char *const *features;
	bool has_session;
	uint8_t session[MSG_ID_BYTES];
	const char *blas_core;
	struct {
		uint64_t message_bytes, arena_bytes;
		uint32_t parameters, choices, metrics, name_bytes, batch;
	} limits;
};
struct msg_status_reply {
	const char *version;
	uint64_t uptime_ms, studies, trials[TRIAL_N_STATES], waiting_suggests, running_jobs, requests,
		commits, committed_events, failed_commits;
	bool durable;
	const char *blas_core, *sqlite_version;
	uint64_t rss_bytes, db_bytes, wal_bytes;
	uint32_t threads;
};
struct msg_study_reply {
	struct msg_study study;
	bool attached;
};
struct msg_list_studies_reply {
	int n;
	const struct msg_study *studies;
	bool more;
};
/* Suggest, Observe, FailTrial, GetTrial, Release, CancelTrial, Enqueue, EditTrial, DeleteTrial */
struct msg_trials_reply {
	int n;
	const struct msg_trial *trials;
};
struct msg_heartbeat_reply {
	int n;
	const struct msg_lease *leases;
	int n_lost;
	const uint64_t *lost;
	int n_stops;
	const struct msg_stop *stops;
};
struct msg_report_reply {
	enum stop_reason stop;
	const char *message; /* NULL: go on */
	uint64_t remaining_ms;
};
struct msg_add_trials_reply {
	uint64_t first_number, count;
};
struct msg_list_trials_reply {
	int n;
	const struct msg_trial *trials;
	bool more;
	uint64_t next_number;
	uint64_t seq;
};
struct msg_best_reply {
	const struct msg_trial *trial;
};
struct msg_prediction {
	const char *name;
	double mean, sd;
};
struct msg_predict_reply {
	int n;
	int n_metrics;                            /* of each */
	const struct msg_prediction *predictions; /* n x n_metrics */
};
struct msg_replayed {
	uint64_t seq, number;
	bool equal;
	int n_recorded;
	const struct msg_named *recorded;
	int n_computed;
	const struct msg_named *computed;
};
struct msg_replay_reply {
	int n;
	const struct msg_replayed *suggestions;
	bool more;
	uint64_t next_seq;
	bool same_build;
};
struct msg_server_backup_reply {
	uint64_t bytes;
};
struct msg_error {
	unsigned code; /* on the wire */
	const char *message, *field, *endpoint;
	uint64_t retry_after_ms;
};

struct msg_why_reply {
	enum why_next next;
	uint64_t next_number;
	struct msg_error error; /* next is NEXT_NOTHING */
	uint64_t waiting;
	bool computing;
	uint64_t queued, running;
	bool has_left;
	uint64_t left;
	bool has_expiry;
	uint64_t expiry_ms, expiry_number;
	enum msg_prepared prepared;
	struct msg_texts sentences;
};

struct msg_calibration {
	uint32_t n; /* 0: not computed */
	double log_density, crps, mean_square_z;
	double coverage50, coverage80, coverage95;
	uint32_t outliers;
	double worst_z;
	bool has_worst;
	uint64_t worst_number;
};

struct msg_model {
	const char *name; /* NULL: of success */
	const char *kernel;
	int n_lengthscales;
	const double *lengthscales;
	double outputscale, noise_sd, mean;
	uint32_t n, n_fit;
	bool has_log_posterior;
	double log_posterior, jitter;
	const char *transform;
	struct msg_calibration calibration;
};

struct msg_models {
	int n;
	const struct msg_model *p;
};

struct msg_get_model_reply {
	struct msg_texts parameters;
	struct msg_models models;
	const char *reason; /* NULL: there are models */
	uint64_t results;
	struct msg_texts sentences;
};

struct msg_explain_reply {
	const struct msg_trial *trial; /* NULL in a reply that has none */
	int n_related;
	const struct msg_trial *related;
	bool has_surprise;
	double surprise;
	struct msg_texts sentences;
};

struct msg_reply {
	enum method method;
	bool is_error;
	struct msg_error error;
	union {
		struct msg_hello_reply hello;
		struct msg_status_reply status;
		struct msg_study_reply study; /* CREATE, GET, UPDATE, DELETE_STUDY */
		struct msg_list_studies_reply list_studies;
		struct msg_trials_reply trials; /* see struct msg_trials_reply */
		struct msg_heartbeat_reply heartbeat;
		struct msg_add_trials_reply add_trials;
		struct msg_list_trials_reply list_trials;
		struct msg_best_reply best;
		struct msg_predict_reply predict;
		struct msg_replay_reply replay;
		struct msg_report_reply report;
		struct msg_why_reply why;
		struct msg_get_model_reply get_model;
		struct msg_explain_reply explain;
		struct msg_server_backup_reply server_backup;
	} u;
};

/* Names for people and JSON; "?" outside. */
const char *msg_method_name(enum method m); /* "suggest" */
bool msg_method_known(unsigned number);
bool msg_method_mutates(enum method m);
enum msg_role msg_method_role(enum method m); /* ADMIN for one that is not known */
const char *msg_access_name(enum msg_role r); /* "worker" */

#endif
