/* Thousands of seeded schedules of the engine, a profile of faults at a time.
 *
 *   sim_test [SCHEDULES [FIRST_SEED]]    default: 5,000 in all, seed 1
 *                                        (2,000 under a sanitizer)
 *
 * A failure names profile and seed; `sim_test 1 SEED` runs that seed through
 * every profile. A run of some length must also have met what its checks are
 * about. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "gp/linalg/blas.h"
#include "tests/sim/sim.h"

static const struct profile calm = {.name = "calm", .requests = 14};
static const struct profile network = {
	.name = "network", .lose = 0.15, .twice = 0.15, .hurry = 0.2, .requests = 14};
static const struct profile disk = {
	.name = "disk", .commit_fails = 0.15, .load_fails = 0.2, .requests = 14};
static const struct profile kills = {
	.name = "kills", .kills = 0.01, .client_dies = 0.02, .requests = 14};
static const struct profile clocks = {
	.name = "clocks", .clock_jumps = 0.03, .client_dies = 0.1, .hurry = 0.3, .requests = 14};
static const struct profile all = {.name = "all",
	.lose = 0.1,
	.twice = 0.1,
	.commit_fails = 0.05,
	.load_fails = 0.05,
	.kills = 0.004,
	.clock_jumps = 0.01,
	.client_dies = 0.05,
	.hurry = 0.2,
	.requests = 14};

static const struct profile memory = {.name = "memory",
	.starves = 0.04,
	.lose = 0.05,
	.commit_fails = 0.02,
	.load_fails = 0.02,
	.requests = 14};

enum { N_PROFILES = 7 };

#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || \
	__has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
static long schedules = 2000;
#else
static long schedules = 5000;
#endif
static uint64_t first_seed = 1;

static void hold(void **state)
{
	const struct profile *p = *state;
	long n = schedules < N_PROFILES ? schedules : schedules / N_PROFILES;
	for (long i = 0; i < n; i++) {
		const char *complaint = world_run(p, first_seed + (uint64_t)i);
		if (complaint)
			fail_msg("%s", complaint);
	}
	printf(
		"profile %s: %ld schedules from seed %llu\n", p->name, n, (unsigned long long)first_seed);
}

static void workload_meets_everything(void **state)
{
	(void)state;
	const struct met *m = &sim_met;
	const struct {
		const char *name;
		long n;
	} list[] = {{"leases that ran out", m->expired}, {"late results", m->late},
		{"foreign leases", m->stale}, {"computations cut", m->cut},
		{"studies read anew", m->reloads}, {"refusals for want of the disk", m->unavailable},
		{"spaces exhausted", m->exhausted}, {"warm fits", m->fits}, {"leases renewed", m->renewed},
		{"leases lost", m->lost_leases}, {"predictions", m->predicted}, {"models", m->models},
		{"paused studies undeleted", m->undeleted}, {"allocations that failed", m->starved},
		{"queued trials given out", m->queued_given}, {"partial points completed", m->completed},
		{"suggests with nobody else", m->alone}, {"trials that came back", m->returned},
		{"trials requeued", m->requeued}, {"trials given up", m->given_up},
		{"running attempts overtaken", m->overtaken}, {"stale results kept", m->kept},
		{"running trials released", m->released}, {"ended trials tried again", m->tried_again},
		{"trials cancelled", m->cancelled}, {"reports", m->reports},
		{"stops for cancelled", m->stops[STOP_CANCELLED]},
		{"stops for paused", m->stops[STOP_PAUSED]},
		{"stops for finished", m->stops[STOP_FINISHED]},
		{"stops for the budget", m->stops[STOP_BUDGET]}, {"values corrected", m->edited},
		{"exclusions", m->excluded}, {"trials deleted", m->removed},
		{"settings changed", m->settings}, {"ended by a rule", m->halted},
		{"changes of an old version", m->outdated}, {"suggests that waited", m->waited},
		{"waits in vain", m->waited_in_vain}, {"studies watched", m->watched},
		{"computations that nobody asked for", m->unasked},
		{"prepared suggestions given", m->prepared}, {"prepared computations joined", m->joined},
		{"prepared computations in vain", m->dropped}};
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		printf("%s: %ld\n", list[i].name, list[i].n);
		if (schedules >= 1000 && list[i].n == 0)
			fail_msg("%ld schedules met no %s", schedules, list[i].name);
	}
}

#define PROFILE(p)                                                        \
	{                                                                     \
		"schedules_hold_" #p, hold, NULL, NULL, (void *)(uintptr_t) & (p) \
	}

int main(int argc, char **argv)
{
	blas_init();
	if (argc > 1)
		schedules = strtol(argv[1], NULL, 10);
	if (argc > 2)
		first_seed = strtoull(argv[2], NULL, 10);
	const struct CMUnitTest tests[] = {PROFILE(calm), PROFILE(network), PROFILE(disk),
		PROFILE(kills), PROFILE(clocks), PROFILE(all), PROFILE(memory),
		cmocka_unit_test(workload_meets_everything)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
