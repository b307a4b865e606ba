#include "proto/frame.h"

#include <string.h>

#include "proto/limits.h"

static const uint8_t magic[4] = {'K', 'R', 'G', 'E'};
static const unsigned known_flags = FRAME_REPLY | FRAME_ERROR | FRAME_MORE;

void frame_pack(const struct frame_header *h, uint8_t out[FRAME_HEADER_BYTES])
{
	memcpy(out, magic, sizeof(magic));
	out[4] = h->version;
	out[5] = h->flags;
	out[6] = (uint8_t)(h->method & 0xff);
	out[7] = (uint8_t)(h->method >> 8);
	memcpy(out + 8, h->id, FRAME_ID_BYTES);
}

enum kr_status frame_unpack(
	struct frame_header *h, const void *data, size_t len, struct kr_error *err)
{
	const uint8_t *p = data;

	if (len != FRAME_HEADER_BYTES)
		return kr_fail_field(err, KR_INVALID_ARGUMENT, "header",
			"the header frame has %zu bytes; it must have %d", len, FRAME_HEADER_BYTES);
	if (memcmp(p, magic, sizeof(magic)) != 0)
		return kr_fail_field(err, KR_INVALID_ARGUMENT, "header.magic",
			"the header starts with %02x %02x %02x %02x; it must start with \"KRGE\"", p[0], p[1],
			p[2], p[3]);
	h->version = p[4];
	h->flags = p[5];
	h->method = (uint16_t)(p[6] | p[7] << 8);
	memcpy(h->id, p + 8, FRAME_ID_BYTES);
	if (h->version != PROTO_VERSION)
		return kr_fail_field(err, KR_VERSION, "header.version",
			"the header has protocol version %u; this side speaks version %d", h->version,
			PROTO_VERSION);
	if (h->flags & ~known_flags)
		return kr_fail_field(err, KR_VERSION, "header.flags",
			"the header has flags 0x%02x; this side knows only the bits 0x%02x", h->flags,
			known_flags);
	return KR_OK;
}
