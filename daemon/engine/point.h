/* Points of a study: named values of the wire <-> d doubles in the order of the
 * parameters (the number, the index of the choice, 0 or 1 of a bool; NaN for a parameter that
 * is not there because its condition does not hold). */
#ifndef KR_DAEMON_ENGINE_POINT_H
#define KR_DAEMON_ENGINE_POINT_H

#include "base/arena.h"
#include "base/status.h"
#include "daemon/engine/definition.h"
#include "proto/msg.h"

/* Named values to values, NaN where none is named. field: what the list is called in the
 * request ("fixed"). FLOAT takes ints and reals, INT ints and reals of integral value, the
 * others one of their choices, told apart by type and value.
 * Errors: KR_INVALID_ARGUMENT with the field "fixed.<name>": unknown, given twice, wrong type,
 * not allowed, not there with the other values given; or "fixed" when no point with these
 * values is allowed; KR_ENOMEM. values (d) may be partly written then. */
enum kr_status point_read(const struct definition *def, const char *field, int n,
	const struct msg_named *named, double *values, struct kr_error *err);

/* The same, and every parameter that is there must be given (but fixed ones, which are filled
 * in), and the point be allowed. */
enum kr_status point_read_full(const struct definition *def, const char *field, int n,
	const struct msg_named *named, double *values, struct kr_error *err);

/* Has the point every value that it needs? NaN: there is none. */
bool point_whole(const struct definition *def, const double *values);

/* Those of d values that are there to *n named values in the arena; NULL when memory runs out. */
const struct msg_named *point_write(
	const struct definition *def, const double *values, int *n, struct arena *a);

#endif
