/* The allowed points of a space, with some values fixed: is there any, the one near a wish,
 * and a walk among them. What the initial design, the candidates and the moves of the
 * maximizer rest on when a space has rules.
 *
 *   region_new .. { region_fix .. region_settle / region_near / region_walk ... }
 *
 * Finding is branch and bound: conditions are judged over domains (an interval of numbers
 * or levels, a set of choices); one that is open splits the domain it asks about; when
 * all are decided, the linear constraints of what is active are a linear program (simplex.h)
 * near the wish, whose fractional levels split domains again. Every point that is handed out
 * is checked exactly (space_broken) after rounding, and comes back so from its coords.
 *
 * Fixed values are kept exactly; a fixed parameter must be active. All memory is taken by
 * region_new, so nothing else fails for memory. Deterministic; not thread-safe. */
#ifndef KR_ACQUISITION_REGION_H
#define KR_ACQUISITION_REGION_H

#include "acquisition/space/space.h"
#include "base/arena.h"
#include "base/rng.h"

enum region_answer { REGION_FOUND, REGION_EMPTY, REGION_UNKNOWN };

struct region;

/* Of the whole space, which is borrowed. NULL when memory runs out. */
struct region *region_new(const struct space *space, struct arena *a);

/* From now on with these values (d, NaN where free; NULL: all free), borrowed until the next. */
void region_fix(struct region *g, const double *fixed);

/* Does the space have rules? Without them every point of the cube is allowed. */
bool region_ruled(const struct region *g);

/* values <- the point at coords, with the fixed values and NaN for what is inactive. */
void region_decode(const struct region *g, const double *coords, double *values);

/* Is the point at coords allowed, its fixed parameters active? */
bool region_has(struct region *g, const double *coords);

/* Work of a question, in multiplications or so: of one at the creation of a study (0.1 s), of
 * one of many. */
enum { REGION_MUCH = 30 * 1000 * 1000 };
long region_little(const struct region *g);

/* x (d coords) <- an allowed point near it, whose coordinate `held` (-1: none) stays as it
 * is. EMPTY: there is none; UNKNOWN: none was found within `work`, or only points that
 * rounding leaves outside. x is unchanged then. */
enum region_answer region_near(struct region *g, double *x, int held, long work);

/* The same with the wish at the centre, and unlike there the linear constraints that have
 * continuous parameters must leave room, about 1e-9 of the parameters' ranges: who asks
 * wants to know whether the search can live there. x: d coords out. */
enum region_answer region_roomy(struct region *g, double *x, long work);

/* What the last question left of its work; below 0 when it took a bit more. */
long region_left(const struct region *g);

/* What all questions took so far. */
long region_spent(const struct region *g);

/* Also required from now on (NULL: nothing). */
void region_require(struct region *g, const struct condition *condition);

/* Leave a rule out (numbered as by space_broken), or take it in again. */
void region_ignore(struct region *g, int rule, bool ignored);

/* x <- an allowed point: itself, snapped, when it is one; else one near it and, with r, some
 * steps of a random walk away from there, because the nearest is on the edge. False when
 * none was found. */
bool region_settle(struct region *g, double *x, struct rng *r);

/* Random steps from the allowed point x (coords), each to an allowed one: single parameters
 * between the constraints on them (hit and run), pairs along a constraint. */
void region_walk(struct region *g, double *x, int steps, struct rng *r);

#endif
