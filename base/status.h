/* Statuses and errors: how every fallible function of the project answers.
 *
 * A function that can fail returns enum kr_status and takes a struct kr_error
 * last. The error is filled where the fault is first seen (kr_fail) and
 * prefixed on the way up (kr_prefix): "study 'a': fit: Cholesky failed at
 * row 812". Values only, no ownership; a NULL error is allowed everywhere. */
#ifndef KR_BASE_STATUS_H
#define KR_BASE_STATUS_H

#include <stdint.h>

enum kr_status {
#define KR_STATUS(code, name, wire, sentence) code,
#include "base/status_list.def"
#undef KR_STATUS
	KR_N_STATUS
};

struct kr_error {
	enum kr_status code;
	uint32_t retry_after_ms; /* 0: no hint */
	char field[96];          /* field path of the request, "" when none */
	char text[416];          /* one sentence: field, value, what is right */
};

/* "STALE_LEASE" for KR_STALE_LEASE; "?" outside the enum. */
const char *kr_status_name(enum kr_status code);

/* The sentence of the list. */
const char *kr_status_sentence(enum kr_status code);

/* The number on the wire. */
unsigned kr_status_wire(enum kr_status code);

/* The status with that number on the wire; KR_INTERNAL when unknown. */
enum kr_status kr_status_from_wire(unsigned wire);

/* Fill err (code, text; field "" and no retry hint) and return code, so that
 * `return kr_fail(err, KR_EIO, "...")` reads as one step. Long text is cut
 * between characters. */
enum kr_status kr_fail(struct kr_error *err, enum kr_status code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The same, naming the request field at fault ("space.lr.low"). */
enum kr_status kr_fail_field(struct kr_error *err, enum kr_status code, const char *field,
	const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* Put "prefix: " before the text. Returns err->code (KR_INTERNAL when err is
 * NULL: who passes none asks for no detail). */
enum kr_status kr_prefix(struct kr_error *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
