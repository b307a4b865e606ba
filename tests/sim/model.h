/* The reference model: what the durable rows make of studies, told without a line
 * of the engine's code. Folded as rows reach the disk, with every state on the
 * way kept, so that a reply can be held against the event it claims to show.
 *
 * Folding a row is also its judgement, by what its client had asked for: numbers without
 * gaps, budgets, who may do what to a trial in which state, one holder at a time, queued trials
 * first, one live study a name, points that nobody has, leases that were not cut short, and a
 * recorded job that is the one of its snapshot.
 *
 *   model.c        memory, questions, rows
 *   model_study.c  studies and their settings
 *   model_point.c  points of a space
 *   model_give.c   suggestions
 *   model_end.c    ends of trials
 *   model_trial.c  added, queued, edited trials; reports */
#ifndef KR_TESTS_SIM_MODEL_H
#define KR_TESTS_SIM_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/record.h"

struct asked;
struct ledger_line;
struct row;
struct stored_row;
struct told;
struct world;

/* A trial from one event to the next. */
struct model_version {
	uint64_t seq;
	enum trial_state state;
	uint64_t finished_ms; /* 0: not yet */
	bool late;
	bool spends; /* takes a place of the budget */
	bool excluded, deleted;
	bool partial; /* NaN are values to be suggested */
	const double *point;
	const double *values; /* by metric, when COMPLETE */
	double sem;           /* of the objective; NaN: none */
	const char *reason;   /* NULL: none */
	const char *note;     /* NULL: none */
	struct msg_labels labels;
	uint32_t attempt;  /* the newest */
	uint32_t ended_by; /* attempt; 0: the newest, or by number */
	int n_progress;
	const struct msg_progress *progress;
	uint32_t progress_of; /* attempt of the newest report */
};

struct model_attempt {
	uint64_t seq; /* event that gave it out */
	uint8_t token[MSG_ID_BYTES];
	const char *worker; /* NULL: none */
	bool has_session;
	uint8_t session[MSG_ID_BYTES];
	uint64_t lease_ms;
};

struct model_trial {
	bool told;
	uint64_t created_ms;
	uint64_t snapshot; /* event that the computation of its point saw; 0: it was given */
	struct model_attempt *attempts;
	struct model_version *versions;
	int n_versions;
	size_t cap_attempts, cap_versions;
	int64_t due_least; /* the lease holds at least so long, as far as anybody was told */
	int64_t due_most;  /* and no longer than this */
};

/* A study after one of its events. */
struct model_view {
	size_t at; /* rows on the disk then */
	enum study_state state;
	bool limited;
	uint64_t budget;
	double lease_s;
	enum on_expiry on_expiry;
	uint32_t retry_limit;
	struct msg_labels labels;
	uint64_t no_progress; /* stop rule: so many trials; 0: none */
	uint64_t without;     /* suggested trials COMPLETE since the last that was better */
	bool ended;           /* FINISHED by the rule */
	const char *acquisition;
	uint64_t spec_version;
	uint64_t counts[TRIAL_N_STATES], spent, n;
	int64_t best; /* number, -1: none */
	int n_state;  /* where the newest fit ended */
	const double *fit;
	const struct msg_model *objective; /* its newest recorded model, NULL: none */
};

struct model_study {
	uint64_t id;
	const char *name;
	struct msg_spec spec;
	struct model_view *views; /* after event seq: views[seq - 1] */
	uint64_t seq;
	struct model_trial *trials;
	uint64_t n;
	size_t cap_views, cap_trials;
	bool shrunk;     /* its free places became fewer by other ways than a suggest */
	int64_t lost_ns; /* when a commit with a row of it failed last */
};

struct model {
	struct arena *arena;
	struct model_study *studies;
	int n;
	size_t cap;
};

struct model *model_new(void);
void model_free(struct model *m);

/* The row that has just become durable; w->n_disk counts it. Complains. */
void model_fold(struct world *w, const struct stored_row *s);

/* Every running trial gets a full fresh term (a restart, or a study read anew). */
void model_wake(struct world *w, uint64_t study, bool promised);

struct model_study *model_find(const struct model *m, uint64_t id);

/* The last event of f among the first `at` rows of the disk; 0: none. */
uint64_t model_seq_at(const struct model_study *f, size_t at);

/* Must the study end by its stop rule? */
bool model_halts(const struct model_view *v);

