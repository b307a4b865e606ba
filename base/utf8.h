/* Text that comes from outside: UTF-8 validity and the alphabet of names. */
#ifndef KR_BASE_UTF8_H
#define KR_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates) without NUL. */
bool utf8_valid(const char *s, size_t len);

/* A name people type: valid UTF-8, 1 to 256 bytes, no control characters (C0,
 * DEL, C1), no leading or trailing space. */
bool utf8_name(const char *s, size_t len);

#endif
