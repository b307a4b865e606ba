#include "client/cli/lease.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/cli/number.h"

enum { HEX_BYTES = 2 * MSG_ID_BYTES };

const char *lease_text(struct arena *a, const struct msg_lease *lease)
{
	char hex[HEX_BYTES + 1] = "";

	if (!lease->has_token || !lease->has_attempt)
		return NULL;
	for (int i = 0; i < MSG_ID_BYTES; i++)
		snprintf(hex + (size_t)(2 * i), 3, "%02x", lease->token[i]);
	return arena_printf(a, "%" PRIu32 ":%s", lease->attempt, hex);
}

static bool parse(const char *text, struct msg_lease *lease)
{
	unsigned attempt, byte;
	int used = 0;

	if (sscanf(text, "%u:%n", &attempt, &used) != 1 || used == 0)
		return false;
	text += used;
	if (strlen(text) != HEX_BYTES || strspn(text, "0123456789abcdef") != HEX_BYTES)
		return false;
	for (int i = 0; i < MSG_ID_BYTES; i++) {
		sscanf(text + (size_t)(2 * i), "%2x", &byte);
		lease->token[i] = (uint8_t)byte;
	}
	lease->attempt = attempt;
	lease->has_attempt = lease->has_token = true;
	return true;
}

struct msg_lease lease_claim(const char *study, uint64_t number)
{
	const char *text = getenv("KRIGE_LEASE"), *of = getenv("KRIGE_STUDY");
	const char *trial = getenv("KRIGE_TRIAL");
	struct msg_lease lease = {.number = number};
	uint64_t n;

	if (text && of && trial && strcmp(of, study) == 0 && number_parse_u64(trial, &n) && n == number)
		parse(text, &lease);
	return lease;
}
