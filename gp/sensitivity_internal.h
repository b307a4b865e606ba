/* What the ways to Sobol' indices share. */
#ifndef KR_GP_SENSITIVITY_INTERNAL_H
#define KR_GP_SENSITIVITY_INTERNAL_H

#include <stdbool.h>

#include "gp/sensitivity.h"

/* Errors: KR_INVALID_ARGUMENT when a column's ends (d each) are no interval. */
enum kr_status sensitivity__check_box(
	int d, const double *lower, const double *upper, struct kr_error *err);

/* s <- zeros in the arena, with pairs or without. Errors: KR_ENOMEM. */
enum kr_status sensitivity__make(
	struct sensitivity *s, int d, bool pairs, struct arena *a, struct kr_error *err);

/* first and total <- parts of the variance; what rounding makes of a constant function, whose
 * values are up to size, is none. */
void sensitivity__normalize(struct sensitivity *s, int d, double size);

#endif
