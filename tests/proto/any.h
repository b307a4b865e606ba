/* Random numbers, texts and parts of messages, for random_msg.c and random_record.c.
 * Everything lives in the arena; running out of it is fatal. */
#ifndef KR_TESTS_PROTO_ANY_H
#define KR_TESTS_PROTO_ANY_H

#include "base/arena.h"
#include "base/rng.h"
#include "proto/msg.h"

bool any_coin(struct rng *r);

/* 0 to n - 1. */
int any_below(struct rng *r, int n);

/* Numbers of every size, the extremes included. */
uint64_t any_u64(struct rng *r);
uint32_t any_u32(struct rng *r);
double any_finite(struct rng *r);

/* Also NaN and infinities. */
double any_real(struct rng *r);

double any_finite_or_nan(struct rng *r);

/* NaN or at least 0. */
double any_sem(struct rng *r);

/* n of them. */
const double *any_reals(struct arena *a, struct rng *r, int n, double (*any)(struct rng *r));

/* 16 bytes, none of them 0. */
void any_id(struct rng *r, uint8_t id[MSG_ID_BYTES]);

/* A name that no other index of the same list has. */
const char *any_name(struct arena *a, struct rng *r, int i);

/* NULL half of the time. */
const char *any_maybe_name(struct arena *a, struct rng *r);
const char *any_maybe_text(struct arena *a, struct rng *r);

const char *any_text(struct arena *a, struct rng *r);

/* n names. */
struct msg_texts any_texts(struct arena *a, struct rng *r, int n);

/* Of index i in a list where values must differ. */
struct msg_scalar any_scalar(struct arena *a, struct rng *r, int i);

const struct msg_named *any_named(struct arena *a, struct rng *r, int n);
struct msg_labels any_labels(struct arena *a, struct rng *r);

/* n values, the first maybe without a name. */
const struct msg_value *any_values(
	struct arena *a, struct rng *r, int n, double (*any)(struct rng *r));

/* As requests have it: without remaining_ms. */
struct msg_lease any_lease(struct rng *r, uint64_t number);

struct msg_stop_rules any_stop(struct rng *r);
struct msg_acquisition any_acquisition(struct arena *a, struct rng *r);
struct msg_why any_why(struct arena *a, struct rng *r);

struct msg_models any_models(struct arena *a, struct rng *r);

/* Valid in structure. */
struct msg_warm_start any_warm_start(struct arena *a, struct rng *r, int i);
struct msg_spec any_spec(struct arena *a, struct rng *r);

#endif
