/* A piece of memory that somebody else owns: an encoded message or record. */
#ifndef KR_PROTO_BYTES_H
#define KR_PROTO_BYTES_H

#include <stddef.h>
#include <stdint.h>

struct bytes {
	uint8_t *p;
	size_t len;
};

#endif
