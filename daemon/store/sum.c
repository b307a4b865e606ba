#include "daemon/store/sum.h"

#include <string.h>

static uint64_t add_bytes(uint64_t h, const void *data, size_t len)
{
	const uint8_t *p = data;

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 0x100000001b3u;
	return h;
}

/* Little-endian, so that a file can move between machines. */
static uint64_t add_number(uint64_t h, uint64_t v)
{
	for (int i = 0; i < 64; i += 8)
		h = (h ^ (v >> i & 0xff)) * 0x100000001b3u;
	return h;
}

static uint64_t add_sized(uint64_t h, const void *data, size_t len)
{
	return add_bytes(add_number(h, len), data, len);
}

uint64_t sum_row(const struct row *r)
{
	uint64_t h = 0xcbf29ce484222325u;

	h = add_number(h, r->study);
	h = add_number(h, r->seq);
	h = add_number(h, (uint64_t)r->time_ms);
	h = add_number(h, r->kind);
	h = add_number(h, r->method);
	h = add_sized(h, r->actor, strlen(r->actor));
	h = add_sized(h, r->request, r->has_request ? sizeof(r->request) : 0);
	return add_sized(h, r->body, r->len);
}
