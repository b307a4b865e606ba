#include "acquisition/space/condition.h"

#include <math.h>
#include <stddef.h>

int condition_place(const struct condition_node *leaf, double value)
{
	int low = 0, high = leaf->n;
	while (low < high) {
		int mid = low + (high - low) / 2;
		if (leaf->set[mid] < value)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static bool in_set(const struct condition_node *leaf, double value)
{
	int at = condition_place(leaf, value);
	return at < leaf->n && leaf->set[at] == value;
}

bool condition_compare(const struct condition_node *leaf, double value)
{
	if (isnan(value))
		return false;
	if (leaf->op == CONDITION_RANGE)
		return value >= leaf->low && value <= leaf->high;
	return in_set(leaf, value) != leaf->outside;
}

static bool holds(const struct condition *c, int at, const double *values)
{
	const struct condition_node *node = &c->nodes[at];
	if (node->op == CONDITION_RANGE || node->op == CONDITION_SET)
		return condition_compare(node, values[node->param]);
	if (node->op == CONDITION_NOT)
		return !holds(c, node->child, values);
	bool any = node->op == CONDITION_ANY;
	for (int i = node->child; i; i = c->nodes[i].next)
		if (holds(c, i, values) == any)
			return any;
	return !any;
}

bool condition_holds(const struct condition *c, const double *values)
{
	return holds(c, 0, values);
}

static enum truth negated(enum truth t)
{
	return t == TRUTH_MAYBE ? TRUTH_MAYBE : t == TRUTH_YES ? TRUTH_NO : TRUTH_YES;
}

static enum truth judge(const struct condition *c, int at, condition_leaf *leaf, void *ctx)
{
	const struct condition_node *node = &c->nodes[at];
	if (node->op == CONDITION_RANGE || node->op == CONDITION_SET)
		return leaf(ctx, node);
	if (node->op == CONDITION_NOT)
		return negated(judge(c, node->child, leaf, ctx));
	enum truth decides = node->op == CONDITION_ANY ? TRUTH_YES : TRUTH_NO;
	enum truth sum = negated(decides);
	for (int i = node->child; i; i = c->nodes[i].next) {
		enum truth t = judge(c, i, leaf, ctx);
		if (t == decides)
			return t;
		if (t == TRUTH_MAYBE)
			sum = TRUTH_MAYBE;
	}
	return sum;
}

enum truth condition_judge(const struct condition *c, condition_leaf *leaf, void *ctx)
{
	return judge(c, 0, leaf, ctx);
}

static int count_open(const struct condition *c, int at, condition_leaf *leaf, void *ctx)
{
	int n = 0;
	if (judge(c, at, leaf, ctx) != TRUTH_MAYBE)
		return 0;
	if (c->nodes[at].op == CONDITION_RANGE || c->nodes[at].op == CONDITION_SET)
		return 1;
	for (int i = c->nodes[at].child; i; i = c->nodes[i].next)
		n += count_open(c, i, leaf, ctx);
	return n;
}

int condition_count_open(const struct condition *c, condition_leaf *leaf, void *ctx)
{
	return count_open(c, 0, leaf, ctx);
}

const struct condition_node *condition_open(
	const struct condition *c, condition_leaf *leaf, void *ctx)
{
	int at = 0;
	if (judge(c, 0, leaf, ctx) != TRUTH_MAYBE)
		return NULL;
	while (c->nodes[at].op != CONDITION_RANGE && c->nodes[at].op != CONDITION_SET) {
		at = c->nodes[at].child;
		while (judge(c, at, leaf, ctx) != TRUTH_MAYBE)
			at = c->nodes[at].next;
	}
	return &c->nodes[at];
}
