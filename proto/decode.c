/* From bytes to requests: which reader takes which method, and those of the server. */
#include "proto/decode.h"

#include <string.h>

#include "proto/decode_request.h"
#include "proto/limits.h"

enum kr_status decode_request__hello(
	const struct decoder *d, const void *item, struct msg_request *out)
{
	const Kriged__HelloRequest *pb = item;

	out->u.hello.protocol = pb->protocol;
	return decode_part__name(d, AT("client"), pb->has_client, pb->client, &out->u.hello.client);
}

enum kr_status decode_request__ping(
	const struct decoder *d, const void *item, struct msg_request *out)
{
	(void)d;
	(void)item;
	(void)out;
	return KR_OK;
}

enum kr_status decode_request__status(
	const struct decoder *d, const void *item, struct msg_request *out)
{
	return decode_request__ping(d, item, out);
}

enum kr_status decode_request__server_backup(
	const struct decoder *d, const void *item, struct msg_request *out)
{
	const Kriged__ServerBackupRequest *pb = item;
	struct msg_server_backup *m = &out->u.server_backup;
	enum kr_status st = decode_part__text(
		d, AT("path"), pb->has_path, pb->path, LIMIT_PATH_BYTES, &m->path);

	if (st != KR_OK || (m->path && m->path[0] == '/'))
		return st;
	return decode_part__fail(d, AT("path"), KR_INVALID_ARGUMENT,
		"is %s; give the absolute path of a file on the daemon's machine that does not exist",
		!m->path       ? "missing"
			: *m->path ? "relative"
					   : "empty");
}

/* ---- dispatch ---- */

static const struct row {
	enum method method;
	const ProtobufCMessageDescriptor *desc;
	decode_request__reader *read;
} rows[] = {
#define METHOD(NAME, name, number, mutates, role) \
	{METHOD_##NAME, &kriged__##name##_request__descriptor, decode_request__##name},
#include "proto/method_list.def"
#undef METHOD
};

static const struct row *find(unsigned method)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (rows[i].method == method)
			return &rows[i];
	return NULL;
}

enum kr_status decode_request(struct msg_request *out, unsigned method, const void *data,
	size_t len, struct arena *a, struct kr_error *err)
{
	struct kr_error unused;
	const struct decoder d = {.a = a, .strict = true, .err = err ? err : &unused};
	const struct row *row = find(method);
	const Kriged__RequestMeta *meta;
	const char *pb;
	enum kr_status st;

	memset(out, 0, sizeof(*out));
	if (!row)
		return kr_fail_field(err, KR_VERSION, "header.method",
			"method %u is not known to this version of kriged (" KRIGED_VERSION ")", method);
	if (len > LIMIT_MESSAGE_BYTES)
		return kr_fail_field(err, KR_TOO_LARGE, "message",
			"the message has %zu bytes; at most %d are allowed", len, LIMIT_MESSAGE_BYTES);
	pb = decode_part__unpack(&d, row->desc, data, len, KR_INVALID_ARGUMENT);
	if (!pb)
		return d.err->code;
	out->method = row->method;
	/* RequestMeta is the first field of every request. */
	memcpy(&meta, pb + row->desc->fields[0].offset, sizeof(meta));
	st = decode_part__meta(&d, meta, msg_method_mutates(row->method), &out->meta);
	return st != KR_OK ? st : row->read(&d, pb, out);
}
