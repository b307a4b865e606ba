#include "proto/decode_part.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "proto/limits.h"

/* ---- errors ---- */

/* The path of a place into out, cut when it does not fit. Returns its length. */
static size_t path(const struct place *at, char *out, size_t size)
{
	size_t len = at->up ? path(at->up, out, size) : 0;
	int n;

	if (at->index < 0)
		n = snprintf(out + len, size - len, "%s%s", len ? "." : "", at->name);
	else
		n = snprintf(out + len, size - len, "%s%s[%d]", len ? "." : "", at->name, at->index);
	len += n > 0 ? (size_t)n : 0;
	return len < size ? len : size - 1;
}

enum kr_status decode_part__fail(
	const struct decoder *d, const struct place *at, enum kr_status code, const char *fmt, ...)
{
	char field[128], text[sizeof(d->err->text)];
	va_list ap;

	path(at, field, sizeof(field));
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return kr_fail_field(d->err, code, field, "%s %s", field, text);
}

enum kr_status decode_part__no_memory(const struct decoder *d)
{
	if (!arena_capped(d->a))
		return kr_fail(d->err, KR_ENOMEM, "memory ran out while reading a message");
	return kr_fail_field(d->err, KR_TOO_LARGE, "message",
		"the message needs more than %d MiB of memory to read; send it in smaller parts",
		LIMIT_ARENA_BYTES >> 20);
}

enum kr_status decode_part__missing(
	const struct decoder *d, const struct place *at, const char *remedy)
{
	return decode_part__fail(d, at, KR_INVALID_ARGUMENT, "is missing; %s", remedy);
}

enum kr_status decode_part__unsupported(const struct decoder *d, const struct place *at)
{
	return decode_part__fail(d, at, KR_INVALID_ARGUMENT,
		"is not supported by this version of kriged (" KRIGED_VERSION "); remove it");
}

/* ---- bytes to generated structs ---- */

struct unpacking {
	struct arena *a;
	bool failed;
};

static void *unpack_alloc(void *ctx, size_t size)
{
	struct unpacking *u = ctx;
	void *p = arena_alloc(u->a, size);

	if (!p)
		u->failed = true;
	return p;
}

static void unpack_free(void *ctx, void *p)
{
	(void)ctx;
	(void)p; /* the arena is freed as a whole */
}

void *decode_part__unpack(const struct decoder *d, const ProtobufCMessageDescriptor *desc,
	const void *data, size_t len, enum kr_status malformed)
{
	struct unpacking u = {d->a, false};
	ProtobufCAllocator allocator = {unpack_alloc, unpack_free, &u};
	void *pb = protobuf_c_message_unpack(desc, &allocator, len, data);

	if (!pb && u.failed)
		decode_part__no_memory(d);
	else if (!pb)
		kr_fail_field(d->err, malformed, "message",
			"the message (%zu bytes) is not a valid protobuf %s", len, desc->short_name);
	return pb;
}

/* ---- lists ---- */

enum kr_status decode_part__list(const struct decoder *d, const struct place *up, const char *name,
	size_t n, void *const *pb, int limit, size_t size, decode_part__reader *read, int *n_out,
	void *out)
{
	char *items;
	enum kr_status st;

	*n_out = 0;
	if (n == 0)
		return KR_OK;
	if (d->strict && n > (size_t)limit)
		return decode_part__fail(
			d, PLACE(up, name), KR_TOO_LARGE, "has %zu entries; at most %d are allowed", n, limit);
	items = arena_calloc(d->a, n, size);
	if (!items)
		return decode_part__no_memory(d);
	for (size_t i = 0; i < n; i++) {
		st = read(d, PLACE_AT(up, name, (int)i), pb[i], items + i * size);
		if (st != KR_OK)
			return st;
	}
	*n_out = (int)n;
	memcpy(out, &items, sizeof(items));
	return KR_OK;
}

/* ---- text, ids, numbers ---- */

