/* The values of krige.h <-> those of the wire. For this folder. */
#ifndef KR_CLIENT_C_VALUE_H
#define KR_CLIENT_C_VALUE_H

#include "base/arena.h"
#include "client/c/krige.h"
#include "proto/msg.h"

/* Texts are borrowed. Errors: INVALID_ARGUMENT at `field` (a type that is none, no text). */
enum krige_status value_write(struct msg_scalar *out, const struct krige_value *v,
	const char *field, struct krige_error *err);
struct krige_value value_read(const struct msg_scalar *s);

/* Lists into the arena; texts are borrowed. field: what the list is called.
 * Errors: INVALID_ARGUMENT (a name that is missing), NO_MEMORY. */
enum krige_status value_write_named(struct arena *a, const char *field,
	const struct krige_named *named, size_t n, int *n_out, const struct msg_named **out,
	struct krige_error *err);
enum krige_status value_write_metrics(struct arena *a, const struct krige_metric *metrics, size_t n,
	int *n_out, const struct msg_value **out, struct krige_error *err);

/* The same values with all texts copied into the arena; NULL when memory runs out. */
const struct krige_named *value_copy_named(
	struct arena *a, const struct krige_named *named, size_t n);
const struct krige_metric *value_copy_metrics(
	struct arena *a, const struct krige_metric *metrics, size_t n);

/* s in the arena, NULL for NULL; false when memory runs out. */
bool value_copy_text(struct arena *a, const char *s, const char **out);

#endif
