/* What the files of the policy share: a computation, and what they do for each other. Its stages,
 * each a number of units:
 *
 *   PREPARE   initial-design slots are settled; observations are encoded
 *   FIT       hyperparameters, a task of one model a unit; skipped while no fit is due
 *   CONDITION the models on the observations, one a unit, and the best known points
 *   QUERY     predictions, a block a unit
 *   JOIN      fantasies: open points, and the best known points under noise
 *   SEARCH    slot by slot: candidates, maximization, distinctness
 *   CALIBRATE leave-one-out scores of what was fitted, a metric a unit; no suggestion sees them
 *
 * No exact model holds more than POLICY__MODEL_ROWS observations. With more, a SURVEY of the best
 * known points takes the place of CONDITION, and before JOIN each slot has two stages of its own:
 *
 *   LOCATE    where to look: a box around a promising point, and the observations nearest to that
 *   SETTLE_IN fits and models on those
 *
 * "A unit of STAGE" below is a function that does one; *more is false with the last. Functions that
 * return a status: KR_ENOMEM, and where models are made or asked KR_ENOTPD and KR_ENONFINITE; an
 * error ends the computation.
 *
 * Notation: n observations, m of them in the model, d parameters, z outcomes as the model sees
 * them; open points are those without an outcome: pending ones and settled slots. */
#ifndef KR_ACQUISITION_POLICY_INTERNAL_H
#define KR_ACQUISITION_POLICY_INTERNAL_H

#include "acquisition/function/acq.h"
#include "acquisition/function/constrained.h"
#include "acquisition/function/integrated.h"
#include "acquisition/function/jes.h"
#include "acquisition/function/kg_hybrid.h"
#include "acquisition/function/max_value.h"
#include "acquisition/function/novelty.h"
#include "acquisition/policy/policy.h"
#include "acquisition/policy/policy_metric.h"
#include "acquisition/policy/seen.h"
#include "acquisition/search/candidates.h"
#include "acquisition/search/maximize.h"
#include "acquisition/space/enumerate.h"
#include "acquisition/space/region.h"
#include "gp/outcome/levels.h"
#include "gp/vecchia/vecchia.h"

enum {
	POLICY__MODEL_ROWS = 1500,   /* most observations in an exact model */
	POLICY__NEAR_ROWS = 512,     /* of those that are the nearest */
	POLICY__FIT_ROWS = 512,      /* most observations in the fit */
	POLICY__PENDING_ROWS = 1024, /* most pending points in the model, the newest */
	POLICY__SUCCESS_ROWS = 256,  /* most observations in the model of success */
	POLICY__FAILED_ROWS = 128,   /* most failed and most infeasible ones in it, the newest */
	POLICY__BEST = 20,           /* best known points around which the search looks */
	POLICY__BEST_DRAWN = 12,     /* of which so many are drawn when outcomes are noisy */
	POLICY__MEMBERS = 2,         /* models of the objective */
	POLICY__CROWD = 128,         /* with more pending points and slots there is only the first */
	POLICY__COLUMNS = 16,        /* fantasies */
	POLICY__NOISY_COLUMNS = 32,
	POLICY__ENUMERATED = 5000, /* spaces with fewer unseen points are enumerated */
	POLICY__VISITED = 100000   /* partial points that an enumeration under rules visits at most */
};

/* In the order in which they come, as far as they come in one (policy.c). */
enum policy__stage {
	POLICY__PREPARE,
	POLICY__FIT,
	POLICY__CONDITION,
	POLICY__SURVEY,
	POLICY__QUERY,
	POLICY__LOCATE,
	POLICY__SETTLE_IN,
	POLICY__JOIN,
	POLICY__SEARCH,
	POLICY__CALIBRATE,
	POLICY__DONE
};

/* What is known over all of very many observations. */
struct policy__survey {
	bool on;
	struct vecchia *model; /* of one metric at a time */
	int metric, n_open;    /* which; how many points without outcome it has */
	struct gp *success;    /* on fit_data, NULL when nothing failed */
	int n_done;            /* metrics */
	int n;                 /* best observations that were looked at */
	struct mat X;          /* n x d coords */
	double *z, *mean;      /* n; n for each metric: posterior means */
	bool *inside;          /* n: constraints met */
	struct mat top;        /* of those the best, t x d, best first */
	double *top_mean;      /* t: of the objective */
	int n_incumbents;      /* of top: the first so many meet the constraints */
};

/* Where slot n_settled looks, when there is a survey. */
struct policy__place {
	bool anywhere;                  /* not only around the best known point */
	bool again;                     /* nothing new was found there */
	bool is_marked;                 /* there is data of the slot before in the arena */
	int n_screened;                 /* rows of the candidates, metric after metric */
	double *value;                  /* of the candidates */
	double *centre, *lower, *upper; /* d: the box */
};

