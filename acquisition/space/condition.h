/* Conditions on the values of a point: when a parameter is there, what is forbidden.
 *
 * A condition is a tree of ALL, ANY and NOT over comparisons, flat in one array. A
 * comparison is about the value of one parameter (a number, or the index of its choice): is
 * it in an interval, in a set, or outside a set. A parameter that is not there has the value
 * NaN, and every comparison with it is false, also "outside". There are no names and no
 * types here: who compiles a text has dealt with them.
 *
 * Plain values, immutable, thread-safe. */
#ifndef KR_ACQUISITION_CONDITION_H
#define KR_ACQUISITION_CONDITION_H

#include <stdbool.h>

enum condition_op { CONDITION_ALL, CONDITION_ANY, CONDITION_NOT, CONDITION_RANGE, CONDITION_SET };

/* Trees are walked by recursion; who makes one keeps to this depth. */
#define CONDITION_DEPTH 64

struct condition_node {
	enum condition_op op;
	int child, next;   /* ALL, ANY, NOT: first child; next sibling; 0: none */
	int param;         /* RANGE, SET */
	double low, high;  /* RANGE: low <= value <= high */
	int n;             /* SET */
	const double *set; /* SET: n values, ascending */
	bool outside;      /* SET: not one of them */
};

/* The root is node 0. */
struct condition {
	int n;
	const struct condition_node *nodes;
};

enum truth { TRUTH_NO, TRUTH_YES, TRUTH_MAYBE };

/* Does it hold at values? */
bool condition_holds(const struct condition *c, const double *values);

/* The comparison of one node at one value. */
bool condition_compare(const struct condition_node *leaf, double value);

/* The place of the first element of a SET that is at least the value; n: there is none. Cost ln n. */
int condition_place(const struct condition_node *leaf, double value);

/* What is known of a comparison when values are not. */
typedef enum truth condition_leaf(void *ctx, const struct condition_node *leaf);

/* The same of the whole: MAYBE when the comparisons leave it open (also where only their
 * combination would decide). */
enum truth condition_judge(const struct condition *c, condition_leaf *leaf, void *ctx);

/* How many comparisons are open that may decide it; 0 when it is decided. */
int condition_count_open(const struct condition *c, condition_leaf *leaf, void *ctx);

/* The first of them; NULL when it is decided. */
const struct condition_node *condition_open(
	const struct condition *c, condition_leaf *leaf, void *ctx);

#endif
