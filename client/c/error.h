/* Filling the caller's krige_error. */
#ifndef KR_CLIENT_C_ERROR_H
#define KR_CLIENT_C_ERROR_H

#include "base/status.h"
#include "client/c/krige.h"
#include "proto/msg.h"

/* Fill err (field "", no hint) and return code; err may be NULL. */
enum krige_status error_set(struct krige_error *err, enum krige_status code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The same, naming the argument at fault. */
enum krige_status error_field(struct krige_error *err, enum krige_status code, const char *field,
	const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* A fault found on this side of the wire. */
enum krige_status error_from_kr(struct krige_error *err, const struct kr_error *kr);

/* A fault that the daemon reported. */
enum krige_status error_from_reply(struct krige_error *err, const struct msg_error *reply);

#endif