enum kr_status decode_part__text(const struct decoder *d, const struct place *at,
	protobuf_c_boolean has, ProtobufCBinaryData pb, size_t limit, const char **out)
{
	const void *nul;

	*out = NULL;
	if (!has)
		return KR_OK;
	if (d->strict) {
		if (pb.len > limit)
			return decode_part__fail(d, at, KR_INVALID_ARGUMENT,
				"has %zu bytes; at most %zu are allowed", pb.len, limit);
		nul = pb.len ? memchr(pb.data, 0, pb.len) : NULL;
		if (nul)
			return decode_part__fail(d, at, KR_INVALID_ARGUMENT, "has a NUL at byte %zu; remove it",
				(size_t)((const uint8_t *)nul - pb.data));
		if (pb.len && !utf8_valid((const char *)pb.data, pb.len))
			return decode_part__fail(
				d, at, KR_INVALID_ARGUMENT, "is not valid UTF-8; encode it as UTF-8");
	}
	*out = arena_strndup(d->a, (const char *)pb.data, pb.len);
	return *out ? KR_OK : decode_part__no_memory(d);
}

enum kr_status decode_part__name(const struct decoder *d, const struct place *at,
	protobuf_c_boolean has, ProtobufCBinaryData pb, const char **out)
{
	char shown[DECODE_SHOWN];
	enum kr_status st = decode_part__text(d, at, has, pb, LIMIT_NAME_BYTES, out);

	if (st != KR_OK || !*out || !d->strict || utf8_name(*out, pb.len))
		return st;
	if (pb.len == 0)
		return decode_part__fail(
			d, at, KR_INVALID_ARGUMENT, "is empty; give 1 to %d bytes", LIMIT_NAME_BYTES);
	decode_distinct__show(shown, *out);
	return decode_part__fail(d, at, KR_INVALID_ARGUMENT,
		"is %s; names have no control "
		"characters and neither begin nor end with a space",
		shown);
}

enum kr_status decode_part__required_name(const struct decoder *d, const struct place *at,
	protobuf_c_boolean has, ProtobufCBinaryData pb, const char **out)
{
	if (!has && d->strict)
		return decode_part__fail(d, at, KR_INVALID_ARGUMENT,
			"is missing; give a name of 1 to %d bytes", LIMIT_NAME_BYTES);
	return decode_part__name(d, at, has, pb, out);
}

enum kr_status decode_part__reason(
	const struct decoder *d, protobuf_c_boolean has, ProtobufCBinaryData pb, const char **out)
{
	return decode_part__text(d, PLACE(NULL, "reason"), has, pb, LIMIT_REASON_BYTES, out);
}

enum kr_status decode_part__note(const struct decoder *d, const struct place *up,
	protobuf_c_boolean has, ProtobufCBinaryData pb, const char **out)
{
	return decode_part__text(d, PLACE(up, "note"), has, pb, LIMIT_NOTE_BYTES, out);
}

enum kr_status decode_part__id(const struct decoder *d, const struct place *at,
	protobuf_c_boolean has, ProtobufCBinaryData pb, bool *has_out, uint8_t out[MSG_ID_BYTES])
{
	*has_out = false;
	if (!has)
		return KR_OK;
	if (pb.len == MSG_ID_BYTES) {
		*has_out = true;
		memcpy(out, pb.data, MSG_ID_BYTES);
	} else if (d->strict) {
		return decode_part__fail(
			d, at, KR_INVALID_ARGUMENT, "has %zu bytes; it must have %d", pb.len, MSG_ID_BYTES);
	}
	return KR_OK;
}

enum kr_status decode_part__finite(const struct decoder *d, const struct place *at, double x)
{
	if (!d->strict || isfinite(x))
		return KR_OK;
	return decode_part__fail(d, at, KR_INVALID_ARGUMENT, "is %s; it must be a finite number",
		isnan(x)    ? "NaN"
			: x > 0 ? "infinite"
					: "-infinite");
}

