#include "tests/acquisition/ruled.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- builders --------------------------------------------------------------- */

struct linear *ruled_row(
	struct arena *a, int n, const int *param, const double *coef, double bound, bool at_least)
{
	struct linear *l = ARENA_NEW(a, struct linear);
	struct linear_step *left = ARENA_ARRAY(a, struct linear_step, 4 * n);
	struct linear_step *right = ARENA_NEW(a, struct linear_step);
	double *signed_coef = ARENA_ARRAY(a, double, n);
	int k = 0;
	for (int t = 0; t < n; t++) {
		left[k++] = (struct linear_step){.op = LINEAR_NUMBER, .number = coef[t]};
		left[k++] = (struct linear_step){.op = LINEAR_PARAM, .param = param[t]};
		left[k++] = (struct linear_step){.op = LINEAR_MULTIPLY};
		if (t)
			left[k++] = (struct linear_step){.op = LINEAR_ADD};
		signed_coef[t] = at_least ? -coef[t] : coef[t];
	}
	*right = (struct linear_step){.op = LINEAR_NUMBER, .number = bound};
	*l = (struct linear){.left = {k, left},
		.right = {1, right},
		.at_least = at_least,
		.n = n,
		.param = arena_memdup(a, param, sizeof(int) * (size_t)n),
		.coef = signed_coef,
		.bound = at_least ? -bound : bound};
	return l;
}

static struct condition *leaf(struct arena *a, struct condition_node node)
{
	struct condition *c = ARENA_NEW(a, struct condition);
	c->n = 1;
	c->nodes = arena_memdup(a, &node, sizeof(node));
	return c;
}

struct condition *ruled_range(struct arena *a, int param, double low, double high)
{
	return leaf(a,
		(struct condition_node){.op = CONDITION_RANGE, .param = param, .low = low, .high = high});
}

struct condition *ruled_is(struct arena *a, int param, double value)
{
	return leaf(a,
		(struct condition_node){.op = CONDITION_SET,
			.param = param,
			.n = 1,
			.set = arena_memdup(a, &value, sizeof(value))});
}

/* ---- random rules ----------------------------------------------------------- */

static struct space_param random_param(struct ruled *u, struct rng *r, bool finite)
{
	struct space_param p = {0};
	int kind = (int)rng_below(r, finite ? 6 : 8);
	double *numbers = ARENA_ARRAY(u->arena, double, 8);
	switch (kind) {
	case 0: return (struct space_param){.kind = SPACE_CATEGORICAL, .n_choices = 2};
	case 1:
		return (struct space_param){
			.kind = SPACE_CATEGORICAL, .n_choices = (int)(1 + rng_below(r, 4))};
	case 2:
	case 3:
		p.kind = kind == 2 ? SPACE_ORDINAL : SPACE_FIXED;
		p.n_choices = kind == 2 ? (int)(1 + rng_below(r, 5)) : 1;
		for (int k = 0; k < p.n_choices; k++)
			numbers[k] = (rng_below(r, 200) - 60.0) / 10;
		p.numbers = numbers;
		return p;
	case 4:
		p.kind = SPACE_INT;
		p.low = 1 + rng_below(r, 3);
		p.high = p.low + 1 + rng_below(r, 5);
		p.log = rng_below(r, 3) == 0;
		return p;
	case 5:
		p.kind = SPACE_FLOAT;
		p.low = rng_below(r, 10) / 10.0;
		p.step = 0.1 * (1 + rng_below(r, 3));
		p.high = p.low + p.step * (1 + rng_below(r, 4)) + 0.01;
		return p;
	default:
		p.kind = SPACE_FLOAT;
		p.log = rng_below(r, 3) == 0;
		p.low = p.log ? 1e-3 : rng_below(r, 5) - 2.0;
		p.high = p.low + 1 + 3 * rng_uniform(r);
		return p;
	}
}