/* NULL before its first event. */
const struct model_view *model_view_at(const struct model_study *f, size_t at);
const struct model_view *model_now(const struct model_study *f);

/* The study of that name that is not deleted, after `at` rows; NULL: none. */
const struct model_study *model_live(const struct model *m, const char *name, size_t at);

/* The trial as event seq left it; NULL: not yet there. */
const struct model_version *model_version_at(const struct model_trial *t, uint64_t seq);
const struct model_version *model_version_now(const struct model_trial *t);

/* Its newest holder then; NULL: none. */
const struct model_attempt *model_holder(
	const struct model_trial *t, const struct model_version *v);

/* The attempt that a lease names, of those until then: 0: it names none; -1: none was so. */
int model_claim(
	const struct model_trial *t, const struct model_version *v, const struct msg_lease *lease);

/* May the caller act on it as its holder? */
bool model_right(const struct model_trial *t, const struct model_version *v,
	const struct msg_lease *lease, const char *worker);

/* Has the trial its end, so that no result can come? */
bool model_is_over(const struct model_version *v);

/* Does the lease name another attempt than the one that ended it? */
bool model_is_overtaken(
	const struct model_trial *t, const struct model_version *v, const struct msg_lease *lease);

/* Are those its results? */
bool model_has_result(const struct model_version *v, const struct told *told, int n_metrics);

/* Does it meet the outcome constraints? */
bool model_feasible(const struct model_study *f, const double *values);

/* What a running trial is told after event seq. */
enum stop_reason model_stop(const struct model_study *f, uint64_t number, uint64_t seq);

bool model_same_labels(const struct msg_labels *a, const struct msg_labels *b);

/* ---- points ---- */

bool model_is_point(const struct model_study *f, const double *point);
bool model_same_point(const struct model_study *f, const double *a, const double *b);

/* Does it lack values that it needs? */
bool model_is_partial(const struct model_study *f, const double *point);

/* Is `whole` the point with its missing values? */
bool model_completes(const struct model_study *f, const double *point, const double *whole);

bool model_is_finite(const struct model_study *f);

/* Has every point that agrees with `with` (NaN: free; NULL: all) been given or told after event
 * seq? False when they are not finitely many. */
bool model_exhausted(const struct model_study *f, const double *with, uint64_t seq);

/* ---- between the files of the model ---- */

struct model_view *model__view(struct model_study *f);
void *model__grown(void *p, size_t n, size_t *cap, size_t size);

/* A change of the trial by the row; counts follow when it is done. */
struct model_version *model__change(
	struct model_study *f, struct model_trial *t, const struct row *row);
void model__changed(struct model_study *f, const struct model_trial *t);

/* The best value before a result (NaN: none), and, after model__changed, what the result is to the
 * stop rule. */
double model__best_value(const struct model_study *f);
void model__counted(struct model_study *f, const struct model_trial *t, double before);

/* A new trial; the caller fills its version. */
struct model_trial *model__add(struct model_study *f, const struct row *row);

/* What the client of the row asked for; NULL (it complains): nobody did. */
const struct asked *model__asked(
	struct world *w, const struct model_study *f, const struct row *row, enum method method);

/* Labels after a request. */
struct msg_labels model__merged(struct world *w, const struct msg_labels *old,
	const struct msg_labels *set, const struct msg_texts *remove);

void model__created(
	struct world *w, struct model_study *f, const struct stored_row *s, const struct record *r);
void model__updated(
	struct world *w, struct model_study *f, const struct stored_row *s, const struct record *r);
void model__suggested(
	struct world *w, struct model_study *f, const struct stored_row *s, const struct record *r);
void model__ended(
	struct world *w, struct model_study *f, const struct stored_row *s, const struct record *r);
void model__stale(
	struct world *w, struct model_study *f, const struct stored_row *s, const struct record *r);
void model__added(
	struct world *w, struct model_study *f, const struct stored_row *s, const struct record *r);
void model__enqueued(
	struct world *w, struct model_study *f, const struct stored_row *s, const struct record *r);
void model__edited(
	struct world *w, struct model_study *f, const struct stored_row *s, const struct record *r);
void model__reported(
	struct world *w, struct model_study *f, const struct stored_row *s, const struct record *r);

/* The objective's among the models of a job or an answer; `was` when there is none. */
const struct msg_model *model_of_objective(
	const struct msg_spec *spec, const struct msg_models *models, const struct msg_model *was);

#endif
