/* What a user believes about where the optimum is, parameter by parameter.
 *
 * With t the coord of a parameter (space.h; linear in the number, or in its logarithm), a belief
 * is a weight between e and 1 that is 1 where the optimum is thought to be,
 *
 *   NORMAL    w = (1 - e) exp(-(t - m)^2 / 2 s^2) + e
 *   WEIGHTS   w = (1 - e) weight_k / largest weight + e
 *
 * and the belief in a point is the product over the parameters that are there. So a parameter
 * with no belief says nothing, nor does one that is inactive: its absence is worth what its
 * best value is. The floor e, BELIEF_FLOOR, keeps every point possible, each parameter by itself:
 * one wrong belief does not silence the others.
 *
 * Immutable after belief_new, so threads may share it. */
#ifndef KR_ACQUISITION_BELIEF_H
#define KR_ACQUISITION_BELIEF_H

#include "acquisition/space/space.h"
#include "base/arena.h"
#include "gp/linalg/mat.h"

#define BELIEF_FLOOR 0.01

enum belief_kind { BELIEF_NONE, BELIEF_NORMAL, BELIEF_WEIGHTS };

struct belief_param {
	enum belief_kind kind;
	double mean, sd;       /* NORMAL: in units of the parameter; on a log scale sd is that of ln */
	const double *weights; /* WEIGHTS: one of each choice, not negative, not all 0 */
};

struct belief;

/* params (d) are copied; the space is borrowed.
 * Errors: KR_INVALID_ARGUMENT, field "params[i].prior": NORMAL is for numbers, WEIGHTS for
 * choices; the mean must be within the bounds, sd positive and finite; KR_ENOMEM. */
enum kr_status belief_new(struct belief **out, const struct space *s,
	const struct belief_param *params, struct kr_error *err);
void belief_free(struct belief *b);

/* value (B) += weight ln w at the rows of X (coords); D (B x d, p NULL to skip) += its gradient,
 * 0 in categorical columns. Errors: KR_ENOMEM. Cost B d. */
enum kr_status belief_add(const struct belief *b, double weight, struct mat X, double *value,
	struct mat D, struct arena *scratch, struct kr_error *err);

/* x (d) <- where the optimum is thought to be, as uniform numbers: coords, and (k + 1/2) / n for
 * choice k of n. Parameters with no belief keep what x had. */
void belief_mode(const struct belief *b, double *x);

/* x (d), uniform numbers in [0, 1): those of a parameter with a belief become numbers that are
 * distributed by it, without the floor (a normal one within the bounds). A net stays as even as
 * it was. */
void belief_draw(const struct belief *b, double *x);

#endif
