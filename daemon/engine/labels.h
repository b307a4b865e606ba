/* Labels of studies and trials: named values that the engine keeps and shows and
 * never looks into. A list is kept whole; a change of it keeps a new list, so that
 * what an answer has shown stays. */
#ifndef KR_DAEMON_ENGINE_LABELS_H
#define KR_DAEMON_ENGINE_LABELS_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/status.h"
#include "daemon/engine/text.h"
#include "proto/msg.h"

/* What labels_keep may take of a study's pool and texts. */
size_t labels_size(const struct msg_labels *l);
size_t labels_text_size(const struct msg_labels *l);

/* A copy that lives as long as pool and text. The room has been reserved. */
struct msg_labels labels_keep(struct pool *pool, struct text *text, const struct msg_labels *l);

/* A copy in an arena. Errors: KR_ENOMEM. */
enum kr_status labels_copy(
	struct arena *a, struct msg_labels *out, const struct msg_labels *l, struct kr_error *err);

/* `old` without the names of `remove`, then with those of `set` put or replaced; in the arena,
 * strings borrowed. *changed: does it differ from old? A name to remove that is not there is no
 * error. Errors: KR_ENOMEM, KR_INVALID_ARGUMENT (field "labels", as labels_check). */
enum kr_status labels_merge(struct msg_labels *out, bool *changed, const struct msg_labels *old,
	const struct msg_labels *set, const struct msg_texts *remove, struct arena *a,
	struct kr_error *err);

/* At most LIMIT_LABELS, and LIMIT_LABELS_BYTES of names and texts? field: of the request.
 * Errors: KR_INVALID_ARGUMENT. */
enum kr_status labels_check(const struct msg_labels *l, const char *field, struct kr_error *err);

/* Is there a label of that name with the same value? */
bool labels_has(const struct msg_labels *l, const struct msg_named *label);

/* The same names and values, in any order; names are given once in each. */
bool labels_equal(const struct msg_labels *a, const struct msg_labels *b);

#endif