enum kr_status decode_part__lease_s(
	const struct decoder *d, const struct place *at, protobuf_c_boolean has, double x)
{
	enum kr_status st = has ? decode_part__finite(d, at, x) : KR_OK;

	if (st != KR_OK || !has || !d->strict || (x > 0 && x <= LIMIT_LEASE_S))
		return st;
	return decode_part__fail(d, at, KR_INVALID_ARGUMENT,
		"is %g; give more than 0 and at most %d seconds", x, LIMIT_LEASE_S);
}

enum kr_status decode_part__wait_ms(
	const struct decoder *d, protobuf_c_boolean has, uint64_t pb, uint64_t *out)
{
	*out = has ? pb : 0;
	if (*out <= LIMIT_WAIT_MS)
		return KR_OK;
	return decode_part__fail(d, PLACE(NULL, "wait_ms"), KR_INVALID_ARGUMENT,
		"is %" PRIu64 "; give at most %d, and ask again after it", *out, LIMIT_WAIT_MS);
}

enum kr_status decode_part__enum(const struct decoder *d, const struct place *at,
	const ProtobufCEnumDescriptor *desc, int value, unsigned *out)
{
	char names[160] = "";
	size_t len = 0;

	*out = 0;
	if (protobuf_c_enum_descriptor_get_value(desc, value)) {
		*out = (unsigned)value;
		return KR_OK;
	}
	if (!d->strict)
		return KR_OK;
	for (unsigned i = 0; i < desc->n_values && len < sizeof(names); i++)
		len += (size_t)snprintf(names + len, sizeof(names) - len, "%s%s (%d)", i ? ", " : "",
			desc->values[i].name, desc->values[i].value);
	return decode_part__fail(
		d, at, KR_INVALID_ARGUMENT, "is %d; it must be one of %s", value, names);
}

unsigned decode_part__known(const ProtobufCEnumDescriptor *desc, protobuf_c_boolean has, int value)
{
	return has && protobuf_c_enum_descriptor_get_value(desc, value) ? (unsigned)value : 0;
}

/* ---- messages that others contain ---- */

static enum kr_status check_request_id(
	const struct decoder *d, const struct place *at, bool mutates, const struct msg_meta *m)
{
	static const uint8_t zero[MSG_ID_BYTES];

	if (m->has_request_id && memcmp(m->request_id, zero, MSG_ID_BYTES) == 0)
		return decode_part__fail(
			d, at, KR_INVALID_ARGUMENT, "is all zeros; give %d random bytes", MSG_ID_BYTES);
	if (mutates && !m->has_request_id)
		return decode_part__fail(d, at, KR_INVALID_ARGUMENT,
			"is missing; give %d random bytes, the same ones when the request is "
			"sent again",
			MSG_ID_BYTES);
	return KR_OK;
}

enum kr_status decode_part__meta(
	const struct decoder *d, const Kriged__RequestMeta *pb, bool mutates, struct msg_meta *out)
{
	static const Kriged__RequestMeta none = KRIGED__REQUEST_META__INIT;
	const struct place *at = PLACE(NULL, "meta");
	enum kr_status st;

	if (!pb)
		pb = &none;
	st = decode_part__id(d, PLACE(at, "request_id"), pb->has_request_id, pb->request_id,
		&out->has_request_id, out->request_id);
	if (st == KR_OK)
		st = check_request_id(d, PLACE(at, "request_id"), mutates, out);
	if (st == KR_OK)
		st = decode_part__id(
			d, PLACE(at, "session"), pb->has_session, pb->session, &out->has_session, out->session);
	if (st == KR_OK)
		st = decode_part__name(
			d, PLACE(at, "worker_id"), pb->has_worker_id, pb->worker_id, &out->worker_id);
	if (st != KR_OK)
		return st;
	out->has_deadline = pb->has_deadline_ms;
	out->deadline_ms = pb->deadline_ms;
	if (out->has_deadline && out->deadline_ms > LIMIT_DEADLINE_MS)
		return decode_part__fail(d, PLACE(at, "deadline_ms"), KR_INVALID_ARGUMENT,
			"is %" PRIu64 "; give at most %d, or leave it out", out->deadline_ms,
			LIMIT_DEADLINE_MS);
	return KR_OK;
}

