/* The policy: trials in, suggestions out. One object is one computation.
 *
 *   policy_new .. policy_step (until it says false, or the deadline has come) ..
 *   policy_suggestion / policy_prediction / policy_state .. policy_free
 *
 * The stages: encode and transform the observations -> fit hyperparameters -> condition the models
 * -> for each slot: fantasies at points without outcomes -> maximize the acquisition -> decode,
 * distinct from all that was given out.
 *
 * The result is a pure function of the input and the number of completed units: `krige replay`
 * rests on that. Numbers are random by (seed, slot number, purpose) only. A unit takes tens of
 * milliseconds at most, but for a climb of a cold fit. Memory is linear in n. Owns its memory; not
 * thread-safe: one compute worker at a time.
 *
 * What it does, in short (README.md says why):
 *   - The first 5 points given out or handed in are the initial design: the centre, then a
 *     scrambled Sobol' net of the study; more while nothing has been observed. It takes points of
 *     other studies and follows a belief about the optimum, where there are any.
 *   - Observations of equal points become one; outcomes are transformed (gp/outcome/outcome.h).
 *   - Hyperparameters are fitted anew at every observation up to 50, then when the observations
 *     have grown by 1/25; a job does a bounded part of a fit and leaves the rest to the next ones
 *     in its state. Of more than 512 observations (fewer with more than 4 metrics) a fit sees the
 *     best, the newest, and some that fill the space, a third each.
 *   - The objective has two models, under priors for long and for short lengthscales; what is
 *     maximized is the power mean of their expected improvements, with exponent 1/4: one that is
 *     sure of the contrary takes much from the other. There is only the first with more than 300
 *     observations, with more than 128 pending points and slots, and where the study names its
 *     acquisition.
 *   - An outcome constraint has a model of its own; points that failed or were infeasible make one
 *     of success. The incumbent is the best that met the constraints; before there is one, what is
 *     likeliest to meet them is suggested.
 *   - Every fourth turn from the 11th observation on exploits: the posterior mean is maximized,
 *     where nothing is pending or failed, there are no constraints and some parameter is
 *     continuous.
 *   - A belief about the optimum raises the acquisition by ln(belief) * 5 / (observations)
 *     (Hvarfner et al. 2022): it fades, right or wrong.
 *   - In a batch the first 16 slots get a search each; later ones share searches. Of more than
 *     1,024 pending points the newest are modelled.
 *   - With more than 1,500 observations hyperparameters come from the likelihood of some of them
 *     given their neighbours, and each slot gets exact models of its own on the 512 nearest to a
 *     point: the best known one when the slot's number is even, else what a model of all
 *     observations finds promising elsewhere. The search stays in a box around it.
 *   - A slot never gets a point that was observed, is pending or taken, failed, or went to an
 *     earlier slot, and always keeps its fixed values as given. */
#ifndef KR_ACQUISITION_POLICY_H
#define KR_ACQUISITION_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "acquisition/policy/choice.h"
#include "acquisition/policy/policy_options.h"
#include "acquisition/space/belief.h"
#include "acquisition/space/space.h"
#include "base/status.h"
#include "gp/calibration.h"

enum { POLICY_INITIAL_POINTS = 5 }; /* of the initial design */

/* One point to be given out. */
struct policy_slot {
	uint64_t number;     /* key of its random numbers, below 2^56 */
	const double *fixed; /* d values, NaN where free; NULL: all free */
};

/* lower <= metric <= upper; an infinite bound is none. */
struct policy_constraint {
	double lower, upper;
	const double *y;   /* n raw values, finite */
	const double *sem; /* n standard errors, NaN: none; NULL: none at all */
};

/* What another study of the same space has learnt. */
struct policy_source {
	int n;
	bool minimize;
	const double *X, *y; /* n x d values, n raw outcomes, finite */
};

/* Everything a suggestion may depend on. Borrowed until policy_free. Points are
 * d values each, one after another. */
