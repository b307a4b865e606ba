/* What the files of the policy share. Stages, each a number of units:
 *
 *   PREPARE   initial-design slots are settled; observations are encoded
 *   FIT       one unit a start, metric after metric; skipped while the state's fit is young enough
 *   CONDITION the models on the observations, one a unit, and the best known points
 *   QUERY     predictions, a block a unit
 *   JOIN      the fantasy models: pending points, and the best points under noise
 *   SEARCH    slot by slot: candidates, maximization, distinctness
 *   CALIBRATE leave-one-out scores of what was fitted, a metric a unit; no suggestion sees them
 *
 * No exact model holds more than POLICY__MODEL_ROWS observations. With more, a SURVEY of the best
 * known points takes the place of CONDITION, and before JOIN each slot has two stages of its own:
 *
 *   LOCATE    where to look: a box around a promising point, and the observations nearest to that
 *   SETTLE_IN fits and models on those
 *
 * Notation: n observations, m of them in the model, d parameters, z outcomes as the model
 * sees them. */
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
#include "acquisition/policy/seen.h"
#include "acquisition/search/candidates.h"
#include "acquisition/search/maximize.h"
#include "acquisition/space/enumerate.h"
#include "acquisition/space/region.h"
#include "gp/fit.h"
#include "gp/outcome/levels.h"
#include "gp/outcome/outcome.h"
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
	POLICY__CROWD = 128,         /* beside more pending points and slots the first of these does */
	POLICY__COLUMNS = 16,        /* fantasies */
	POLICY__NOISY_COLUMNS = 32,
	POLICY__ENUMERATED = 5000, /* spaces with fewer unseen points are enumerated */
	POLICY__VISITED = 100000   /* beginnings of points looked at for that, under rules */
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

/* Observations in the form of a model. */
struct policy__data {
	int m;
	const int *rows;        /* m: which of the n_obs observations; NULL: of success */
	struct mat X;           /* m x d coords */
	double *z;              /* m */
	double *var;            /* m known variances of one observation, NULL: none */
	double *count, *spread; /* m replicates, as in gp_data; NULL: each row is one observation */
};

/* What is modelled: the objective, each constraint, success (1; -1 where it failed), and the
 * objective again under a prior for short lengthscales. */
enum policy__kind { POLICY__OBJECTIVE, POLICY__CONSTRAINT, POLICY__SUCCESS, POLICY__SHORT };

struct policy__metric {
	enum policy__kind kind;
	bool known;             /* all variances are known: none is fitted */
	const double *y;        /* observed, raw */
	double *sd;             /* known deviations of z; NULL: none */
	double *z;              /* as the model sees y */
	double *count, *spread; /* of replicates, in units of z; NULL: none were collapsed */
	double lower, upper;    /* bounds of z; infinite: none */
	struct outcome outcome;
	struct policy__data data, fit_data; /* of the models, of the fit */
	struct policy__data all;            /* every observation, when there is a survey */
	struct gp_prior prior;
	double *theta;            /* theta_size */
	double *here;             /* theta_size: theta in the box of a slot */
	double *rival;            /* theta_size: what may take the place of theta */
	double *scratch;          /* 2 theta_size */
	int slices, rival_slices; /* that either still climbs, 0: not at all */
	double log_posterior;     /* at theta, -inf: not known */
	unsigned char tasks[4];   /* of the fit in this job (policy_fit.c) */
	int task, n_tasks;
	bool due;                /* the fit is too old */
	bool on_all;             /* fitted on all observations of a survey */
	bool fitted_here;        /* theta is new */
	bool warm;               /* theta came from the state */
	double n_fitted;         /* what was known when theta was fitted, 0: never */
	struct gp *base, *joint; /* joint: with fantasies, NULL without */
	struct gp_calibration calibration;
	bool has_mean;
	double mean, jitter; /* of the survey's model */
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
	double rows;                   /* as policy__worth_rows */
	double level[ACQ_MAX_COLUMNS]; /* z that acq[0] refers to */
	struct novelty novelty;        /* joined NULL: nothing is pending */
	struct max_value max_value;
	struct covariance points;
	struct integrated integrated;
	struct kg_hybrid kg;

