/* What tests of the CLI's parts work with, as a group's setup and teardown. */
#ifndef TESTS_CLIENT_FIXTURE_H
#define TESTS_CLIENT_FIXTURE_H

#include "base/arena.h"
#include "base/rng.h"

extern struct arena *arena; /* lives as long as the group */
extern struct rng rng;      /* its seed is printed */

/* Also: a locale with wide characters. */
int fixture_new(void **state);
int fixture_free(void **state);

#endif
