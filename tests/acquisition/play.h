/* A study played against the policy: what was told so far, and how it is asked. */
#ifndef KR_TESTS_ACQUISITION_PLAY_H
#define KR_TESTS_ACQUISITION_PLAY_H

#include "acquisition/policy/policy.h"
#include "tests/acquisition/cube.h"

enum { PLAY_CONSTRAINTS = 4 };

enum { PLAY_STATE = 8 * (SPACE_MAX_DIMS + 8) };

struct play {
	struct space *space; /* owned */
	int d, cap;
	uint64_t seed, next; /* next: trial number */
	bool minimize;
	bool has_noise_sd;
	double noise_sd;
	int n, n_constraints, n_pending, n_failed, n_infeasible, n_taken, n_state;
	double *X, *y, *sem; /* sem: NaN where nothing else was set */
	struct policy_constraint constraints[PLAY_CONSTRAINTS];
	double *c[PLAY_CONSTRAINTS], *c_sem[PLAY_CONSTRAINTS];
	const struct belief *belief; /* borrowed, as the sources */
	int n_sources;
	const struct policy_source *sources;
	double *pending, *failed, *infeasible, *taken, *state;
	int units; /* of the last question */
	struct policy_suggestion last;
};

/* Takes the space; room for cap points of each sort. */
struct play *play_new(struct space *space, int cap, uint64_t seed);
void play_free(struct play *p);

/* The input of a job with these slots; borrows p. */
struct policy_input play_input(struct play *p, const struct policy_slot *slots, int n);

/* All units of a job. */
struct policy *play_run(const struct policy_input *in);

/* One suggestion: values (d), its rule; keeps the state, checks that the point is allowed. */
enum policy_rule play_ask(struct play *p, double *values);
void play_tell(struct play *p, const double *values, double y);
/* With the values of the constraints. */
void play_tell_all(struct play *p, const double *values, double y, const double *c);

/* One more constraint, before anything is told. */
void play_constrain(struct play *p, double lower, double upper);

void play_pend(struct play *p, const double *values);
void play_fail(struct play *p, const double *values);
void play_rule_out(struct play *p, const double *values);
void play_take(struct play *p, const double *values);

#endif
