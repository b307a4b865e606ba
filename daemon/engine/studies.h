/* Every study, by id and by name. Names are unique among the studies that are
 * not deleted. */
#ifndef KR_DAEMON_ENGINE_STUDIES_H
#define KR_DAEMON_ENGINE_STUDIES_H

#include "daemon/engine/study.h"

/* All zero is empty. */
struct studies {
	struct study **by_id;   /* NULL: no such study */
	size_t n_ids, cap_ids;  /* ids below n_ids were used; 0 never is */
	struct study **buckets; /* by name */
	size_t n, n_buckets;
};

void studies_fini(struct studies *all); /* frees the studies too */

/* Room for a study of this id. Errors: KR_ENOMEM. */
enum kr_status studies_reserve(struct studies *all, uint64_t id, struct kr_error *err);

/* The room has been reserved, the id is free. */
void studies_add(struct studies *all, struct study *s);
void studies_remove(struct studies *all, struct study *s);

/* `fresh` takes the place (id, name) of `old`. */
void studies_replace(struct studies *all, struct study *old, struct study *fresh);

/* NULL when there is none. */
struct study *studies_at(const struct studies *all, uint64_t id);

/* Studies of a name, deleted ones too: start with NULL, go on with the last answer; by no
 * particular order of ids. NULL at the end. */
struct study *studies_named(const struct studies *all, const char *name, const struct study *after);

/* An id that must not be used again. Errors: as studies_reserve. */
enum kr_status studies_skip(struct studies *all, uint64_t id, struct kr_error *err);

/* The next id. */
uint64_t studies_next_id(const struct studies *all);

#endif
