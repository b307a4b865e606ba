#include "base/utf8.h"

/* Length of the well-formed sequence at s (RFC 3629, section 4), 0 if there is
 * none. The bounds of the second byte exclude overlong forms, surrogates and
 * what lies past U+10FFFF. */
static size_t sequence(const unsigned char *s, size_t len)
{
	unsigned low = 0x80, high = 0xbf;
	size_t need;

	if (s[0] < 0x80)
		return 1;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	need = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	if (s[0] == 0xe0)
		low = 0xa0;
	else if (s[0] == 0xed)
		high = 0x9f;
	else if (s[0] == 0xf0)
		low = 0x90;
	else if (s[0] == 0xf4)
		high = 0x8f;
	if (len < need || s[1] < low || s[1] > high)
		return 0;
	for (size_t i = 2; i < need; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return need;
}

bool utf8_valid(const char *text, size_t len)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t n;

	for (size_t i = 0; i < len; i += n) {
		n = s[i] ? sequence(s + i, len - i) : 0;
		if (n == 0)
			return false;
	}
	return true;
}

/* C0, DEL and C1 (which is 0xc2 0x80 .. 0xc2 0x9f in UTF-8). */
static bool has_control(const unsigned char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (s[i] < 0x20 || s[i] == 0x7f || (s[i] == 0xc2 && i + 1 < len && s[i + 1] < 0xa0))
			return true;
	return false;
}

bool utf8_name(const char *s, size_t len)
{
	if (len < 1 || len > 256 || s[0] == ' ' || s[len - 1] == ' ')
		return false;
	return utf8_valid(s, len) && !has_control((const unsigned char *)s, len);
}
