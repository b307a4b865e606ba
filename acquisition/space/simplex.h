/* Is there a point with lower <= x <= upper and A x <= b? Found near a given one.
 *
 * The general simplex for feasibility (Dutertre & de Moura 2006, "A fast linear-arithmetic
 * solver for DPLL(T)", fig. 3): each row is a variable of its own, bounded by b; a variable
 * that breaks its bound is moved to it and trades its place with one that can make up for it.
 * There is no objective, so a start near a wish ends near it. The largest breach leaves first;
 * from a while on the smallest index does (Bland's rule), which cannot cycle.
 *
 * A room serves one problem at a time; otherwise pure functions. */
#ifndef KR_ACQUISITION_SIMPLEX_H
#define KR_ACQUISITION_SIMPLEX_H

#include <stdbool.h>

#include "base/arena.h"

enum simplex_answer { SIMPLEX_FOUND, SIMPLEX_EMPTY, SIMPLEX_UNKNOWN };

/* Scaled by the caller: bounds of order 1, the largest coefficient of a row about 1. */
struct simplex_problem {
	int n, m;                    /* variables, rows */
	const double *A;             /* m x n, row after row */
	const double *b;             /* m */
	const double *lower, *upper; /* n, finite, lower <= upper */
};

/* Breaches up to this are none. */
#define SIMPLEX_TOLERANCE 1e-11

/* Storage for problems of up to n variables and m rows, so that solving cannot fail for
 * memory. NULL when memory runs out. */
struct simplex_room;
struct simplex_room *simplex_room_new(int n, int m, struct arena *a);

/* x (n): in the start, clamped to the bounds; out the point found, in its bounds.
 * UNKNOWN: *work ran out. *work <- less what was done, in multiplications. Cost of a step:
 * n m. */
enum simplex_answer simplex_find(
	const struct simplex_problem *p, double *x, long *work, struct simplex_room *room);

#endif