/* A value that parameter i may have, or one near. */
static double some_value(const struct space *plain, int i, struct rng *r)
{
	double u = rng_uniform(r);
	if (space_categorical(plain)[i])
		u = floor(u * space_levels(plain, i));
	return space_value(plain, i, u);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* Append a random tree; returns its node. below: parameters it may ask about. */
static int grow(struct ruled *u, const struct space *plain, struct rng *r,
	struct condition_node *nodes, int *n, const int *from, int below, int depth)
{
	int at = (*n)++, kind = (int)rng_below(r, depth > 0 ? 6 : 3);
	struct condition_node node = {.param = from[rng_below(r, (uint32_t)below)]};
	if (kind < 1) {
		double a = some_value(plain, node.param, r), b = some_value(plain, node.param, r);
		node.op = CONDITION_RANGE;
		node.low = rng_below(r, 2) ? -INFINITY : fmin(a, b);
		node.high = node.low == -INFINITY || rng_below(r, 2) ? fmax(a, b) : INFINITY;
		if (rng_below(r, 2))
			node.low = nextafter(node.low, INFINITY);
	} else if (kind < 3) {
		double *set = ARENA_ARRAY(u->arena, double, 3);
		node.op = CONDITION_SET;
		node.n = (int)(1 + rng_below(r, 3));
		node.outside = rng_below(r, 3) == 0;
		for (int k = 0; k < node.n; k++)
			set[k] = some_value(plain, node.param, r);
		qsort(set, (size_t)node.n, sizeof(*set), compare);
		node.set = set;
	} else {
		int children = kind == 5 ? 1 : (int)(1 + rng_below(r, 3)), before = 0;
		node.op = kind == 5 ? CONDITION_NOT : kind == 4 ? CONDITION_ANY : CONDITION_ALL;
		for (int k = 0; k < children; k++) {
			int child = grow(u, plain, r, nodes, n, from, below, depth - 1);
			if (k == 0)
				node.child = child;
			else
				nodes[before].next = child;
			before = child;
		}
	}
	nodes[at] = node;
	return at;
}

static const struct condition *random_condition(
	struct ruled *u, const struct space *plain, struct rng *r, const int *from, int below)
{
	struct condition *c = ARENA_NEW(u->arena, struct condition);
	struct condition_node *nodes = ARENA_ARRAY(u->arena, struct condition_node, 64);
	grow(u, plain, r, nodes, &c->n, from, below, 2);
	c->nodes = nodes;
	return c;
}

static const struct linear *random_row(struct ruled *u, const struct space *plain, struct rng *r)
{
	int param[RULED_DIMS], n = 0;
	double coef[RULED_DIMS], at = 0;
	for (int i = 0; i < u->d; i++) {
		bool number = u->params[i].kind == SPACE_INT || u->params[i].kind == SPACE_FLOAT ||
			u->params[i].numbers;
		if (!number || rng_below(r, 2))
			continue;
		param[n] = i;
		coef[n] = rng_below(r, 2) ? 1 : (rng_below(r, 41) - 20.5) / 10;
		at += coef[n] * space_number(plain, i, some_value(plain, i, r));
		n++;
	}
	if (rng_below(r, 8) == 0)
		at += 10 * rng_uniform(r) - 5;
	return n ? ruled_row(u->arena, n, param, coef, rng_below(r, 2) ? rint(10 * at) / 10 : at,
				   rng_below(r, 2))
			 : NULL;
}

struct ruled *ruled_new(struct rng *r, bool finite)
{
	struct ruled *u = calloc(1, sizeof(*u));
	int order[RULED_DIMS];
	u->arena = arena_new(1 << 20);
	u->d = (int)(1 + rng_below(r, finite ? 6 : RULED_DIMS));
	for (int i = 0; i < u->d; i++) {
		u->params[i] = random_param(u, r, finite);
		int j = (int)rng_below(r, (uint32_t)i + 1);
		order[i] = order[j];
		order[j] = i;
	}
	struct space *plain = cube_space(u->params, u->d);
	for (int k = 1; k < u->d; k++)
		if (rng_below(r, 5) < 2)
			u->when[order[k]] = random_condition(u, plain, r, order, k);
	u->rules.when = u->when;
	u->rules.forbidden = u->forbidden;
	u->rules.linear = u->linear;
	for (int k = (int)rng_below(r, 3); k > 0; k--)
		u->forbidden[u->rules.n_forbidden++] = random_condition(u, plain, r, order, u->d);
	for (int k = (int)rng_below(r, RULED_ROWS); k > 0; k--) {
		const struct linear *l = random_row(u, plain, r);
		if (l)
			u->linear[u->rules.n_linear++] = l;
	}
	space_free(plain);
	struct kr_error e = {0};
	if (space_new_ruled(&u->space, u->params, u->d, &u->rules, &e))
		fail_msg("%s", e.text);
	return u;
}

void ruled_free(struct ruled *u)
{
	space_free(u->space);
	arena_free(u->arena);
	free(u);
}

/* ---- what they mean --------------------------------------------------------- */

static bool means(const struct condition *c, int at, const double *values)
{
	struct condition_node x = c->nodes[at];
	double v = values[x.param];
	int yes = 0, all = 0;
	if (x.op == CONDITION_RANGE)
		return v >= x.low && v <= x.high; /* false for NaN */
	if (x.op == CONDITION_SET) {
		for (int k = 0; k < x.n; k++)
			yes += x.set[k] == v;
		return v == v && (yes > 0) != x.outside;
	}
	for (int i = x.child; i; i = c->nodes[i].next) {
		yes += means(c, i, values);
		all++;
	}
	return x.op == CONDITION_NOT ? !yes : x.op == CONDITION_ANY ? yes > 0 : yes == all;
}

/* As often as it takes: a chain of parents has at most d links. */
void ruled_close(const struct ruled *u, double *values)
{
	double full[RULED_DIMS];
	bool there[RULED_DIMS], settled[RULED_DIMS];
	memcpy(full, values, sizeof(double) * (size_t)u->d);
	for (int i = 0; i < u->d; i++)
		settled[i] = there[i] = !u->when[i];
	for (int round = 0; round < u->d; round++)
		for (int i = 0; i < u->d; i++) {
			bool ready = !settled[i];
			for (int k = 0; ready && k < u->when[i]->n; k++)
				if (u->when[i]->nodes[k].op >= CONDITION_RANGE)
					ready = settled[u->when[i]->nodes[k].param];
			if (!ready)
				continue;
			for (int j = 0; j < u->d; j++)
				values[j] = settled[j] && there[j] ? full[j] : NAN;
			there[i] = means(u->when[i], 0, values);
			settled[i] = true;
		}
	for (int j = 0; j < u->d; j++)
		values[j] = there[j] ? full[j] : NAN;
}

bool ruled_allows(const struct ruled *u, const double *values)
{
	for (int k = 0; k < u->rules.n_forbidden; k++)
		if (means(u->forbidden[k], 0, values))
			return false;
	for (int k = 0; k < u->rules.n_linear; k++) {
		const struct linear *l = u->linear[k];
		double sign = l->at_least ? -1 : 1, plain = 0;
		__float128 sum = 0;
		for (int t = 0; t < l->n; t++) {
			double v = values[l->param[t]];
			const double *numbers = u->params[l->param[t]].numbers;
			v = isnan(v) ? 0 : numbers ? numbers[(int)v] : v;
			sum += (__float128)(sign * l->coef[t]) * v;
			plain = t ? plain + sign * l->coef[t] * v : sign * l->coef[t] * v;
		}
		double bound = sign * l->bound;
		if (l->at_least ? plain < bound || sum < bound : plain > bound || sum > bound)
			return false;
	}
	return true;
}