/* pb may be NULL: no value. */
static enum kr_status read_scalar(const struct decoder *d, const struct place *at,
	const Kriged__Scalar *pb, struct msg_scalar *out)
{
	*out = (struct msg_scalar){0};
	switch (pb ? pb->kind_case : KRIGED__SCALAR__KIND__NOT_SET) {
	case KRIGED__SCALAR__KIND_NULL_VALUE:
		if (!pb->null_value && d->strict)
			return decode_part__fail(
				d, at, KR_INVALID_ARGUMENT, "has null_value false; it must be true");
		out->kind = SCALAR_NULL;
		return KR_OK;
	case KRIGED__SCALAR__KIND_BOOL_VALUE:
		out->kind = SCALAR_BOOL;
		out->b = pb->bool_value;
		return KR_OK;
	case KRIGED__SCALAR__KIND_INT_VALUE:
		out->kind = SCALAR_INT;
		out->i = pb->int_value;
		return KR_OK;
	case KRIGED__SCALAR__KIND_REAL_VALUE:
		out->kind = SCALAR_REAL;
		out->r = pb->real_value;
		return decode_part__finite(d, at, out->r);
	case KRIGED__SCALAR__KIND_STRING_VALUE:
		out->kind = SCALAR_STRING;
		return decode_part__text(d, at, true, pb->string_value, LIMIT_STRING_BYTES, &out->s);
	default:
		if (!d->strict)
			return KR_OK;
		return decode_part__fail(d, at, KR_INVALID_ARGUMENT,
			"has no value; set one of null_value, bool_value, int_value, real_value, "
			"string_value");
	}
}

enum kr_status decode_part__scalar_item(
	const struct decoder *d, const struct place *at, const void *pb, void *out)
{
	return read_scalar(d, at, pb, out);
}

static enum kr_status read_named(
	const struct decoder *d, const struct place *at, const void *item, void *out_item)
{
	const Kriged__NamedScalar *pb = item;
	struct msg_named *out = out_item;
	enum kr_status st = decode_part__required_name(
		d, PLACE(at, "name"), pb->has_name, pb->name, &out->name);

	return st != KR_OK ? st : read_scalar(d, PLACE(at, "value"), pb->value, &out->value);
}

static enum kr_status read_named_list(const struct decoder *d, const struct place *up,
	const char *list, size_t n, Kriged__NamedScalar *const *pb, int limit, int *n_out,
	const struct msg_named **out)
{
	enum kr_status st = decode_part__list(
		d, up, list, n, (void *const *)pb, limit, sizeof(**out), read_named, n_out, out);

	if (st != KR_OK || !d->strict || *n_out == 0)
		return st;
	return decode_distinct__check(
		d, up, list, "name", KEY_TEXT, *n_out, &(*out)->name, sizeof(**out));
}

enum kr_status decode_part__named(const struct decoder *d, const struct place *up, const char *list,
	size_t n, Kriged__NamedScalar *const *pb, int *n_out, const struct msg_named **out)
{
	return read_named_list(d, up, list, n, pb, LIMIT_PARAMETERS, n_out, out);
}

enum kr_status decode_part__labels(const struct decoder *d, const struct place *up, size_t n,
	Kriged__NamedScalar *const *pb, struct msg_labels *out)
{
	return read_named_list(d, up, "labels", n, pb, LIMIT_LABELS, &out->n, &out->p);
}