/* What a slot maximizes. */
struct policy__aim {
	enum policy_role role;
	enum choice choice; /* never CHOICE_AUTO */
	struct acq acq[POLICY__MEMBERS];
	struct constrained constrained;
	struct constrained_term *terms; /* n_metrics - 1 */

	/* That of a study which named it, when it is not in `constrained` (policy_named.c). */
	struct ascend_function named;  /* eval NULL: there is none */
	double rows;                   /* what an evaluation costs, as policy__worth_rows */
	double level[ACQ_MAX_COLUMNS]; /* `best` of acq[0], where that is not the incumbent */
	struct novelty novelty;        /* joined NULL: nothing is pending */
	struct max_value max_value;
	struct covariance points;
	struct integrated integrated;
	struct kg_hybrid kg;

	/* No point of a named acquisition lies in the cell around a point without outcome. */
	struct mat cell; /* centres, x d coords */
	double *half;    /* d half sides */
};

/* What the kernel is made of (policy_kernel.c). */
enum policy__structure {
	POLICY__PLAIN,    /* all parameters together */
	POLICY__MIXED,    /* numbers, and numbers by choice */
	POLICY__ADDITIVE, /* all together, and each alone */
	POLICY__STRUCTURES
};

struct policy {
	struct policy_input in;
	struct policy_options options;
	struct kernel_term kernel; /* of all models */
	enum policy__structure structure;
	int theta_size;  /* the most of any model */
	int n_inputs;    /* parameters that vary, of a mixed space numbers: for priors by dimension */
	int d, n_before; /* points of all sorts that were given out or handed in */
	enum policy__stage stage;
	int units;
	bool starved; /* the heap ran out of memory once */
	struct arena *arena;

	/* results */
	struct policy_suggestion *results;
	double *values;                /* n_slots x d, slot after slot */
	int n_settled;                 /* slots 0 .. n_settled - 1 have a result */
	double *query_mean, *query_sd; /* n_queries of each metric that is asked for */
	int n_queried;
	double *state;
	int n_state;

	/* points given out */
	struct seen *seen; /* filled on first use */
	bool seen_filled;
	double *point, *fixed; /* d coords each: one point, the slot's fixed ones */
	double *lot;           /* d coords: what an enumeration found */
	struct region *region; /* what slot n_settled may take */
	struct enumerate *enumerate;

	/* observations, those of equal points as one */
	int n_obs;
	int *group;            /* in.n: which of them each is; NULL: no point was observed twice */
	const double *obs_X;   /* n_obs x d values */
	double *merit;         /* n_obs: z of the objective; below all of those where infeasible */
	unsigned char *inside; /* n_obs: were the constraints met? */

	/* models: the objective, the constraints, and success when something failed; then the other
	 * models of the objective */
	int n_metrics;
	int n_members; /* models of the objective, while they are of use */
	struct policy__metric *metrics;
	double *thetas;   /* storage of theta and its like */
	int fitting;      /* the model that is fitted */
	double fit_work;  /* done here: evaluations times rows cubed */
	int n_based;      /* models that have a base */
	int n_calibrated; /* metrics whose calibration was looked at */
	struct policy__survey survey;
	struct policy__place place;
	struct mat top;     /* best known points (in the box), t x d coords, best first */
	int n_incumbents;   /* of top: the first so many meet the constraints */
	struct mat sources; /* around which candidates lie: top; in a box its centre, then top */
	double floor;       /* drawn incumbents are at least so high: the best outside of the box */
	bool noisy;         /* as policy__is_noisy of the objective */
	bool tied;          /* the best outcome was observed at several points */
	double margin;      /* the least improvement that counts, in model units */
	bool has_incumbent;
	double best_z;    /* over all observations that meet the constraints */
	double best_mean; /* posterior mean at the best of top */
	int n_joint;      /* models that have a joint */
	int n_joined;     /* pending points and settled slots in these */
	double best[POLICY__MEMBERS][ACQ_MAX_COLUMNS]; /* incumbent of each column */
	bool closed[ACQ_MAX_COLUMNS]; /* there is no incumbent, and a fantasy found a feasible point */

	/* search of slot n_settled */
	bool searching, few; /* few: raw are all the unseen points */
	double n_unseen;
	struct arena_mark mark;
	struct policy__aim aim;
	struct candidates raw;
	struct maximizer *maximizer;
};

/* ---- policy.c --------------------------------------------------------------------- */

/* Notes how something ended whose error is not passed on: without heap memory the job is
 * starved. */
