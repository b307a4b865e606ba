/* A daemon that says what a test wants: a ROUTER in a thread, and a function that
 * decides on each request. */
#ifndef TESTS_CLIENT_FAKE_DAEMON_H
#define TESTS_CLIENT_FAKE_DAEMON_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/arena.h"
#include "proto/frame.h"
#include "proto/msg.h"

enum fake_action {
	FAKE_REPLY,
	FAKE_SILENT,        /* no answer */
	FAKE_STALE_FIRST,   /* first an answer to nobody, then the right one */
	FAKE_GARBAGE_FIRST, /* first a broken header and a broken body */
	FAKE_BAD_BODY,      /* an answer whose body cannot be read */
	FAKE_OTHER_VERSION, /* an answer of another protocol version */
	FAKE_LEAVE          /* close the socket without an answer, and come back after 300 ms */
};

struct fake;

/* nth: requests seen before this one, Hello not counted. reply->method is set. */
typedef enum fake_action fake_handler(void *ctx, int nth, const struct msg_request *request,
	struct msg_reply *reply, struct arena *a);

struct fake_log {
	enum method method;
	struct msg_meta meta; /* worker_id is not kept */
};

/* Hello is answered by the fake itself. */
struct fake *fake_start(fake_handler *handler, void *ctx);
const char *fake_endpoint(const struct fake *f);
int fake_hellos(const struct fake *f);
int fake_seen(const struct fake *f);

/* The n-th request, which must have been answered. */
const struct fake_log *fake_request(const struct fake *f, int n);
void fake_stop(struct fake *f);

#endif
