/* What the files of the region share. */
#ifndef KR_ACQUISITION_REGION_INTERNAL_H
#define KR_ACQUISITION_REGION_INTERNAL_H

#include "acquisition/space/region.h"
#include "acquisition/space/simplex.h"

/* How a domain is made smaller. */
enum region__side {
	REGION__AT_MOST,  /* value (of choices: number) <= at */
	REGION__AT_LEAST, /* value >= at */
	REGION__ABOVE,    /* number > at; choices only */
	REGION__IN,       /* the comparison of leaf is true; choices only */
	REGION__OUT
};

struct region__cut {
	int param;
	enum region__side side;
	double at;
	const struct condition_node *leaf;
};

/* What a cut changed. */
struct region__change {
	int param, choice; /* choice -1: interval */
	double low, high;
};

/* A cut that was made, and the other one still to try. */
struct region__frame {
	int mark;
	struct region__cut other;
};

enum { REGION__DEPTH = 2048 };

struct region {
	const struct space *space;
	const struct space_rules *rules;
	int d;
	bool ruled;
	const double *fixed;
	const struct condition *require;
	unsigned char *ignored; /* rules */

	/* Domains: numbers of continuous parameters, levels of grids (both low <= high), choices
	 * that are left. */
	double *low, *high;
	unsigned char **choices; /* NULL unless the parameter has choices */
	int *n_choices;          /* left */
	unsigned char *active;   /* enum truth */
	struct region__change *changes;
	int n_changes, most_changes; /* no split beyond */
	struct region__frame *frames;
	int n_frames;
	long cost, work, spent; /* of judging everything once; left; of all questions */
	long terms;             /* of all rows */

	/* Points: d each. */
	double *wish, *point, *coords, *trial;

	/* The linear program: columns are parameters. */
	int *column, *param; /* by parameter, -1 for none; by column */
	int n_columns, most_columns;
	double *A, *b, *lower, *upper, *x;
	struct simplex_room *room;
	bool any_smooth; /* some rule is about a continuous parameter */
	bool roomy;      /* rows with continuous parameters must have slack */
	bool unsure;     /* a part was given up that may have points */
};

/* ---- region_domain.c ---------------------------------------------------------------- */

/* Has parameter i choices, in order or not? Is its domain one of levels? Else it is an interval. */
bool region__has_choices(const struct space *s, int i);
bool region__is_grid(const struct space *s, int i);

/* Make a domain smaller; false when nothing is left of it. */
bool region__apply(struct region *g, const struct region__cut *cut);

/* The domain becomes one value; false when it was not in it. */
bool region__pin(struct region *g, int i, double value);

/* Take changes back until there are `mark`. */
void region__undo(struct region *g, int mark);

/* Is the domain of parameter i a single value? */
bool region__single(const struct region *g, int i);

/* A value of the domain near a value: itself, else the nearest, of continuous domains a bit
 * inside, because conditions end there. */
double region__clamp(const struct region *g, int i, double value);

/* Least and largest number of the domain, for linear constraints. */
void region__numbers(const struct region *g, int i, double *low, double *high);

/* What is known of a comparison (condition_leaf; ctx: the region). */
enum truth region__leaf(void *ctx, const struct condition_node *leaf);

/* Two cuts that decide an open comparison whose parameter is active: the one the wish is in
 * first. */
void region__split(const struct region *g, const struct condition_node *leaf,
	struct region__cut *first, struct region__cut *other);

/* ---- region_linear.c ---------------------------------------------------------------- */

enum region__verdict { REGION__CONFLICT, REGION__OPEN, REGION__DONE };

/* Can any row not be obeyed in the domains? A parameter whose being there is open, and
 * matters to a row: *open, else -1. */
bool region__rows_conflict(struct region *g, int *open);

/* Everything but numbers is decided. DONE: g->coords is an allowed point; OPEN: two cuts. */
enum region__verdict region__solve(
	struct region *g, struct region__cut *first, struct region__cut *other);

/* ---- region.c ----------------------------------------------------------------------- */

/* g->coords <- coords of g->point (all values), and is the point there allowed? */
bool region__check(struct region *g);

/* Was parameter i given a value by region_fix? */
bool region__is_fixed(const struct region *g, int i);

/* Inactive coordinates to the middle, levels to their cells. */
void region__tidy(struct region *g, double *x);

#endif
