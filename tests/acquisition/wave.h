/* Helpers of the tests of acquisitions that see a model: a small model of a wavy function, random
 * points, and what every evaluation must hold: gradients are differences, rows do not mix, and no
 * memory is an error. */
#ifndef KR_TESTS_ACQUISITION_WAVE_H
#define KR_TESTS_ACQUISITION_WAVE_H

#include "gp/model.h"

enum { WAVE_N = 14, WAVE_D = 3, WAVE_CAP = 20 };
#define WAVE_NOISE 1e-3

/* The eval of a struct ascend_function. */
typedef enum kr_status wave_eval(void *ctx, struct mat X, double *value, struct mat D,
	struct arena *scratch, struct kr_error *err);

struct arena *wave_arena(void);

/* All columns numeric, theta fixed. More than one outcome column: fantasies at a further point.
 * The caller frees. */
struct gp *wave_model(int columns, struct arena *a);

/* The same with a categorical last column of three choices. */
struct gp *wave_mixed_model(struct arena *a);

/* All columns numeric, seen through a warp. */
struct gp *wave_warped_model(struct arena *a);

/* rows random points of WAVE_D columns in p. */
struct mat wave_points(double *p, int rows, uint32_t index);

/* The gradient at random rows of this width against central differences, relative to the largest
 * slope; a row has the same value alone; the scratch is released. */
void wave_check_gradient(wave_eval *eval, void *ctx, int width, double tolerance, struct arena *a);

/* The n-th allocation fails, for every n: KR_ENOMEM. */
void wave_check_faults(wave_eval *eval, void *ctx, int width);

#endif
