/* Search space: parameters <-> coordinates of the unit cube.
 *
 * A point is d doubles in either of two forms:
 *   values  what the user sees: the number itself, or the index of the choice
 *   coords  what the model sees: numeric parameters in [0, 1] (after log; every
 *           grid value of an integer or stepped parameter owns an equal cell and
 *           sits at its middle; so do the choices of an ordinal one, in order, and the
 *           only choice of a fixed one), categorical ones their choice index
 *
 * The grid of a step is low, low + step, ... up to the last that is not above
 * high. When low and step are short decimals the grid is the decimal one (0.3,
 * not 0.30000000000000004). On a log scale the cells end half-way between values,
 * in value, so that [low, high] becomes the logs of [low - step/2, last + step/2]
 * (low/2 where low < step) and the small values own the wide cells.
 *
 * decode(encode(v)) == v for every grid value and choice, up to 2^50 values (on a log
 * scale: values up to 2^40 steps; beyond, to the resolution of a coordinate). Continuous values
 * come back within rounding, their bounds exactly.
 *
 * A space may have rules. A conditional parameter is there only when its condition holds;
 * else it is inactive: NaN among values, and among coords the middle (0.5, choice 0), so that
 * to a kernel two points where it is inactive are the same in it. A point is allowed when
 * every value is, none of the forbidden conditions holds and all linear constraints do, with
 * 0 for what is inactive. decode gives points whose values are allowed and whose inactive
 * parameters are NaN; the other rules are asked by space_broken. region.h finds points that
 * obey all.
 *
 * Immutable after space_new, so threads may share it. */
#ifndef KR_ACQUISITION_SPACE_H
#define KR_ACQUISITION_SPACE_H

#include <stdbool.h>
#include <stdint.h>

#include "acquisition/space/condition.h"
#include "acquisition/space/linear.h"
#include "base/status.h"

enum space_kind { SPACE_FLOAT, SPACE_INT, SPACE_CATEGORICAL, SPACE_ORDINAL, SPACE_FIXED };

struct space_param {
	enum space_kind kind;
	double low, high; /* inclusive; integers below 2^53 for SPACE_INT */
	bool log;
	double step;           /* 0: none; INT without step: 1 */
	int n_choices;         /* CATEGORICAL, ORDINAL; a FIXED one has one */
	const double *numbers; /* ORDINAL, FIXED: what the choices are as numbers; NULL: none */
};

/* Everything is borrowed for the space's life, the numbers of parameters too. */
struct space_rules {
	const struct condition *const *when; /* of each parameter, NULL: always; NULL: no one's */
	int n_forbidden;
	const struct condition *const *forbidden;
	int n_linear;
	const struct linear *const *linear;
};

struct space;

#define SPACE_MAX_DIMS 1024

/* Copies params. The rules are checked here and answered with KR_INVALID_ARGUMENT whose
 * field is "params[i].low" etc. and whose text names value and remedy:
 *   1 to SPACE_MAX_DIMS parameters; at least one choice; finite bounds, low < high and a
 *   finite range; low > 0 for log; step > 0 (0: none), at most the range and wide enough
 *   for its values to differ; integral bounds and step for SPACE_INT.
 * KR_ENOMEM. */
enum kr_status space_new(
	struct space **out, const struct space_param *params, int d, struct kr_error *err);

/* The same with rules (NULL: none). Also refused: conditions that depend on each other in a
 * circle ("params[i].when"). That some point obeys the rules is not checked here. */
enum kr_status space_new_ruled(struct space **out, const struct space_param *params, int d,
	const struct space_rules *rules, struct kr_error *err);
void space_free(struct space *s);

/* Number of parameters, and each as it was given. */
int space_dims(const struct space *s);
const struct space_param *space_param(const struct space *s, int i);

/* d flags, 1 where categorical; borrowed. */
const unsigned char *space_categorical(const struct space *s);

/* Is this value allowed for parameter i (in bounds, on the grid, a choice)?
 * Errors: KR_INVALID_ARGUMENT, text says value and what would be right. */
enum kr_status space_check(const struct space *s, int i, double value, struct kr_error *err);

/* coords <- values, both d. */
void space_encode(const struct space *s, const double *values, double *coords);

/* values <- nearest values to coords (clamped, snapped to the grid; numbers that the user
 * typed as bounds come back exactly); NaN for parameters that are inactive then. */
void space_decode(const struct space *s, const double *coords, double *values);

/* The same, as if every parameter were active. */
void space_decode_all(const struct space *s, const double *coords, double *values);

/* Value i at coord c, as if it were active. */
double space_value(const struct space *s, int i, double c);

/* Its slope there, between grid values too. */
double space_slope(const struct space *s, int i, double c);

/* Coord of value i; the middle for NaN. */
double space_coord(const struct space *s, int i, double value);

/* coords <- those of the values at coords. */
void space_snap(const struct space *s, double *coords);

/* Grid values of parameter i: INFINITY for a continuous float. */
double space_levels(const struct space *s, int i);

/* At most so many distinct points (product of the levels); exactly so many without rules. */
double space_count(const struct space *s);

/* The value of level k (0-based) of a parameter with finite levels, as a coord. */
double space_level_coord(const struct space *s, int i, double k);

/* The level (0-based) nearest to a value of a parameter with finite levels. */
double space_level(const struct space *s, int i, double value);

/* The value of level k. */
double space_level_value(const struct space *s, int i, double k);

/* ---- rules ------------------------------------------------------------------------- */

/* Has the space conditions, forbidden combinations or constraints? */
bool space_ruled(const struct space *s);
const struct space_rules *space_rules(const struct space *s);

/* The condition of parameter i, NULL when it is always there. */
const struct condition *space_when(const struct space *s, int i);

/* The parameters (d) in an order in which conditions ask about earlier ones only. */
const int *space_order(const struct space *s);

/* NaN for the values whose parameters are inactive. */
void space_deactivate(const struct space *s, double *values);

/* Are exactly the active parameters there (not NaN)? */
bool space_complete(const struct space *s, const double *values);

/* The number that linear constraints see: the number itself, that of the choice, 0 for NaN. */
double space_number(const struct space *s, int i, double value);

/* The first rule that a complete point does not obey: forbidden condition k as k, linear
 * constraint k as n_forbidden + k; -1 when it obeys all. */
int space_broken(const struct space *s, const double *values);
bool space_obeys_linear(const struct space *s, int k, const double *values);

/* ---- identity ---------------------------------------------------------------------- */

/* Are two points (values) the same point? Grid parameters compare by level. */
bool space_equal(const struct space *s, const double *a, const double *b);

/* A hash of a point (values) under which equal points are equal. */
uint64_t space_hash(const struct space *s, const double *values);

#endif