	/* No point of a named acquisition lies in the cell of an open point. */
	struct mat cell; /* centres */
	double *half;    /* d half sides */
};

struct policy {
	struct policy_input in;
	struct policy_options options;
	struct kernel_term kernel; /* of all models */
	bool mixed;                /* it tells numbers from choices */
	int theta_size;
	int n_inputs; /* of d parameters, those that vary (mixed: numbers): what scales lengthscales */
	int d, n_before; /* points of all sorts that were given out or handed in */
	enum policy__stage stage;
	int units;
	bool starved; /* the heap was empty once */
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
	int n_based;      /* models with a base */
	int n_calibrated; /* metrics whose calibration was looked at */
	struct policy__survey survey;
	struct policy__place place;
	struct mat top;     /* best known points (in the box), t x d coords, best first */
	int n_incumbents;   /* of top: the first so many meet the constraints */
	struct mat sources; /* around which candidates lie: top, in a box with its centre before */
	double floor;       /* under noise no incumbent is below */
	bool noisy;
	bool tied;     /* the best outcome was observed at several points */
	double margin; /* an improvement is one by so much, in model units */
	bool has_incumbent;
	double best_z;    /* over all observations that meet the constraints */
	double best_mean; /* posterior mean at the best of top */
	int n_joint;      /* models with a joint */
	int n_joined;     /* pending points and settled slots in joint */
	double best[POLICY__MEMBERS][ACQ_MAX_COLUMNS]; /* incumbents */
	bool closed[ACQ_MAX_COLUMNS]; /* without an incumbent: a pending point is feasible there */

	/* search of slot n_settled */
	bool searching, few; /* few: raw are all the unseen points */
	double n_unseen;
	struct arena_mark mark;
	struct policy__aim aim;
	struct candidates raw;
	struct maximizer *maximizer;
};

/* ---- policy.c --------------------------------------------------------------------- */

/* How something ended that ends no unit: without heap memory the job is starved. */
void policy__note(struct policy *p, enum kr_status st);

/* ---- policy_kernel.c: the covariance function -------------------------------------- */

/* kernel, mixed, theta_size and n_inputs from the space, the options and the number of
 * observations; the structure lives in the arena. False without memory. */
bool policy__choose_kernel(struct policy *p);

/* out <- the prior of every number of theta, in the arena: of the second model short lengthscales,
 * where variances are known no noise. Errors: KR_ENOMEM. */
enum kr_status policy__make_prior(
	struct policy *p, const struct policy__metric *m, struct gp_prior *out, struct kr_error *err);

/* For people. */
const char *policy__kernel_name(const struct policy *p);

/* ---- policy_state.c: what a fit leaves to the next job --------------------------- */

/* Of the models theta, rival, slices, n_fitted and warm from in.state, when that is ours and
 * whole. */
void policy__read_state(struct policy *p);

/* How much a metric is made of now; to n_fitted with it when it is fitted. */
double policy__known_points(const struct policy *p, const struct policy__metric *m);

/* Most numbers of a state. */
size_t policy__state_size(const struct policy *p);

/* The state for the next job, from the same of the models. */
void policy__write_state(struct policy *p);

/* ---- policy_data.c: observations to what the models are made of ------------------- */

/* All of these: KR_ENOMEM and the errors of the models they call. */

/* Storage for rows x d coords, uninitialized; NULL when memory runs out. */
double *policy__points(struct policy *p, int rows);

/* Merge replicates, transform outcomes, choose and encode the rows of the models and fits. */
enum kr_status policy__encode(struct policy *p, struct kr_error *err);

/* data <- z, known variances and replicates of one metric at rows (data->m of them; NULL: all). */
enum kr_status policy__take_rows(struct policy *p, const struct policy__metric *m, const int *rows,
	struct policy__data *data, struct kr_error *err);

/* The data of success: these observations (n of them), and failed points. near: coords of a point
 * whose nearest they shall be, NULL: the newest. */
enum kr_status policy__encode_success(struct policy *p, struct policy__metric *m, const int *rows,
	int n, const double *near, struct policy__data *data, struct kr_error *err);

