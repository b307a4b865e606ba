/* A group of rows that become durable together, and the replies that wait for
 * it. What they point to lives in the group's arena. */
#ifndef KR_DAEMON_ENGINE_GROUP_H
#define KR_DAEMON_ENGINE_GROUP_H

#include "base/arena.h"
#include "base/status.h"
#include "daemon/engine/event.h"
#include "daemon/engine/row.h"

/* A reply that waits. study: whose rows it reflects; 0: of all studies. */
struct held {
	struct route route; /* its header has the flags of the reply */
	uint64_t study;
	const uint8_t *body;
	size_t len;
};

struct group {
	uint64_t id;
	struct arena *arena;
	struct row *rows;
	size_t n_rows, cap_rows;
	struct held *held;
	size_t n_held, cap_held;
};

/* Errors: KR_ENOMEM. */
enum kr_status group_new(struct group **out, struct kr_error *err);
void group_free(struct group *g);

/* Room for so many more rows and replies. Errors: KR_ENOMEM; KR_OVERLOADED when the group is
 * as large as groups may be. */
enum kr_status group_reserve(struct group *g, size_t rows, size_t held, struct kr_error *err);

/* The room has been reserved; row and body live in g's arena (or for ever). */
void group_add_row(struct group *g, const struct row *row);
void group_hold(struct group *g, const struct held *held);

/* Empty, under a new id. */
void group_clear(struct group *g, uint64_t id);

#endif
