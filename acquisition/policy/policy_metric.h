/* What the policy models: the metrics, their data and hyperparameters, and who makes these.
 *
 * A metric is encoded (policy_data.c, policy_success.c), fitted (policy_fit.c) from what an earlier
 * job has left (policy_state.c) under the kernel of the space (policy_kernel.c), and conditioned
 * (policy_model.c). */
#ifndef KR_ACQUISITION_POLICY_METRIC_H
#define KR_ACQUISITION_POLICY_METRIC_H

#include "gp/calibration.h"
#include "gp/fit.h"
#include "gp/model.h"
#include "gp/outcome/outcome.h"

struct policy;

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
	bool known; /* all variances are known: no noise is fitted */

	/* outcomes; n_obs each, once replicates are one */
	const double *y;        /* raw */
	double *z;              /* as the model sees y */
	double *sd;             /* known deviations of z; NULL: none */
	double *count, *spread; /* of replicates, in units of z; NULL: none were collapsed */
	double lower, upper;    /* bounds of z; infinite: none */
	struct outcome outcome;
	struct policy__data data, fit_data; /* of the models, of the fit */
	struct policy__data all;            /* every observation, when there is a survey */

	/* hyperparameters */
	struct gp_prior prior;
	double *theta;            /* prior.size, like the next two */
	double *here;             /* theta in the box of a slot */
	double *rival;            /* what may take the place of theta */
	double *scratch;          /* 2 prior.size */
	int slices, rival_slices; /* that theta and rival have still to climb */
	double log_posterior;     /* at theta, -inf: not known */
	unsigned char tasks[4];   /* of the fit in this job (policy_fit.c) */
	int task, n_tasks;
	bool due;         /* the fit is too old */
	bool on_all;      /* fitted on all observations of a survey */
	bool fitted_here; /* theta is new */
	bool warm;        /* theta came from the state */
	double n_fitted;  /* policy__known_points when theta was fitted, 0: never */

	/* posterior */
	struct gp *base;  /* on data */
	struct gp *joint; /* the same, with fantasies of points without outcomes; NULL: none */
	struct gp_calibration calibration;
	bool has_mean;
	double mean, jitter; /* of the survey's model of all */
};

/* ---- policy_kernel.c: the covariance function -------------------------------------- */

/* p->kernel, structure, theta_size, n_inputs <- by the space, the options and the number of
 * observations; the parts of a sum live in the arena. False without memory. */
bool policy__choose_kernel(struct policy *p);

/* The covariance function of models of this kind: all of p->kernel, or the part that they have of it. */
const struct kernel_term *policy__kernel(const struct policy *p, enum policy__kind kind);

/* out <- the prior of every number of theta, in the arena: for short lengthscales where the kind is
 * SHORT, for no noise where variances are known. Errors: KR_ENOMEM. */
enum kr_status policy__make_prior(
	struct policy *p, const struct policy__metric *m, struct gp_prior *out, struct kr_error *err);

/* "matern52" and what is added to it, for people. */
const char *policy__kernel_name(const struct policy *p);

/* ---- policy_state.c: what a fit leaves to the next job --------------------------- */

/* theta, rival, slices, n_fitted and warm of the models <- in.state, when that is ours and whole;
 * else they stay cold. */
void policy__read_state(struct policy *p);

/* The points that a metric is made of by now: observations, for success the failures too. */
double policy__known_points(const struct policy *p, const struct policy__metric *m);

/* How many numbers a state has at most. */
size_t policy__state_size(const struct policy *p);

/* p->state <- what policy__read_state reads, from the models as they are. */
void policy__write_state(struct policy *p);

/* ---- policy_data.c: observations to what the models are made of ------------------- */

/* Storage for rows x d coords, uninitialized; NULL when memory runs out. */
double *policy__points(struct policy *p, int rows);

/* Merge replicates, transform outcomes, choose and encode the rows of the models and fits. Errors:
 * KR_ENOMEM. Cost n ln n, and m^2 d of a subset. */
enum kr_status policy__encode(struct policy *p, struct kr_error *err);

/* data <- z, known variances and replicates of one metric at rows (data->m of them; NULL: all).
 * Errors: KR_ENOMEM. */
enum kr_status policy__take_rows(struct policy *p, const struct policy__metric *m, const int *rows,
	struct policy__data *data, struct kr_error *err);

/* The outcome z of the objective was observed where the constraints are met: p->best_z is at least
 * that, and there is an incumbent. */
void policy__admit(struct policy *p, double z);

/* How many rows each of n metrics has, so that their memory and work are those of four with `most`
 * rows each; at most `most`. */
int policy__rows_of_each(int n_metrics, int most);

/* Row `row` of X <- coords of a point's values. Uses p->point. */
void policy__encode_row(struct policy *p, const double *values, struct mat X, int row);

/* ---- policy_success.c: the labels of the model of success -------------------------- */

/* m->data and fit_data <- the observations that subset.h chooses, and the newest failures. Errors:
 * KR_ENOMEM. */
enum kr_status policy__encode_success(
	struct policy *p, struct policy__metric *m, struct kr_error *err);

/* data <- label 1 at the n observations `rows`, -1 at points that failed: the nearest to `near` (d
 * coords; NULL: the newest). m->lower <- the least label that is asked for. Errors: KR_ENOMEM. */
enum kr_status policy__label(struct policy *p, struct policy__metric *m, const int *rows, int n,
	const double *near, struct policy__data *data, struct kr_error *err);

/* ---- policy_fit.c: hyperparameters, a bounded part of the work a job ------------------------ */

/* Is there anything to fit? */
bool policy__needs_fit(const struct policy *p, const struct policy__metric *m);

/* Plan what this job does; returns how many tasks all models have. */
int policy__begin_fit(struct policy *p);

/* A unit of FIT: one task. Errors: KR_ENOMEM; KR_ENOTPD when no start of a cold fit could be
 * evaluated. Cost evaluations times m^3. */
enum kr_status policy__fit(struct policy *p, bool *more, struct kr_error *err);

/* ---- policy_model.c: models --------------------------------------------------------- */

/* How many models: n_metrics, and the other members of the objective. */
int policy__n_models(const struct policy *p);

/* Model e of the objective, 0 <= e < n_members. */
struct policy__metric *policy__member(struct policy *p, int e);

/* The data in the form that gp/ takes; borrowed. */
struct gp_data policy__gp_data(
	const struct policy *p, const struct policy__metric *m, const struct policy__data *data);

/* scale (d, then room for theta_size numbers) <- the lengthscales of the objective, from theta. */
void policy__lengthscales(const struct policy *p, double *scale);

/* Is the noise of a metric so large that its best observation may be best by luck? */
bool policy__is_noisy(const struct policy *p, const struct policy__metric *m);

#endif
