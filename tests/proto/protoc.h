/* The reference implementation of protobuf, as a program: an independent writer
 * and reader of our messages. */
#ifndef KR_TESTS_PROTO_PROTOC_H
#define KR_TESTS_PROTO_PROTOC_H

#include <stddef.h>
#include <stdint.h>

/* Text format to bytes of kriged.<type>, and back. malloc'd, the caller frees; NULL
 * when protoc refuses it. Aborts when protoc cannot be run. */
uint8_t *protoc_encode(const char *type, const char *text, size_t *len);
char *protoc_decode(const char *type, const uint8_t *p, size_t len);

#endif
