/* The reference model: what the durable rows make of studies, told without a line
 * of the engine's code. Folded as rows reach the disk, with every state on the
 * way kept, so that a reply can be held against the event it claims to show.
 *
 * Folding a row is also its judgement: numbers without gaps, budgets, the ends
 * that a state allows, one live study a name, points that nobody has, leases that
 * were not cut short, and a recorded job that is the one of its snapshot. */
#ifndef KR_TESTS_SIM_MODEL_H
#define KR_TESTS_SIM_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/record.h"

struct world;
struct stored_row;

/* A trial from one event to the next. */
struct model_version {
	uint64_t seq;
	uint64_t time_ms;
	enum trial_state state;
	bool late;
	bool spends;        /* takes a place of the budget */
	double value;       /* when COMPLETE */
	const char *reason; /* NULL: none */
};

struct model_trial {
	bool suggested;
	const double *point;
	uint8_t token[MSG_ID_BYTES];
	uint32_t attempt;
	const char *worker; /* NULL: none */
	uint64_t lease_ms;
	uint64_t snapshot;                /* event that its computation saw */
	struct model_version versions[3]; /* given, ended, ended late */
	int n_versions;
	int64_t due_least; /* the lease holds at least so long, as far as anybody was told */
	int64_t due_most;  /* and no longer than this */
};

/* A study after one of its events. */
struct model_view {
	size_t at; /* rows on the disk then */
	enum study_state state;
	bool limited;
	uint64_t budget;
	uint64_t counts[TRIAL_N_STATES], spent, n;
	int64_t best; /* number, -1: none */
	int n_state;  /* where the newest fit ended */
	const double *fit;
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

/* NULL before its first event. */
const struct model_view *model_view_at(const struct model_study *f, size_t at);
const struct model_view *model_now(const struct model_study *f);

/* The study of that name that is not deleted, after `at` rows; NULL: none. */
const struct model_study *model_live(const struct model *m, const char *name, size_t at);

/* The trial as event seq left it; NULL: not yet there. */
const struct model_version *model_version_at(const struct model_trial *t, uint64_t seq);
const struct model_version *model_version_now(const struct model_trial *t);

/* Are all points of its (finite) space given or told? False when it is not finite. */
bool model_exhausted(const struct model_study *f);

#endif
