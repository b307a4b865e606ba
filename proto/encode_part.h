/* Parts that several messages share, from plain structs to generated ones. Only
 * for the files of proto/.
 *
 * Everything is built in an arena; NULL means that it gave no memory. Text and
 * numbers are borrowed from the plain struct, not copied. */
#ifndef KR_PROTO_ENCODE_PART_H
#define KR_PROTO_ENCODE_PART_H

#include "base/arena.h"
#include "base/status.h"
#include "proto/bytes.h"
#include "proto/kriged.pb-c.h"
#include "proto/msg.h"

/* A generated message in the arena, initialized: NEW(a, Kriged__Trial, KRIGED__TRIAL__INIT). */
#define NEW(a, type, init) ((type *)arena_memdup((a), &(const type)init, sizeof(type)))

/* Set an optional field that has the presence flag has_<field>. */
#define SET(pb, field, x) ((pb)->has_##field = true, (pb)->field = (x))
#define SET_IF(pb, field, has, x) \
	do {                          \
		if (has)                  \
			SET(pb, field, x);    \
	} while (0)
#define SET_TEXT(pb, field, s) SET_IF(pb, field, (s) != NULL, encode_part__text(s))
#define SET_ACQUISITION(pb, m)                                     \
	do {                                                           \
		SET_TEXT(pb, acquisition, (m)->name);                      \
		SET_IF(pb, acquisition_level, (m)->has_level, (m)->level); \
		SET_IF(pb, acquisition_beta, (m)->has_beta, (m)->beta);    \
	} while (0)

/* s may be NULL. */
ProtobufCBinaryData encode_part__text(const char *s);
ProtobufCBinaryData encode_part__id(const uint8_t id[MSG_ID_BYTES]);

/* n elements of size bytes, each made by make. A valid pointer also for none. */
typedef void *encode_part__maker(struct arena *a, const void *item);
void *encode_part__list(struct arena *a, size_t *n_out, int n, const void *items, size_t size,
	encode_part__maker *make);

/* LIST(a, pb, field, n, items, make): pb->field and pb->n_field; false without memory. */
#define LIST(a, pb, field, n, items, make) \
	(((pb)->field = encode_part__list(     \
		  (a), &(pb)->n_##field, (n), (items), sizeof(*(items)), (make))) != NULL)

/* TEXTS(a, pb, field, m): the same of a struct msg_texts. */
#define TEXTS(a, pb, field, m) \
	(((pb)->field = encode_part__texts((a), &(pb)->n_##field, (m))) != NULL)
ProtobufCBinaryData *encode_part__texts(struct arena *a, size_t *n_out, const struct msg_texts *m);

/* A scalar of kind 0 has no value. */
Kriged__Scalar *encode_part__scalar(struct arena *a, const struct msg_scalar *m);
encode_part__maker encode_part__scalar_item; /* struct msg_scalar -> Kriged__Scalar */
encode_part__maker encode_part__named;       /* struct msg_named -> Kriged__NamedScalar */
encode_part__maker encode_part__value;       /* struct msg_value -> Kriged__MetricValue */
encode_part__maker encode_part__lease;       /* struct msg_lease -> Kriged__Lease */
encode_part__maker encode_part__point;       /* struct msg_point -> Kriged__Point */

/* Fields that are absent or 0 by their flags are left out. */
Kriged__StudySpec *encode_part__spec(struct arena *a, const struct msg_spec *m);
Kriged__StopRules *encode_part__stop(struct arena *a, const struct msg_stop_rules *m);
Kriged__Why *encode_part__why(struct arena *a, const struct msg_why *m);

encode_part__maker encode_part__warm_start; /* struct msg_warm_start -> Kriged__WarmStart */
encode_part__maker encode_part__model;      /* struct msg_model -> Kriged__MetricModel */

/* Is there anything to say? */
bool encode_part__has_why(const struct msg_why *m);

/* pb to bytes; NULL stands for a message that could not be built. Errors: KR_ENOMEM,
 * KR_TOO_LARGE over limit. */
enum kr_status encode_part__pack(struct bytes *out, const ProtobufCMessage *pb, size_t limit,
	struct arena *a, struct kr_error *err);

#endif
