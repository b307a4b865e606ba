/* Column-major matrix views: element (i, j) is p[(size_t)j * ld + i].
 *
 * A view is passed by value and owns nothing. Sizes are int (LAPACK's 32-bit
 * integers), offsets are computed in size_t. */
#ifndef KR_GP_LINALG_MAT_H
#define KR_GP_LINALG_MAT_H

#include <stddef.h>

#include "base/arena.h"

struct mat {
	double *p;
	int rows, cols, ld;
};

static inline struct mat mat_view(double *p, int rows, int cols, int ld)
{
	return (struct mat){p, rows, cols, ld};
}

/* rows x cols in the arena, uninitialized; p is NULL when memory runs out. */
static inline struct mat mat_new(struct arena *a, int rows, int cols)
{
	return mat_view(arena_alloc(a, sizeof(double) * (size_t)rows * (size_t)cols), rows, cols, rows);
}

static inline double *mat_col(struct mat m, int j)
{
	return m.p + (size_t)j * (size_t)m.ld;
}

static inline double *mat_at(struct mat m, int i, int j)
{
	return mat_col(m, j) + i;
}

/* Rows [i, i+rows), columns [j, j+cols) of m. */
static inline struct mat mat_block(struct mat m, int i, int j, int rows, int cols)
{
	return (struct mat){mat_at(m, i, j), rows, cols, m.ld};
}

#endif
