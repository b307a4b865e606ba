/* libkrige: the C client of kriged.
 *
 *   krige_open .. calls .. krige_close
 *
 * A client is a handle on one daemon. It connects at the first call, and again
 * by itself when the daemon was away. One client may be used from many threads
 * at the same time; closing it must come after the last call returned.
 *
 * Every function that can fail returns an enum krige_status and fills the
 * caller's struct krige_error (NULL is allowed). Strings are UTF-8. Structs that
 * the library may extend begin with their size: set it to sizeof, zero means
 * "the default" in every other field. */
#ifndef KRIGE_H
#define KRIGE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define KRIGE_API __attribute__((visibility("default")))
#else
#define KRIGE_API
#endif

/* The statuses of the wire under their wire numbers, then those of the client. */
enum krige_status {
	KRIGE_OK = 0,
	KRIGE_INVALID_ARGUMENT = 1,
	KRIGE_NOT_FOUND = 2,
	KRIGE_ALREADY_EXISTS = 3,
	KRIGE_CONFLICT = 4,
	KRIGE_STALE_LEASE = 5,
	KRIGE_STUDY_FINISHED = 6,
	KRIGE_BUDGET_SPENT = 7,
	KRIGE_SPACE_EXHAUSTED = 8,
	KRIGE_NOT_NOW = 9,
	KRIGE_OVERLOADED = 10,
	KRIGE_UNAVAILABLE = 11,
	KRIGE_DEADLINE = 12,
	KRIGE_UNAUTHENTICATED = 13,
	KRIGE_FORBIDDEN = 14,
	KRIGE_NOT_OWNER = 15,
	KRIGE_TOO_LARGE = 16,
	KRIGE_VERSION = 17,
	KRIGE_INTERNAL = 18,
	KRIGE_CANNOT_CONNECT = 1001, /* no daemon answers at the endpoint */
	KRIGE_TIMEOUT = 1002,        /* connected, but no answer in time */
	KRIGE_INTERRUPTED = 1003,    /* krige_interrupt ended the call */
	KRIGE_NO_MEMORY = 1004
};

struct krige_error {
	enum krige_status code;
	uint32_t retry_after_ms; /* 0: no hint */
	char field[128];         /* field path of the request at fault, "" when none */
	char message[512];       /* one sentence */
};

struct krige_options {
	size_t size;         /* sizeof(struct krige_options) */
	const char *name;    /* program name shown to the daemon; default "libkrige VERSION" */
	const char *worker;  /* name of this worker; a worker that comes back under its name
	                          gets its running trials again; default: none */
	uint32_t timeout_ms; /* most time of one call; default 60,000 */
	uint32_t attempt_ms; /* an unanswered request is sent again on a new connection after
	                          this time, under the same request id; default 5,000, doubled
	                          with each attempt */
	uint32_t retry_ms;   /* how long a call puts up with an absent, overloaded or full
	                          daemon; default 0: the first refusal ends it */
};

struct krige_client;

/* "0.1.0" of the library that is running. */
KRIGE_API const char *krige_version(void);

/* "NOT_FOUND" for KRIGE_NOT_FOUND; "?" outside the enum. */
KRIGE_API const char *krige_status_name(enum krige_status code);

/* Prepare a client; nothing is sent yet.
 *   endpoint  "ipc:///path" or "tcp://host:port"; NULL: the environment's KRIGE_ENDPOINT, else
 *             the default socket of a local daemon
 *   options   copied; NULL: defaults
 * Errors: INVALID_ARGUMENT (endpoint, options.size), NO_MEMORY. */
KRIGE_API enum krige_status krige_open(struct krige_client **out, const char *endpoint,
	const struct krige_options *options, struct krige_error *err);

/* krige_close(NULL) does nothing. */
KRIGE_API void krige_close(struct krige_client *client);

/* The endpoint in use; owned by the client. */
KRIGE_API const char *krige_endpoint(const struct krige_client *client);

/* End every call of this client that is under way, within grace_ms, as
 * INTERRUPTED; calls made later are not affected. Callable from any thread; not
 * from a signal handler. A request that was sent may still take effect: grace_ms
 * is the time its answer gets. */
KRIGE_API void krige_interrupt(struct krige_client *client, uint32_t grace_ms);

/* One round trip. Errors: CANNOT_CONNECT, TIMEOUT, VERSION. */
KRIGE_API enum krige_status krige_ping(struct krige_client *client, struct krige_error *err);

#ifdef __cplusplus
}
#endif

#endif
