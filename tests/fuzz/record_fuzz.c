/* Stored records: the first byte is the kind. What decodes can be encoded, and
 * comes back as the same bytes; anything else is named as damaged. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proto/limits.h"
#include "proto/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kr_error err = {0};
	struct record r;
	struct bytes once, twice;
	struct arena *a;

	if (size == 0 || size > LIMIT_MESSAGE_BYTES / 32)
		return 0;
	a = arena_new(4 * LIMIT_ARENA_BYTES);
	require(a != NULL);
	if (record_decode(&r, data[0], data + 1, size - 1, a, &err) == KR_OK) {
		require(record_encode(&once, &r, a, &err) == KR_OK);
		require(record_decode(&r, data[0], once.p, once.len, a, &err) == KR_OK);
		require(record_encode(&twice, &r, a, &err) == KR_OK);
		require(once.len == twice.len && memcmp(once.p, twice.p, once.len) == 0);
	} else {
		require(err.code == KR_ECORRUPT && err.text[0] != '\0');
	}
	arena_free(a);
	return 0;
}