void policy__note(struct policy *p, enum kr_status st);

/* ---- policy_model.c: models, predictions (the rest: policy_metric.h) ------------------ */

/* A unit of CONDITION: one model on its data; with the last p->top, noisy and the incumbents. */
enum kr_status policy__condition(struct policy *p, bool *more, struct kr_error *err);

/* A unit of QUERY: a block of queries, predicted by all metrics. */
enum kr_status policy__query(struct policy *p, bool *more, struct kr_error *err);

/* ---- policy_survey.c: the model of all of very many observations ------------------------ */

/* m->theta <- climbed from where it is by the likelihood of all observations given their
 * neighbours; unchanged when that could not be evaluated anywhere. */
enum kr_status policy__fit_all(struct policy *p, struct policy__metric *m, struct kr_error *err);

/* A unit of SURVEY: the best observations under one metric; with the last p->survey.top, noisy and
 * the incumbents. */
enum kr_status policy__survey(struct policy *p, bool *more, struct kr_error *err);

/* mean, var (rows of X) <- the posterior of metric k given all observations; open: and given the
 * open points, at the outcomes that are expected there. Makes the model when it is that of another
 * metric: n ln n, then a few neighbours a row. */
enum kr_status policy__predict_all(struct policy *p, int k, bool open, struct mat X, double *mean,
	double *var, struct kr_error *err);

/* Free the model of all observations; it is made anew when it is needed. */
void policy__drop_survey_model(struct policy *p);

/* ---- policy_place.c: where a slot looks, and the models there ------------------------------ */

/* A unit of LOCATE: one block of candidates is judged; with the last the box of the slot, and the
 * data of its models. */
enum kr_status policy__locate(struct policy *p, bool *more, struct kr_error *err);

/* A unit of SETTLE_IN: one metric is fitted and conditioned on those data. */
enum kr_status policy__settle_in(struct policy *p, bool *more, struct kr_error *err);

/* ---- policy_box.c: the box, and what is known in it ----------------------------------------- */

/* The box of the slot; without a survey the whole cube. */
struct box policy__box(const struct policy *p);

/* Is row `row` of X in it? */
bool policy__in_box(const struct policy *p, struct mat X, int row);

/* The box around p->place.centre; *rows (in the arena) <- the *n observations nearest to it. */
enum kr_status policy__draw_box(struct policy *p, int **rows, int *n, struct kr_error *err);

/* The same, and the data of all models, top and the sources of candidates <- what is known
 * there. */
enum kr_status policy__settle_box(struct policy *p, struct kr_error *err);

/* ---- policy_join.c: points whose outcomes are not known yet ------------------------- */

/* A unit of JOIN: one metric gets its joint, or a block of open points enters all of them. */
enum kr_status policy__join(struct policy *p, bool *more, struct kr_error *err);

/* How many open points there are, of pending ones the newest; the k-th: d values, NULL for a slot
 * that got no point. */
int policy__n_open(const struct policy *p);
const double *policy__open_point(const struct policy *p, int k);

/* Are there fantasies? */
bool policy__has_joint(const struct policy *p);

/* ---- policy_acquire.c: what a slot maximizes ------------------------------------------- */

/* p->aim <- what slot n_settled maximizes. Needs p->raw. */
enum kr_status policy__aim(struct policy *p, struct kr_error *err);

/* Is the incumbent of each column drawn: the best of joint draws at the best known points? */
bool policy__draws_best(const struct policy *p);

/* The incumbent where it is not drawn: the best observation, under noise best_mean; -inf when none
 * meets the constraints. In model units, with the margin of levels. */
double policy__incumbent(const struct policy *p, double best_mean);

/* Does slot n_settled fill the space, because its turn would exploit a best outcome that is
 * tied? */
bool policy__fills(const struct policy *p);

/* The eval of an ascend_function, context the policy: p->aim, with the belief; -inf outside the box
 * of the slot and in cells of open points. */
enum kr_status policy__worth(void *context, struct mat X, double *value, struct mat D,
	struct arena *scratch, struct kr_error *err);

/* A value at coords without what a belief adds to it. */
double policy__without_belief(struct policy *p, double *coords, double value);

/* What an evaluation of it costs, as the number of rows n of one model with a cost of n^2. */
double policy__worth_rows(const struct policy *p);

/* The incumbents of all columns <- best. */
void policy__reset_incumbents(struct policy *p, double best);

/* ---- policy_named.c: the acquisition that a study names ------------------------------------- */

/* Has each open point the outcome that is expected of it, in one column, instead of draws? */
bool policy__believes(const struct policy *p);

