/* Twice the precision: a number is an unevaluated sum hi + lo of two doubles. Error-free sums
 * and products: Knuth 1997, 4.2.2 theorem B; Dekker 1971, the product by fma. */
#include "acquisition/space/linear.h"

#include <assert.h>
#include <math.h>

struct twice {
	double hi, lo;
};

static struct twice sum(double a, double b)
{
	double s = a + b, t = s - a;
	return (struct twice){s, (a - (s - t)) + (b - t)};
}

static struct twice add(struct twice a, struct twice b)
{
	struct twice s = sum(a.hi, b.hi), t = sum(a.lo, b.lo);
	s = sum(s.hi, s.lo + t.hi);
	return sum(s.hi, s.lo + t.lo);
}

static struct twice negate(struct twice a)
{
	return (struct twice){-a.hi, -a.lo};
}

static struct twice multiply(struct twice a, struct twice b)
{
	double p = a.hi * b.hi, e = fma(a.hi, b.hi, -p);
	return sum(p, e + (a.hi * b.lo + a.lo * b.hi));
}

/* Two steps of long division. */
static struct twice divide(struct twice a, struct twice b)
{
	double q = a.hi / b.hi;
	struct twice rest = add(a, negate(multiply(b, (struct twice){q, 0})));
	return sum(q, rest.hi / b.hi);
}

/* a - b > 0 exactly. */
static bool above(struct twice a, struct twice b)
{
	struct twice d = add(a, negate(b));
	return d.hi > 0 || (d.hi == 0 && d.lo > 0);
}

static struct twice side_twice(
	const struct linear_side *side, linear_number *number, const void *ctx)
{
	struct twice stack[LINEAR_STACK] = {0};
	int n = 0;
	for (int i = 0; i < side->n; i++) {
		const struct linear_step *s = &side->steps[i];
		assert(n < LINEAR_STACK);
		switch (s->op) {
		case LINEAR_NUMBER: stack[n++] = (struct twice){s->number, 0}; continue;
		case LINEAR_PARAM: stack[n++] = (struct twice){number(ctx, s->param), 0}; continue;
		case LINEAR_NEGATE: stack[n - 1] = negate(stack[n - 1]); continue;
		default: n--; break;
		}
		struct twice a = stack[n - 1], b = stack[n];
		stack[n - 1] = s->op == LINEAR_ADD ? add(a, b)
			: s->op == LINEAR_SUBTRACT     ? add(a, negate(b))
			: s->op == LINEAR_MULTIPLY     ? multiply(a, b)
										   : divide(a, b);
	}
	return stack[0];
}

static double side_value(const struct linear_side *side, linear_number *number, const void *ctx)
{
	double stack[LINEAR_STACK] = {0};
	int n = 0;
	for (int i = 0; i < side->n; i++) {
		const struct linear_step *s = &side->steps[i];
		assert(n < LINEAR_STACK);
		switch (s->op) {
		case LINEAR_NUMBER: stack[n++] = s->number; continue;
		case LINEAR_PARAM: stack[n++] = number(ctx, s->param); continue;
		case LINEAR_NEGATE: stack[n - 1] = -stack[n - 1]; continue;
		case LINEAR_ADD: stack[n - 2] += stack[n - 1]; break;
		case LINEAR_SUBTRACT: stack[n - 2] -= stack[n - 1]; break;
		case LINEAR_MULTIPLY: stack[n - 2] *= stack[n - 1]; break;
		case LINEAR_DIVIDE: stack[n - 2] /= stack[n - 1]; break;
		}
		n--;
	}
	return stack[0];
}

/* Far more than rounding does to thousands of terms. */
static const double far_off = 1e-9;

bool linear_holds(const struct linear *l, linear_number *number, const void *ctx)
{
	double slack = l->bound, size = l->size;
	for (int t = 0; l->simple && t < l->n; t++) {
		double term = l->coef[t] * number(ctx, l->param[t]);
		slack -= term;
		size += fabs(term);
	}
	if (l->simple && fabs(slack) > far_off * size)
		return slack > 0;
	double left = side_value(&l->left, number, ctx);
	double right = side_value(&l->right, number, ctx);
	if (!(l->at_least ? left >= right : left <= right))
		return false;
	struct twice a = side_twice(&l->left, number, ctx), b = side_twice(&l->right, number, ctx);
	return l->at_least ? !above(b, a) : !above(a, b);
}
