/* The fixed-size header in front of every message.
 *
 * Frames on the socket: [empty delimiter, optional] [header] [body]. All numbers
 * are little-endian.
 *
 *   offset 0   4  magic "KRGE"
 *   offset 4   1  protocol version (1)
 *   offset 5   1  flags: 1 REPLY, 2 ERROR (body is an Error), 4 MORE (stream)
 *   offset 6   2  method number
 *   offset 8  16  correlation id, chosen by the client and echoed */
#ifndef KR_PROTO_FRAME_H
#define KR_PROTO_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

enum { FRAME_HEADER_BYTES = 24, FRAME_ID_BYTES = 16 };

enum frame_flag { FRAME_REPLY = 1, FRAME_ERROR = 2, FRAME_MORE = 4 };

struct frame_header {
	uint8_t version;
	uint8_t flags;
	uint16_t method;
	uint8_t id[FRAME_ID_BYTES];
};

/* Writes all of out; the values are taken as they are. */
void frame_pack(const struct frame_header *h, uint8_t out[FRAME_HEADER_BYTES]);

/* Errors: KR_INVALID_ARGUMENT (length, magic), KR_VERSION (version, unknown flag bits; h is
 * filled, so that the answer can carry the correlation id). */
enum kr_status frame_unpack(
	struct frame_header *h, const void *data, size_t len, struct kr_error *err);

#endif
