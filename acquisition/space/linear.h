/* Linear constraints among numbers: left <= right or left >= right, as somebody wrote them.
 *
 * Each has two forms. The steps of both sides, a postfix program, say exactly what is
 * compared; a point obeys only when the sides compare so both in doubles in the written
 * order, as every client computes them, and in twice that precision, as the text means it.
 * The row, sum of coef x number <= bound, is what solvers use; its coefficients are rounded.
 *
 * The numbers of a point come from a function, 0 where a parameter is not there. Plain
 * values, immutable, thread-safe. */
#ifndef KR_ACQUISITION_LINEAR_H
#define KR_ACQUISITION_LINEAR_H

#include <stdbool.h>

enum linear_op {
	LINEAR_NUMBER,
	LINEAR_PARAM,
	LINEAR_ADD,
	LINEAR_SUBTRACT,
	LINEAR_MULTIPLY,
	LINEAR_DIVIDE,
	LINEAR_NEGATE
};

/* Most numbers on the stack of a program; who makes one keeps to it. */
#define LINEAR_STACK 128

struct linear_step {
	enum linear_op op;
	double number; /* NUMBER */
	int param;     /* PARAM */
};

struct linear_side {
	int n;
	const struct linear_step *steps;
};

struct linear {
	struct linear_side left, right;
	bool at_least; /* left >= right */

	int n; /* the row; coef != 0, params differ */
	const int *param;
	const double *coef;
	double bound;
	bool simple; /* every parameter stands there once */
	double size; /* sum of the sizes of its constants, as they count in the row */
};

/* The number of a parameter at the point ctx. */
typedef double linear_number(const void *ctx, int param);

/* Is it obeyed? Far from the edge, where no rounding matters, the row of a simple one tells. */
bool linear_holds(const struct linear *l, linear_number *number, const void *ctx);

#endif
