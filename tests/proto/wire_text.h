/* Protobuf bytes from a short text, so that tests can write messages that the
 * encoder would not.
 *
 *   1:5        field 1, varint (also -1)
 *   1:z-3      zigzag varint
 *   1:#0.5     double (also #nan, #inf, #-inf)
 *   1:f7       four bytes (fixed32)
 *   1:"a\x00"  bytes; \xHH, \" and \\ as in C
 *   1:"a"*300  the bytes repeated
 *   1:{...}    a message
 *   3*(...)    the same items, three times
 *   \xHH       a raw byte */
#ifndef KR_TESTS_PROTO_WIRE_TEXT_H
#define KR_TESTS_PROTO_WIRE_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* malloc'd; the caller frees. Aborts on bad text. */
uint8_t *wire_text(const char *text, size_t *len);

#endif
