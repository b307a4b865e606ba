/* The nearest of many points, found by looking at all of them, block by block.
 *
 *   r2 = sum_{i numeric} ((x_i - x'_i) / l_i)^2 + sum_{i categorical} [x_i != x'_i] / l_i^2
 *
 * NaN, an inactive value, is the middle of its column.
 *
 * neighbours_new .. neighbours_reset .. neighbours_add* .. neighbours_find* .. neighbours_free.
 * Owns a scaled copy of the points. Not thread-safe while points are added. */
#ifndef KR_GP_VECCHIA_NEIGHBOURS_H
#define KR_GP_VECCHIA_NEIGHBOURS_H

#include "base/arena.h"
#include "base/status.h"
#include "gp/linalg/mat.h"

struct neighbours;

/* cap: most points. NULL when memory runs out. */
struct neighbours *neighbours_new(int cap, int d);
void neighbours_free(struct neighbours *nb);

/* No points, and a metric: d lengthscales > 0, d flags or NULL (all numeric); both copied. */
void neighbours_reset(
	struct neighbours *nb, const double *lengthscale, const unsigned char *categorical);

/* The rows of X join in their order: at most cap in all. Cost d a row. */
void neighbours_add(struct neighbours *nb, struct mat X);

/* For row j of Q (b x d) the m nearest of the first before[j] points (NULL: of all):
 * found (m x b, column j) <- their numbers, nearest first, of equally near ones the earlier
 * first; count[j] <- how many, at most m. Errors: KR_ENOMEM. Cost b n d. */
enum kr_status neighbours_find(const struct neighbours *nb, struct mat Q, const int *before, int m,
	int *found, int *count, struct arena *scratch, struct kr_error *err);

#endif
