/* Limits of the wire: stated here, enforced before memory is spent, reported by
 * Hello. */
#ifndef KR_PROTO_LIMITS_H
#define KR_PROTO_LIMITS_H

enum {
	LIMIT_MESSAGE_BYTES = 1 << 20,
	LIMIT_ARENA_BYTES = 16 << 20,
	LIMIT_PARAMETERS = 1000,
	LIMIT_CHOICES = 10000,
	LIMIT_METRICS = 100,
	LIMIT_NAME_BYTES = 256,
	LIMIT_REASON_BYTES = 4096,
	LIMIT_BATCH = 1024
};

enum { PROTO_VERSION = 1 };

#endif
