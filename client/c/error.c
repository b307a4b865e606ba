#include "client/c/error.h"

#include <stdarg.h>
#include <stdio.h>

static void set(struct krige_error *err, enum krige_status code, const char *fmt, va_list ap)
{
	if (!err)
		return;
	*err = (struct krige_error){.code = code};
	vsnprintf(err->message, sizeof(err->message), fmt, ap);
}

enum krige_status error_set(struct krige_error *err, enum krige_status code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set(err, code, fmt, ap);
	va_end(ap);
	return code;
}

static void set_field(struct krige_error *err, const char *field)
{
	if (err && field)
		snprintf(err->field, sizeof(err->field), "%s", field);
}

enum krige_status error_field(
	struct krige_error *err, enum krige_status code, const char *field, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set(err, code, fmt, ap);
	va_end(ap);
	set_field(err, field);
	return code;
}

enum krige_status error_from_kr(struct krige_error *err, const struct kr_error *kr)
{
	enum krige_status code = kr->code == KR_ENOMEM ? KRIGE_NO_MEMORY
												   : (enum krige_status)kr_status_wire(kr->code);

	error_set(err, code, "%s", kr->text);
	set_field(err, kr->field);
	return code;
}

enum krige_status error_from_reply(struct krige_error *err, const struct msg_error *reply)
{
	enum kr_status status = kr_status_from_wire(reply->code);
	enum krige_status code;

	if (status == KR_OK)
		status = KR_INTERNAL; /* an error that claims success */
	code = (enum krige_status)kr_status_wire(status);
	error_set(err, code, "%s", reply->message ? reply->message : kr_status_sentence(status));
	set_field(err, reply->field);
	if (err)
		err->retry_after_ms = reply->retry_after_ms > UINT32_MAX ? UINT32_MAX
																 : (uint32_t)reply->retry_after_ms;
	return code;
}