struct policy_input {
	const struct space *space;
	bool minimize;
	uint64_t seed;       /* of the study */
	int n;               /* observations, in the order of their events */
	const double *X, *y; /* n x d values (point after point), n raw outcomes, finite */
	const double *sem;   /* n standard errors of y, NaN: none; NULL: none at all */
	bool has_noise_sd;   /* else the noise is learnt; sem adds to it either way */
	double noise_sd;     /* known deviation of the noise of y; 0: no metric has noise */
	int n_constraints;
	const struct policy_constraint *constraints;
	int n_pending;
	const double *pending; /* running trials, by number */
	int n_failed;
	const double *failed; /* points whose evaluation failed: perhaps a mishap */
	int n_infeasible;
	const double *infeasible; /* points of which it is certain that they fail */
	int n_taken;
	const double *taken; /* other points given out before (expired, cancelled, pruned): only
	                      * not suggested again */
	int n_slots;
	const struct policy_slot *slots;
	int n_queries;
	const double *queries; /* points to predict */
	int n_state;
	const double *state; /* where the fit starts: policy_state of an earlier job; may be empty */
	bool calibrate;      /* after the last slot: how well do the models fitted here predict? */
	const struct policy_options *options; /* NULL: the defaults. Copied */
	enum choice acquisition; /* what is maximized; CHOICE_AUTO: what is best on average */
	double level;            /* CHOICE_LEVEL: a raw value of the objective */
	double beta;             /* CHOICE_BETA: squared weight of the deviation */
	int n_sources; /* other studies of the space, from which the initial design takes points */
	const struct policy_source *sources;
	const struct belief *belief; /* about the optimum, of this space; NULL: none */
	/* The least improvement that counts in p_gain_enough is the larger of the two. */
	double least_gain;          /* raw units of the objective */
	double least_gain_relative; /* as a part of the size of the incumbent */
};

enum policy_rule {
	POLICY_INITIAL,  /* initial design */
	POLICY_MODEL,    /* maximum of the acquisition */
	POLICY_FILL,     /* space-filling: a last resort, or a turn while the best outcome is tied */
	POLICY_EXHAUSTED /* no unseen point is left (for the fixed values given); in a space
	                   * too large to enumerate: none was found in 1,024 tries */
};

enum policy_freshness {
	POLICY_FRESH,   /* every unit was done */
	POLICY_PARTIAL, /* cut by the deadline: best of the completed units */
	POLICY_FALLBACK /* cut before anything was known: space-filling */
};

/* What the maximum was of. */
enum policy_role {
	POLICY_EXPLORE, /* the expected improvement, or the probability of being feasible at all */
	POLICY_EXPLOIT  /* the posterior mean */
};

enum { POLICY_MOST_PULLS = 5, POLICY_MOST_LEVERS = 3 };

/* What an observation does to the prediction at a point. The posterior mean is linear in the
 * outcomes, mean = m + sum_i w_i (z_i - m), w = K^-1 k(X, x) (the weight function of Rasmussen &
 * Williams 2006, sec. 2.6; K with the noise). */
struct policy_pull {
	int observation; /* the first of its point, in the order of the input */
	double weight;   /* w_i */
	double pull;     /* w_i (z_i - m) in raw units: by how much it moves the prediction */
	double distance; /* from the point, in lengthscales; a choice that differs is a step of 1 */
};

/* A parameter that the model finds sensitive: the shorter its lengthscale, the more. Where the
 * kernel has several of a parameter (numbers next to choices) it is the shortest. */
struct policy_lever {
	int parameter;
	double lengthscale; /* in units of the cube, where choices that differ are 1 apart */
};

struct policy_suggestion {
	const double *values; /* d, owned by the policy; NULL when EXHAUSTED */
	enum policy_rule rule;
	enum policy_freshness freshness;
	bool has_prediction;     /* only with POLICY_MODEL */
	double mean, sd;         /* predicted without fantasies, in raw units of the objective */
	double log_acq;          /* log of what was maximized, in model units; 0 without a model */
	bool has_p_feasible;     /* there are constraints or failures, and a model */
	double p_feasible;       /* predicted probability that it succeeds and meets the constraints */
	enum policy_role role;   /* only with POLICY_MODEL */
	enum choice acquisition; /* with POLICY_MODEL: what was maximized, never CHOICE_AUTO */
	bool has_acq;            /* its values have no logarithm: acq is the value, log_acq 0 */
	double acq;              /* units of the model, or nats */

