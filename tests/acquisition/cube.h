/* Helpers of the acquisition tests: cmocka with what it needs, and random spaces. */
#ifndef KR_TESTS_ACQUISITION_CUBE_H
#define KR_TESTS_ACQUISITION_CUBE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "acquisition/space/space.h"
#include "base/rng.h"

/* A parameter of any kind with bounds of any size. */
struct space_param cube_param(struct rng *r);

/* A space of d continuous parameters [0, 1]. The caller frees. */
struct space *cube_floats(int d);

/* space_new that must succeed. */
struct space *cube_space(const struct space_param *params, int d);

/* A uniform allowed point (values). */
void cube_draw(const struct space *s, struct rng *r, double *values);

#endif