/* p->aim.named <- that acquisition, in the arena. */
enum kr_status policy__name(struct policy *p, struct kr_error *err);

/* p->aim.cell, half <- cells around the open points; does row `row` of X lie in one? An acquisition
 * that pays no regard to the variance there would come back to the same point. */
enum kr_status policy__keep_apart(struct policy *p, struct kr_error *err);
bool policy__is_crowded(const struct policy *p, struct mat X, int row);

/* Roughly what a point with this mean and deviation (model units) is worth to the acquisition: for
 * candidates under the model of very many observations. best: the incumbent, -inf: none. */
double policy__screen(const struct policy *p, double mean, double sd, double best);

/* value (rows of X), D (as X, p NULL to skip) <- p->aim.named under the constraints and success,
 * and its gradient. */
enum kr_status policy__named_worth(const struct policy *p, struct mat X, double *value,
	struct mat D, struct arena *scratch, struct kr_error *err);

/* ---- policy_sources.c: other studies --------------------------------------------------- */

/* p->point (uniform numbers, as for the initial design) <- the k-th point to begin with: the
 * sources take turns, each with its best point that is not near one of its own before. False,
 * p->point as it was, when there is none. Cost n^2 d. */
bool policy__source_point(struct policy *p, int k);

/* ---- policy_search.c: one slot through the model ---------------------------------- */

/* A unit of SEARCH: about 50 ms of work for slot n_settled, which has its result after the last. */
enum kr_status policy__search(struct policy *p, bool *more, struct kr_error *err);

/* May slot n_settled have the point at p->point? Its values go to the slot. apart: only away from
 * points that have no outcome yet. Uses p->lot. */
bool policy__may_take(struct policy *p, bool apart);

/* The slot takes the point, which is worth value. */
void policy__take(struct policy *p, double value, enum policy_freshness freshness);

/* Is what is maximized a logarithm? */
bool policy__is_log(const struct policy *p);

/* p->n_unseen and few; p->raw <- the unseen points, when there are few. */
enum kr_status policy__enumerate(struct policy *p, struct kr_error *err);

/* Stop the search of a slot, which gets the best point known so far; false when there is none. */
bool policy__settle_partial(struct policy *p);

/* ---- policy_why.c: why a point, for people ------------------------------------------ */

/* r <- what is said of the point at coords (d), which has its prediction: gain, pulls, levers, and
 * its rank by value, that of what was maximized. What memory does not suffice for is left out, and
 * the job is starved. Cost n^2 for n rows of the model. */
void policy__explain(
	struct policy *p, const double *coords, double value, struct policy_suggestion *r);

/* ---- policy_round.c: slots that share a search ---------------------------------------- */

/* How many slots the search of slot n_settled serves. */
int policy__round(const struct policy *p);

/* Settle up to n more slots by what the search of the one before has found. */
enum kr_status policy__share(struct policy *p, int n, struct kr_error *err);

/* ---- policy_summary.c: for people ---------------------------------------------------- */

/* The first observation of the input among those of the same point that are number i of n_obs. */
int policy__first_of(const struct policy *p, int i);

/* The same for a row of a model; -1 where row is -1, and for the model of success. */
int policy__observation(const struct policy *p, const struct policy__data *data, int row);

/* Is there a model that was fitted here and wants its scores? */
bool policy__has_uncalibrated(const struct policy *p);

/* A unit of CALIBRATE: the scores of one metric. */
enum kr_status policy__calibrate(struct policy *p, bool *more, struct kr_error *err);

/* ---- policy_slot.c: points that need no model, distinctness, results ---------------- */

/* p->fixed <- coords of what slot i fixes, NaN elsewhere; the region is that of the slot. */
void policy__fix(struct policy *p, int i);

/* values <- the allowed point at coords, with the values that slot i fixes. */
void policy__decode(const struct policy *p, int i, const double *coords, double *values);

/* Was this point never observed, pending, failed, taken, nor given to an earlier slot? */
bool policy__is_new(struct policy *p, const double *values);

/* How many points of the space slot i may take that were never given out; INFINITY when the space
 * is too large to enumerate. rows (coords) <- those numbered from, from + 1, ...; none with
 * rows.rows = 0. */
double policy__unseen(struct policy *p, int i, int from, struct mat rows);

/* Give slot n_settled its result, at p->values. */
void policy__settle(struct policy *p, enum policy_rule rule, enum policy_freshness freshness);

/* Settle slot n_settled by the initial design, or by filling the space. */
void policy__settle_initial(struct policy *p);
void policy__settle_fill(struct policy *p, enum policy_freshness freshness);

/* Does slot i belong to the initial design? */
bool policy__is_initial(const struct policy *p, int i);

#endif
