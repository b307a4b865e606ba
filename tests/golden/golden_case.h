/* One golden case: its answers so far, and how it is run and judged. For the runner;
 * the kinds use golden.h. */
#ifndef KR_TESTS_GOLDEN_CASE_H
#define KR_TESTS_GOLDEN_CASE_H

#include "tests/golden/golden.h"

enum { GOLDEN_MAX_KEYS = 64 };

struct golden_case {
	const char *name;
	const cJSON *expected, *tol;
	struct arena *arena;
	char keys[GOLDEN_MAX_KEYS][160]; /* expected ones */
	bool answered[GOLDEN_MAX_KEYS];
	int n_keys, n_complaints;
	char unknown[96];
};

enum golden_outcome { GOLDEN_PASSED, GOLDEN_FAILED, GOLDEN_NOT_KNOWN };

/* Run the case with its kind (NULL: there is none) and print what is wrong. name is
 * what people see. */
enum golden_outcome golden_case_run(
	const cJSON *json, const struct golden_kind *kind, const char *name);

const char *golden_case_kind(const cJSON *json);

#endif