/* The memory and the work of n metrics with so many rows each are those of four. */
int policy__rows_of_each(int n_metrics, int most);

/* ---- policy_fit.c: hyperparameters, a bounded part of the work a job ------------------------ */

/* Is there anything to fit? */
bool policy__needs_fit(const struct policy *p, const struct policy__metric *m);

/* Plan what this job does: how many tasks of all models. */
int policy__begin_fit(struct policy *p);

/* One task; false in *more after the last. Errors: KR_ENOMEM; KR_ENOTPD when no start worked. */
enum kr_status policy__fit(struct policy *p, bool *more, struct kr_error *err);

/* ---- policy_model.c: models --------------------------------------------------------- */

/* Of them all, those of the objective under other priors included. */
int policy__n_models(const struct policy *p);

/* Model e of the objective, e < n_members. */
struct policy__metric *policy__member(struct policy *p, int e);

/* Borrows data. */
struct gp_data policy__gp_data(const struct policy *p, const struct policy__data *data);

/* The base of one metric; with the last: top, noisy and the incumbents. */
enum kr_status policy__condition(struct policy *p, bool *more, struct kr_error *err);

/* scale (d, room for theta_size more) <- the metric of the objective's model. */
void policy__lengthscales(const struct policy *p, double *scale);

/* Is the noise of a metric worth regard? */
bool policy__is_noisy(const struct policy *p, const struct policy__metric *m);

/* One block of predictions. */
enum kr_status policy__query(struct policy *p, bool *more, struct kr_error *err);

/* ---- policy_survey.c: the model of all of very many observations ------------------------ */

/* One fit on all observations, from theta. */
enum kr_status policy__fit_all(struct policy *p, struct policy__metric *m, struct kr_error *err);

/* The best known points by one metric; with the last: noisy and the incumbents. */
enum kr_status policy__survey(struct policy *p, bool *more, struct kr_error *err);

/* Means and variances of metric k at X; open: with pending points and settled slots, at the
 * outcomes that are expected of them. */
enum kr_status policy__predict_all(struct policy *p, int k, bool open, struct mat X, double *mean,
	double *var, struct kr_error *err);

/* The model is made anew when it is asked for. */
void policy__drop_survey_model(struct policy *p);

/* ---- policy_place.c: where a slot looks, and the models there ------------------------------ */

/* The box of the slot, and the rows of its models: one block of candidates a unit. */
enum kr_status policy__locate(struct policy *p, bool *more, struct kr_error *err);

/* The fit and the base of one metric. */
enum kr_status policy__settle_in(struct policy *p, bool *more, struct kr_error *err);

/* Is the point in the box? Without a survey all are. */
bool policy__in_box(const struct policy *p, struct mat X, int row);
struct box policy__box(const struct policy *p);

/* ---- policy_join.c: points whose outcomes are not known yet ------------------------- */

/* The joint model of one metric, or one block of pending points (and settled slots) into all. */
enum kr_status policy__join(struct policy *p, bool *more, struct kr_error *err);

/* The k-th point that has no outcome yet (of pending points the newest, then settled slots) as
 * values, NULL for a slot that got none. */
int policy__n_open(const struct policy *p);
const double *policy__open_point(const struct policy *p, int k);

/* Are there fantasies? */
bool policy__has_joint(const struct policy *p);

/* ---- policy_acquire.c: what a slot maximizes ------------------------------------------- */

/* p->aim <- that of slot n_settled, whose raw candidates are there. */
enum kr_status policy__aim(struct policy *p, struct kr_error *err);

/* Are best known points drawn under noise, with the best of the draws for an incumbent? */
bool policy__draws_best(const struct policy *p);

/* Else: the best observation, under noise `best_mean`; -inf when none meets the constraints. */
double policy__incumbent(const struct policy *p, double best_mean);

/* Does this slot fill the space, because there is nothing to exploit? */
bool policy__fills(const struct policy *p);

/* The function of an ascent, context: the policy. -inf outside the box of the slot. */
enum kr_status policy__worth(void *context, struct mat X, double *value, struct mat D,
	struct arena *scratch, struct kr_error *err);

/* A value at coords without what a belief adds to it. */
double policy__without_belief(struct policy *p, double *coords, double value);

