/* Random messages that are valid and in the form that decoding gives: what was
 * left out has its default, names in a list differ. Everything lives in the
 * arena; running out of it is fatal. */
#ifndef KR_TESTS_PROTO_RANDOM_MSG_H
#define KR_TESTS_PROTO_RANDOM_MSG_H

#include "base/arena.h"
#include "base/rng.h"
#include "proto/msg.h"
#include "proto/record.h"

struct msg_request random_request(struct arena *a, struct rng *r, enum method method);
struct msg_reply random_reply(struct arena *a, struct rng *r, enum method method);
struct record random_record(struct arena *a, struct rng *r, enum record_kind kind);

/* Every method, and how many. */
extern const enum method random_methods[];
extern const int random_n_methods;

#endif