/* Is a label in both lists? */
static enum kr_status check_removed(const struct decoder *d, const struct place *up,
	const struct msg_labels *labels, const struct msg_texts *removed)
{
	for (int i = 0; i < removed->n; i++)
		for (int k = 0; k < labels->n; k++)
			if (strcmp(removed->p[i], labels->p[k].name) == 0)
				return decode_part__fail(d, PLACE_AT(up, "remove_labels", i), KR_INVALID_ARGUMENT,
					"is also in labels[%d]; set it or remove it", k);
	return KR_OK;
}

enum kr_status decode_part__label_change(const struct decoder *d, const struct place *up, size_t n,
	Kriged__NamedScalar *const *pb, size_t n_removed, const ProtobufCBinaryData *pb_removed,
	struct msg_labels *labels, struct msg_texts *removed)
{
	enum kr_status st = decode_part__labels(d, up, n, pb, labels);

	if (st == KR_OK)
		st = decode_part__texts(d, up, "remove_labels", n_removed, pb_removed, LIMIT_LABELS,
			decode_part__name, removed);
	return st == KR_OK ? check_removed(d, up, labels, removed) : st;
}

enum kr_status decode_part__texts(const struct decoder *d, const struct place *up, const char *list,
	size_t n, const ProtobufCBinaryData *pb, int limit, decode_part__text_reader *read,
	struct msg_texts *out)
{
	const char **items;
	enum kr_status st = KR_OK;

	*out = (struct msg_texts){0};
	if (n == 0)
		return KR_OK;
	if (d->strict && n > (size_t)limit)
		return decode_part__fail(
			d, PLACE(up, list), KR_TOO_LARGE, "has %zu entries; at most %d are allowed", n, limit);
	items = ARENA_ARRAY(d->a, const char *, n);
	if (!items)
		return decode_part__no_memory(d);
	for (size_t i = 0; st == KR_OK && i < n; i++)
		st = read(d, PLACE_AT(up, list, (int)i), true, pb[i], &items[i]);
	*out = (struct msg_texts){(int)n, items};
	return st;
}

enum kr_status decode_part__lease(
	const struct decoder *d, const struct place *at, const void *item, void *out_item)
{
	const Kriged__Lease *pb = item;
	struct msg_lease *out = out_item;

	if (!pb->has_number && d->strict)
		return decode_part__fail(d, PLACE(at, "number"), KR_INVALID_ARGUMENT,
			"is missing; give the number of the trial");
	out->number = pb->number;
	out->has_attempt = pb->has_attempt;
	out->attempt = pb->attempt;
	out->remaining_ms = pb->remaining_ms;
	return decode_part__id(
		d, PLACE(at, "token"), pb->has_token, pb->token, &out->has_token, out->token);
}

enum kr_status decode_part__point(
	const struct decoder *d, const struct place *at, const void *item, void *out_item)
{
	const Kriged__Point *pb = item;
	struct msg_point *out = out_item;
	enum kr_status st;

	if (pb->n_params == 0 && d->strict)
		return decode_part__fail(d, PLACE(at, "params"), KR_INVALID_ARGUMENT,
			"is empty; give a value for each parameter");
	st = decode_part__named(
		d, at, "params", pb->n_params, pb->params, &out->n_params, &out->params);
	if (st == KR_OK)
		st = decode_value__list(d, at, pb->n_values, pb->values, &out->n_values, &out->values);
	if (st == KR_OK)
		st = decode_part__labels(d, at, pb->n_labels, pb->labels, &out->labels);
	return st != KR_OK ? st : decode_part__note(d, at, pb->has_note, pb->note, &out->note);
}

enum kr_status decode_part__warm_start(
	const struct decoder *d, const struct place *at, const void *item, void *out_item)
{
	const Kriged__WarmStart *pb = item;
	struct msg_warm_start *out = out_item;

	*out = (struct msg_warm_start){
		.id = pb->id, .taken = pb->taken, .unfit = pb->unfit, .unused = pb->unused};
	return decode_part__required_name(d, PLACE(at, "name"), pb->has_name, pb->name, &out->name);
}
