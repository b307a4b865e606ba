/* Thousands of seeded schedules of the engine, a profile of faults at a time.
 *
 *   sim_test [SCHEDULES [FIRST_SEED]]    default: 12,000 in all, seed 1
 *
 * A failure names profile and seed; `sim_test 1 SEED` runs that seed through
 * every profile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/sim/sim.h"

static const struct profile calm = {.name = "calm", .requests = 14};
static const struct profile network = {.name = "network", .lose = 0.15, .twice = 0.15,
	.hurry = 0.2, .requests = 14};
static const struct profile disk = {.name = "disk", .commit_fails = 0.15, .load_fails = 0.2,
	.requests = 14};
static const struct profile kills = {.name = "kills", .kills = 0.01, .client_dies = 0.02,
	.requests = 14};
static const struct profile clocks = {.name = "clocks", .clock_jumps = 0.03, .client_dies = 0.1,
	.hurry = 0.3, .requests = 14};
static const struct profile all = {.name = "all", .lose = 0.1, .twice = 0.1, .commit_fails = 0.05,
	.load_fails = 0.05, .kills = 0.004, .clock_jumps = 0.01, .client_dies = 0.05, .hurry = 0.2,
	.requests = 14};

static long schedules = 12000;
static uint64_t first_seed = 1;

static void hold(void **state)
{
	const struct profile *p = *state;
	long n = schedules < 6 ? schedules : schedules / 6;
	for (long i = 0; i < n; i++) {
		const char *complaint = world_run(p, first_seed + (uint64_t)i);
		if (complaint)
			fail_msg("%s", complaint);
	}
	printf("profile %s: %ld schedules from seed %llu\n", p->name, n,
		(unsigned long long)first_seed);
}

#define PROFILE(p) {"schedules_hold_" #p, hold, NULL, NULL, (void *)(uintptr_t)&(p)}

int main(int argc, char **argv)
{
	if (argc > 1)
		schedules = strtol(argv[1], NULL, 10);
	if (argc > 2)
		first_seed = strtoull(argv[2], NULL, 10);
	const struct CMUnitTest tests[] = {PROFILE(calm), PROFILE(network), PROFILE(disk),
		PROFILE(kills), PROFILE(clocks), PROFILE(all)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
