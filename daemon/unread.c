#include "daemon/unread.h"

#include <stdatomic.h>
#include <string.h>

#include "base/alloc.h"

/* Of the identities that libzmq makes, which it numbers, no two among 65,536 neighbours
 * share a counter. */
enum { COUNTERS = 1 << 16 };

struct unread {
	atomic_size_t bytes[COUNTERS];
};

struct copy {
	atomic_size_t *counter;
	atomic_size_t len; /* stored last: hands the rest to libzmq's thread */
	uint8_t body[];
};

enum kr_status unread_new(struct unread **out, struct kr_error *err)
{
	*out = KR_NEW(struct unread);
	return *out ? KR_OK : kr_fail(err, KR_ENOMEM, "no memory for the front");
}

void unread_free(struct unread *u)
{
	kr_free(u);
}

/* The last two bytes, mixed with the rest by FNV-1a (Fowler, Noll & Vo). */
static atomic_size_t *counter_of(struct unread *u, const uint8_t *identity, size_t len)
{
	uint32_t h = 0x811c9dc5u, last = 0;

	for (size_t i = 0; i < len; i++) {
		if (i + 2 < len)
			h = (h ^ identity[i]) * 0x01000193u;
		else
			last = last << 8 | identity[i];
	}
	return &u->bytes[((h >> 16 ^ h) ^ last) % COUNTERS];
}

bool unread_full(struct unread *u, const uint8_t *identity, size_t identity_len)
{
	return atomic_load(counter_of(u, identity, identity_len)) >= UNREAD_MOST_BYTES;
}

/* libzmq is done with it; in any thread. */
static void end(void *body, void *hint)
{
	struct copy *c = hint;

	(void)body;
	atomic_fetch_sub(c->counter, atomic_load(&c->len));
	kr_free(c);
}

static enum kr_status no_memory(struct kr_error *err)
{
	return kr_fail(err, KR_ENOMEM, "no memory for a reply");
}

static enum kr_status counted(
	atomic_size_t *counter, zmq_msg_t *out, const void *body, size_t len, struct kr_error *err)
{
	struct copy *c = kr_malloc(sizeof(*c) + len);

	if (!c)
		return no_memory(err);
	c->counter = counter;
	memcpy(c->body, body, len);
	atomic_init(&c->len, 0);
	atomic_store(&c->len, len);
	atomic_fetch_add(counter, len);
	if (zmq_msg_init_data(out, c->body, len, end, c) == 0)
		return KR_OK;
	end(c->body, c);
	return no_memory(err);
}

enum kr_status unread_message(struct unread *u, zmq_msg_t *out, const uint8_t *identity,
	size_t identity_len, const void *body, size_t len, struct kr_error *err)
{
	if (len > UNREAD_COUNTED && unread_full(u, identity, identity_len))
		return kr_fail(err, KR_OVERLOADED, "the client has too much unread");
	if (len > UNREAD_COUNTED)
		return counted(counter_of(u, identity, identity_len), out, body, len, err);
	if (zmq_msg_init_size(out, len) != 0)
		return no_memory(err);
	if (len)
		memcpy(zmq_msg_data(out), body, len);
	return KR_OK;
}
