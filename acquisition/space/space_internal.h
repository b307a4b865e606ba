/* One parameter of a search space, prepared: what the files of the space share. */
#ifndef KR_ACQUISITION_SPACE_INTERNAL_H
#define KR_ACQUISITION_SPACE_INTERNAL_H

#include "acquisition/space/space.h"

/* On a grid, level k has the value (first + k step) / divisor. */
struct space_axis {
	struct space_param p;
	double levels;                     /* INFINITY when continuous */
	double first, step, divisor, last; /* last: no value is above */
	bool log;
	double lo, span; /* coord = (scale(value) - lo) / span, scale = ln or identity */
};

/* Errors: KR_INVALID_ARGUMENT with the field, as params[i] of space_new. */
enum kr_status space__axis_init(
	struct space_axis *a, const struct space_param *p, int i, struct kr_error *err);

/* KR_INVALID_ARGUMENT: "params[i].member is value; remedy". */
enum kr_status space__axis_refuse(
	struct kr_error *err, int i, const char *member, double value, const char *remedy);

/* space_check of one parameter. */
enum kr_status space__axis_check(const struct space_axis *a, double value, struct kr_error *err);

/* On a grid: the nearest level of a value, and back. */
double space__axis_level(const struct space_axis *a, double value);
double space__axis_level_value(const struct space_axis *a, double k);

/* On a grid: the coord of a level, and the level whose cell holds a coord (of NaN the first). */
double space__axis_level_coord(const struct space_axis *a, double k);
double space__axis_coord_level(const struct space_axis *a, double c);

/* The coord of a value, that of an inactive parameter for NaN, and back. */
double space__axis_coord(const struct space_axis *a, double value);
double space__axis_value(const struct space_axis *a, double c);

/* What tells two values apart; all NaN are one. */
double space__axis_identity(const struct space_axis *a, double value);

#endif
