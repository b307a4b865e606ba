#include "acquisition/function/kg_lines.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "gp/special/special.h"

/* By slope, height, place: no two are equal, so that the order is the same everywhere. */
static int compare(const void *left, const void *right)
{
	const struct kg_lines_work *l = left, *r = right;

	if (l->b != r->b)
		return l->b < r->b ? -1 : 1;
	if (l->a != r->a)
		return l->a < r->a ? -1 : 1;
	return l->index < r->index ? -1 : 1;
}

/* Where line r overtakes l; l->b < r->b. */
static double meet(const struct kg_lines_work *l, const struct kg_lines_work *r)
{
	return (l->a - r->a) / (r->b - l->b);
}

/* Keep the lines of the upper envelope at the front of e (sorted); e[i].cut <- where e[i] overtakes
 * e[i - 1]. How many they are. */
static int envelope(int k, struct kg_lines_work *e)
{
	int n = 0;

	for (int i = 0; i < k; i++) {
		struct kg_lines_work line = e[i];

		if (n > 0 && e[n - 1].b == line.b)
			n--; /* of parallel lines the last is the highest */
		while (n > 1 && meet(&e[n - 1], &line) <= e[n - 1].cut)
			n--;
		if (n > 0)
			line.cut = meet(&e[n - 1], &line);
		e[n++] = line;
	}
	return n;
}

/* The derivatives of one term ln D + ln h(-|c|), D = b_r - b_l and c = (a_l - a_r) / D, times its
 * weight w in the sum. With g = (ln h)':
 *   in a_r   sgn(c) g / D               in a_l   the opposite
 *   in b_r   (1 + |c| g) / D            in b_l   the opposite */
static void add_slopes(
	const struct kg_lines_work *l, const struct kg_lines_work *r, double w, double *da, double *db)
{
	double c = r->cut, D = r->b - l->b, g, height, steepness;

	special_log_h(-fabs(c), &g);
	height = w * ((c > 0) - (c < 0)) * g / D;
	steepness = w * (1 + fabs(c) * g) / D;
	da[r->index] += height;
	da[l->index] -= height;
	db[r->index] += steepness;
	db[l->index] -= steepness;
}

double kg_lines_log(
	int k, const double *a, const double *b, double *da, double *db, struct kg_lines_work *work)
{
	bool finite = true;
	double top = -INFINITY, sum = 0, total;
	int n;

	assert(k >= 1 && !da == !db);
	for (int i = 0; i < k; i++) {
		work[i] = (struct kg_lines_work){.a = a[i], .b = b[i], .index = i};
		finite &= isfinite(a[i]) && isfinite(b[i]);
	}
	for (int i = 0; da && i < k; i++)
		da[i] = db[i] = 0;
	if (!finite)
		return NAN;
	qsort(work, (size_t)k, sizeof(*work), compare);
	n = envelope(k, work);
	for (int j = 1; j < n; j++) {
		work[j].log_term = log(work[j].b - work[j - 1].b) + special_log_h(-fabs(work[j].cut), NULL);
		top = fmax(top, work[j].log_term);
	}
	if (top == -INFINITY)
		return -INFINITY;
	for (int j = 1; j < n; j++)
		sum += exp(work[j].log_term - top);
	total = top + log(sum);
	for (int j = 1; da && j < n; j++) {
		double w = exp(work[j].log_term - total);

		if (w > 0)
			add_slopes(&work[j - 1], &work[j], w, da, db);
	}
	return total;
}
