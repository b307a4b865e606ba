/* Stored events as plain structs, and their bytes.
 *
 * Adding a kind: a message in record.proto, a struct here, a case in encode and
 * decode, an apply in the engine. Numbers are never reused. Records come from
 * our own file, but a damaged one must not crash: decode checks all lengths. */
#ifndef KR_PROTO_RECORD_H
#define KR_PROTO_RECORD_H

#include "base/arena.h"
#include "base/status.h"
#include "proto/bytes.h"
#include "proto/msg.h"

enum record_kind {
	RECORD_STUDY_CREATED = 1,
	RECORD_STUDY_UPDATED = 2,
	RECORD_SUGGESTED = 3,
	RECORD_ENDED = 4,
	RECORD_ADDED = 5,
	RECORD_ENQUEUED = 6,
	RECORD_REPORTED = 7,
	RECORD_EDITED = 8,
	RECORD_STALE = 9
};

/* Results of another study. */
struct record_source {
	struct msg_warm_start what;
	bool maximize;
	int n_values;
	const double *values; /* by parameter, point after point; NaN: inactive */
	int n_outcomes;
	const double *outcomes;
};

struct record_created {
	const char *name;
	struct msg_spec spec;
	int n_sources;
	const struct record_source *sources;
};

struct record_updated {
	enum study_state state; /* 0: as it was */
	bool has_budget;
	uint64_t budget;
	bool no_budget;
	bool has_lease;
	double lease_s;
	enum on_expiry on_expiry; /* 0: as it was */
	bool has_retry_limit;
	uint32_t retry_limit;
	const char *reason; /* FINISHED by a stop rule; NULL: not */
	bool has_stop;
	struct msg_stop_rules stop;
	struct msg_acquisition acquisition; /* without a name: as it was */
	bool has_labels;                    /* labels is the whole new list */
	struct msg_labels labels;
};

struct record_given {
	uint64_t number; /* new, or one that was QUEUED or RUNNING */
	int n_values;
	const double *values; /* by parameter; NaN: inactive */
	uint32_t attempt;
	uint8_t token[MSG_ID_BYTES];
	uint64_t lease_ms;
	struct msg_why why;
};

struct record_job {
	uint64_t snapshot_seq, first_number;
	uint32_t n_slots, first_slot;
	int n_fixed;
	const double *fixed;
	int n_state_in;
	const double *state_in;
	int n_state_out;
	const double *state_out;
	uint32_t units;
	bool cut;
	const char *build;
	int n_numbers; /* 0: first_number and on */
	const uint64_t *numbers;
	struct msg_models models; /* those that it fitted */
	bool has_outlook;
	struct msg_outlook outlook; /* without number */
};

struct record_suggested {
	int n_trials;
	const struct record_given *trials;
	struct record_job job;
	const char *worker; /* NULL: none given */
	bool has_session;
	uint8_t session[MSG_ID_BYTES];
};

struct record_outcome {
	uint64_t number;
	enum trial_state state;
	int n_values;
	const double *values; /* by metric; 0 when it has none */
	const char *reason;
	bool late;
	int n_sems;
	const double *sems; /* by metric, NaN: none; 0: none at all */
	uint32_t attempt;   /* that made it; 0: the newest */
};

struct record_ended {
	int n;
	const struct record_outcome *outcomes;
};

struct record_added_trial {
	int n_values;
	const double *values; /* by parameter; NaN: inactive, or free (enqueued) */
	int n_metrics;
	const double *metrics;
	const char *reason;
	int n_sems;
	const double *sems;
	struct msg_labels labels;
	const char *note;
};

struct record_added {
	uint64_t first_number;
	int n;
	const struct record_added_trial *trials;
};

struct record_reported {
	uint64_t number;
	int64_t step;
	double value;
	enum stop_reason stop; /* as it was answered */
};

struct record_edited {
	uint64_t number;
	int n_values; /* 0: as they were */
	const double *values;
	int n_sems;
	const double *sems;
	bool has_excluded, excluded;
	const char *note; /* NULL: as it was; "": none */
	bool has_labels;  /* labels is the whole new list */
	struct msg_labels labels;
	bool deleted;
};

struct record_stale {
	uint64_t number;
	uint32_t attempt; /* 0: none was said */
	int n_values;
	const double *values; /* by metric, as they came: maybe not finite */
	int n_sems;
	const double *sems;
	const char *worker;
};

struct record {
	enum record_kind kind;
	union {
		struct record_created created;
		struct record_updated updated;
		struct record_suggested suggested;
		struct record_ended ended;
		struct record_added added;
		struct record_added enqueued; /* values NaN where free; no metrics */
		struct record_reported reported;
		struct record_edited edited;
		struct record_stale stale;
	} u;
};

/* Errors: KR_ENOMEM (arena). */
enum kr_status record_encode(
	struct bytes *out, const struct record *r, struct arena *a, struct kr_error *err);

/* Errors: KR_ECORRUPT, KR_ENOMEM. */
enum kr_status record_decode(struct record *out, unsigned kind, const void *data, size_t len,
	struct arena *a, struct kr_error *err);

#endif