	/* Why, for people; only with a prediction. No computation reads it. */
	double model_mean;    /* m, raw: what the model predicts far from all observations */
	double noise_sd;      /* of an observation there, raw: declared or learnt */
	int n_optima;         /* different local maxima that the search has found; 0: none was made */
	int rank;             /* of the point among them, 1: the best; better ones were given out */
	bool has_gain;        /* there is an incumbent */
	int incumbent;        /* its observation, the first of its point; -1: not among them */
	double best;          /* its value, raw; under noise what the model predicts there */
	double p_gain;        /* probability that the point is better, and feasible */
	double expected_gain; /* expected improvement on it, times p_feasible: raw units */
	double enough;        /* least improvement that counts (least_gain), raw */
	double p_gain_enough; /* as p_gain, for an improvement of more than that */
	int n_pulls;          /* the largest by size of pull, largest first */
	struct policy_pull pulls[POLICY_MOST_PULLS];
	int n_levers; /* of the parameters that the point has, shortest lengthscale first */
	struct policy_lever levers[POLICY_MOST_LEVERS];
};

struct policy;

/* Errors: KR_ENOMEM. Nothing is computed yet. Values of in must be allowed by the space
 * (space_check); others are taken as the nearest allowed ones. */
enum kr_status policy_new(struct policy **out, const struct policy_input *in, struct kr_error *err);
void policy_free(struct policy *p);

/* Run one unit of work. False when nothing is left. Never fails: what goes
 * wrong numerically ends in POLICY_FILL; out of memory too. */
bool policy_step(struct policy *p);

/* Units completed so far. */
int policy_units(const struct policy *p);

/* Did the heap run out of memory on the way? The suggestions are space-filling then and, unlike
 * all others, not a function of the input: whoever records them should ask again instead. */
bool policy_starved(const struct policy *p);

/* No more units: settle every slot from what is known. Idempotent; implied by
 * reading results. */
void policy_cut(struct policy *p);

/* Is the next point one of the initial design, after n observations and n_before points in all
 * (observed, pending and taken)? */
bool policy_is_initial(int n, int n_before);

/* Slot i, 0 <= i < n_slots. */
struct policy_suggestion policy_suggestion(struct policy *p, int i);

/* Query i: posterior mean and sd of a metric (0: the objective, then the constraints) in raw
 * units; where outcomes were bent, the median and half the width of one deviation to either
 * side (outcome_raw_sd). False when there is no model (no observations). */
bool policy_prediction(struct policy *p, int i, int metric, double *mean, double *sd);

/* A model as people want to see it. */
struct policy_model {
	const char *kernel;
	const double *lengthscale; /* d, as that of a lever; owned by the policy */
	double outputscale;        /* prior variance, in squared units of the model */
	double noise_sd, mean;     /* raw units, the noise at the best outcome; of success: -1 .. 1 */
	int n_model, n_fit;        /* observations that it is made of, and that the fit saw */
	bool has_log_posterior;    /* false: no start could be evaluated, the earlier fit stands */
	double log_posterior;      /* at the fit, in units of the model */
	double jitter;             /* added to the variances so that the covariance factors; 0: none */
	char transform[256];       /* what was done to raw outcomes, in words */
	struct gp_calibration calibration; /* n = 0: not computed; of points, however often measured */
	int worst; /* the observation (the first of its point) predicted worst; -1: unknown */
};

/* The model of a metric (0: the objective, then the constraints, last success) that was fitted
 * here; false: none was. */
bool policy_model(const struct policy *p, int metric, struct policy_model *out);

/* The state to start the next job from (length by *n, owned by p). */
const double *policy_state(const struct policy *p, int *n);

#endif
