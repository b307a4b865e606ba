/* Parts that several messages share, from generated structs to plain ones.
 * Only for the files of proto/.
 *
 * One pass converts and, when the decoder is strict (requests, stored records),
 * checks. A lenient decoder (replies) fails only when memory runs out. Every
 * function takes the place of what it reads, a chain on the caller's stack
 * that becomes the field path of an error. */
#ifndef KR_PROTO_DECODE_PART_H
#define KR_PROTO_DECODE_PART_H

#include "base/arena.h"
#include "base/status.h"
#include "proto/kriged.pb-c.h"
#include "proto/msg.h"

struct decoder {
	struct arena *a;
	bool strict;
	bool nonfinite; /* values of metrics may be NaN or infinite */
	struct kr_error *err;
};

/* "spec" -> "parameters", 2 -> "low": spec.parameters[2].low. */
struct place {
	const struct place *up;
	const char *name;
	int index; /* -1: no list */
};

#define PLACE(up, name) (&(const struct place){(up), (name), -1})
#define PLACE_AT(up, name, index) (&(const struct place){(up), (name), (index)})

/* Fill the error: the field is the path, the text starts with it. */
enum kr_status decode_part__fail(const struct decoder *d, const struct place *at,
	enum kr_status code, const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* KR_TOO_LARGE (field "message") when the arena is full, KR_ENOMEM when the heap is. */
enum kr_status decode_part__no_memory(const struct decoder *d);

/* "X is missing; remedy". */
enum kr_status decode_part__missing(
	const struct decoder *d, const struct place *at, const char *remedy);

/* "X is not supported by this version of kriged (0.1.0); remove it". */
enum kr_status decode_part__unsupported(const struct decoder *d, const struct place *at);

/* Bytes to a message of desc, allocated in the arena, NULL with the error filled.
 * The result is never freed by itself. */
void *decode_part__unpack(const struct decoder *d, const ProtobufCMessageDescriptor *desc,
	const void *data, size_t len, enum kr_status malformed);

/* A list: *out is n elements of size bytes, each made by read. Errors: KR_TOO_LARGE when
 * strict and n > limit. */
typedef enum kr_status decode_part__reader(
	const struct decoder *d, const struct place *at, const void *pb, void *out);
enum kr_status decode_part__list(const struct decoder *d, const struct place *up, const char *name,
	size_t n, void *const *pb, int limit, size_t size, decode_part__reader *read, int *n_out,
	void *out);

/* In decode_distinct.c. Are all keys different? `first` is the key in the first of n elements
 * that are stride bytes apart. Errors: KR_INVALID_ARGUMENT at list[i].member (member may be
 * NULL), i the first that repeats an earlier one. Cost n log n. */
enum decode_key { KEY_TEXT, KEY_SCALAR, KEY_NUMBER };
enum kr_status decode_distinct__check(const struct decoder *d, const struct place *up,
	const char *list, const char *member, enum decode_key kind, int n, const void *first,
	size_t stride);

/* Text for an error: quoted, cut between characters, without control characters. */
enum { DECODE_SHOWN = 72 };
void decode_distinct__show(char out[DECODE_SHOWN], const char *s);

/* Text of at most limit bytes, copied with a NUL; NULL when has is false. */
enum kr_status decode_part__text(const struct decoder *d, const struct place *at,
	protobuf_c_boolean has, ProtobufCBinaryData pb, size_t limit, const char **out);

/* The same, and utf8_name. decode_part__required_name: absent is an error. */
enum kr_status decode_part__name(const struct decoder *d, const struct place *at,
	protobuf_c_boolean has, ProtobufCBinaryData pb, const char **out);
enum kr_status decode_part__required_name(const struct decoder *d, const struct place *at,
	protobuf_c_boolean has, ProtobufCBinaryData pb, const char **out);

/* `reason` and `wait_ms` of a request; absent: NULL, 0. */
enum kr_status decode_part__reason(
	const struct decoder *d, protobuf_c_boolean has, ProtobufCBinaryData pb, const char **out);
enum kr_status decode_part__wait_ms(
	const struct decoder *d, protobuf_c_boolean has, uint64_t pb, uint64_t *out);

/* `note` under up: text of at most LIMIT_NOTE_BYTES. */
enum kr_status decode_part__note(const struct decoder *d, const struct place *up,
	protobuf_c_boolean has, ProtobufCBinaryData pb, const char **out);

/* A list of texts, each by read (decode_part__name, for example). */
typedef enum kr_status decode_part__text_reader(const struct decoder *d, const struct place *at,
	protobuf_c_boolean has, ProtobufCBinaryData pb, const char **out);
enum kr_status decode_part__texts(const struct decoder *d, const struct place *up, const char *list,
	size_t n, const ProtobufCBinaryData *pb, int limit, decode_part__text_reader *read,
	struct msg_texts *out);

/* 16 bytes; another length is as absent when lenient. */
enum kr_status decode_part__id(const struct decoder *d, const struct place *at,
	protobuf_c_boolean has, ProtobufCBinaryData pb, bool *has_out, uint8_t out[MSG_ID_BYTES]);

/* Refuses NaN and infinities. */
enum kr_status decode_part__finite(const struct decoder *d, const struct place *at, double x);

/* Seconds of a lease, when has. */
enum kr_status decode_part__lease_s(
	const struct decoder *d, const struct place *at, protobuf_c_boolean has, double x);

/* *out = value when desc knows it; else 0 (lenient) or KR_INVALID_ARGUMENT. */
enum kr_status decode_part__enum(const struct decoder *d, const struct place *at,
	const ProtobufCEnumDescriptor *desc, int value, unsigned *out);

/* The value when desc knows it, else 0. */
unsigned decode_part__known(const ProtobufCEnumDescriptor *desc, protobuf_c_boolean has, int value);

/* pb may be NULL. mutates: a request id is required. */
enum kr_status decode_part__meta(
	const struct decoder *d, const Kriged__RequestMeta *pb, bool mutates, struct msg_meta *out);
decode_part__reader decode_part__scalar_item; /* Kriged__Scalar -> struct msg_scalar */

/* Lists under `up`; strict: distinct names. */
enum kr_status decode_part__named(const struct decoder *d, const struct place *up, const char *list,
	size_t n, Kriged__NamedScalar *const *pb, int *n_out, const struct msg_named **out);

/* `labels` under up: at most LIMIT_LABELS of distinct names. */
enum kr_status decode_part__labels(const struct decoder *d, const struct place *up, size_t n,
	Kriged__NamedScalar *const *pb, struct msg_labels *out);
/* `labels` to set and `remove_labels` under up; no name is in both. */
enum kr_status decode_part__label_change(const struct decoder *d, const struct place *up, size_t n,
	Kriged__NamedScalar *const *pb, size_t n_removed, const ProtobufCBinaryData *pb_removed,
	struct msg_labels *labels, struct msg_texts *removed);

/* In decode_value.c. `values` under up: strict: distinct names, finite unless d->nonfinite.
 * Replicates become their mean and its standard error. */
enum kr_status decode_value__list(const struct decoder *d, const struct place *up, size_t n,
	Kriged__MetricValue *const *pb, int *n_out, const struct msg_value **out);

decode_part__reader decode_part__lease;      /* Kriged__Lease -> struct msg_lease */
decode_part__reader decode_part__point;      /* Kriged__Point -> struct msg_point */
decode_part__reader decode_part__warm_start; /* Kriged__WarmStart -> struct msg_warm_start */

/* In decode_why.c. pb may be NULL: all zero. Lists may be of any length: only the daemon's own
 * records and replies have them. */
enum kr_status decode_why__read(
	const struct decoder *d, const struct place *at, const Kriged__Why *pb, struct msg_why *out);

/* In decode_model.c. */
decode_part__reader decode_model__item; /* Kriged__MetricModel -> struct msg_model */

/* In decode_prior.c. out->prior <- pb; strict: checked against what else is known of out. */
enum kr_status decode_prior__read(const struct decoder *d, const struct place *at,
	const Kriged__Prior *pb, struct msg_param *out);

/* In decode_spec.c. pb may be NULL: *has is false. */
enum kr_status decode_spec__stop(const struct decoder *d, const struct place *at,
	const Kriged__StopRules *pb, bool *has, struct msg_stop_rules *out);
/* In decode_spec.c. out, but its name, is set: see READ_ACQUISITION. */
enum kr_status decode_spec__acquisition(const struct decoder *d, const struct place *at,
	protobuf_c_boolean has, ProtobufCBinaryData name, struct msg_acquisition *out);
/* *out <- the fields acquisition, acquisition_level and acquisition_beta of pb. */
#define READ_ACQUISITION(d, at, pb, out)                                         \
	(*(out) = (struct msg_acquisition){.has_level = (pb)->has_acquisition_level, \
		 .has_beta = (pb)->has_acquisition_beta,                                 \
		 .level = (pb)->acquisition_level,                                       \
		 .beta = (pb)->acquisition_beta},                                        \
		decode_spec__acquisition((d), (at), (pb)->has_acquisition, (pb)->acquisition, (out)))

/* In decode_spec.c. Strict: the structure is checked; what needs numbers to be compared
 * (low < high, steps, log) is left to acquisition/space/space.h. */
enum kr_status decode_spec__read(const struct decoder *d, const struct place *at,
	const Kriged__StudySpec *pb, struct msg_spec *out);

/* In decode_study.c, for lenient decoders: what replies show of studies and trials. one_trial: *out
 * is left as it is where pb is NULL. */
decode_part__reader decode_study__read;  /* Kriged__Study -> struct msg_study */
decode_part__reader decode_study__trial; /* Kriged__Trial -> struct msg_trial */
void decode_study__counts(size_t n, Kriged__StateCount *const *pb, uint64_t counts[TRIAL_N_STATES]);
enum kr_status decode_study__one_trial(const struct decoder *d, const struct place *at,
	const Kriged__Trial *pb, const struct msg_trial **out);

#endif