/* What an evaluation of it costs, in observations: the square root of its flops. */
double policy__worth_rows(const struct policy *p);

/* The incumbents of all columns <- best. */
void policy__reset_incumbents(struct policy *p, double best);

/* ---- policy_named.c: the acquisition that a study names ------------------------------------- */

/* Does it look at one column, in which what is pending has the outcome that is expected of it? */
bool policy__believes(const struct policy *p);

/* p->aim.named <- it, in the arena. */
enum kr_status policy__name(struct policy *p, struct kr_error *err);

/* Cells of the open points, and whether a row lies in one: what has no use for the variance there,
 * or knows it beyond rounding, would come back to the same point. */
enum kr_status policy__keep_apart(struct policy *p, struct kr_error *err);
bool policy__is_crowded(const struct policy *p, struct mat X, int row);

/* What a point with these moments is worth to it, roughly: for candidates under a model of very
 * many observations. best: -inf when there is none. */
double policy__screen(const struct policy *p, double mean, double sd, double best);

/* value (rows of X), D <- p->aim.named under the constraints and success. */
enum kr_status policy__named_worth(const struct policy *p, struct mat X, double *value,
	struct mat D, struct arena *scratch, struct kr_error *err);

/* ---- policy_sources.c: other studies --------------------------------------------------- */

/* p->point (uniform numbers, as for the initial design) <- the k-th point to begin with: the
 * sources take turns, each with its best point that is not near one of its own before. False,
 * p->point as it was, when there is none. Cost n^2 d. */
bool policy__source_point(struct policy *p, int k);

/* ---- policy_search.c: one slot through the model ---------------------------------- */

/* *more is false when slot n_settled got its result. */
enum kr_status policy__search(struct policy *p, bool *more, struct kr_error *err);

/* May slot n_settled have the point at p->point? Its values go to the slot. apart: only away from
 * points that have no outcome yet. Uses p->lot. */
bool policy__may_take(struct policy *p, bool apart);

/* The slot takes the point, which is worth value. */
void policy__take(struct policy *p, double value, enum policy_freshness freshness);

/* Is what is maximized a logarithm? */
bool policy__is_log(const struct policy *p);

/* The unseen points, when there are few, as p->raw. */
enum kr_status policy__enumerate(struct policy *p, struct kr_error *err);

/* Stop the search of a slot: the best known so far, if there is any. */
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

/* The first observation in the order of the input of those that are one as number i of n_obs. */
int policy__first_of(const struct policy *p, int i);

/* The same of the row of a model; -1: row is, or success is what is modelled. */
int policy__observation(const struct policy *p, const struct policy__data *data, int row);

/* Is there a model that was fitted here and wants its scores? */
bool policy__has_uncalibrated(const struct policy *p);

/* The scores of one metric. */
enum kr_status policy__calibrate(struct policy *p, bool *more, struct kr_error *err);

/* ---- policy_slot.c: points that need no model, distinctness, results ---------------- */

/* p->fixed <- coords of what slot i fixes, NaN elsewhere; the region is that of the slot. */
void policy__fix(struct policy *p, int i);

/* values <- the allowed point at coords, with the values that slot i fixes. */
void policy__decode(const struct policy *p, int i, const double *coords, double *values);

/* Was this point never observed, pending, failed, taken, nor given to an earlier slot? */
bool policy__is_new(struct policy *p, const double *values);

/* The points of the space that slot i may take and nobody has seen, when there are few:
 * their number, or INFINITY when the space is too large to enumerate. rows (coords) <- those
 * numbered from, from + 1, ...; none with rows.rows = 0. */
double policy__unseen(struct policy *p, int i, int from, struct mat rows);

/* Give slot n_settled its result, at p->values. */
void policy__settle(struct policy *p, enum policy_rule rule, enum policy_freshness freshness);

/* Settle slot n_settled by the initial design, or by filling the space. */
void policy__settle_initial(struct policy *p);
void policy__settle_fill(struct policy *p, enum policy_freshness freshness);

/* Does slot i belong to the initial design? */
bool policy__is_initial(const struct policy *p, int i);

#endif
