/* Limits of the wire: stated here, enforced before memory is spent, the first
 * seven reported by Hello. */
#ifndef KR_PROTO_LIMITS_H
#define KR_PROTO_LIMITS_H

enum {
	LIMIT_MESSAGE_BYTES = 1 << 20,
	LIMIT_ARENA_BYTES = 16 << 20,
	LIMIT_PARAMETERS = 1000,
	LIMIT_CHOICES = 10000,
	LIMIT_METRICS = 100,
	LIMIT_NAME_BYTES = 256,
	LIMIT_BATCH = 1024,
	LIMIT_REASON_BYTES = 4096,
	LIMIT_STRING_BYTES = 4096,    /* a value that is text */
	LIMIT_LABELS = 100,           /* of a study, of a trial */
	LIMIT_LABELS_BYTES = 1 << 16, /* of their names and texts in sum */
	LIMIT_NOTE_BYTES = 4096,
	LIMIT_CONSTRAINTS = 1000, /* parameter constraints; forbidden conditions as many */
	LIMIT_CONDITION_BYTES = 4096,
	LIMIT_REPORTS = 10000,              /* of a trial */
	LIMIT_WARM_START = 8,               /* studies that one begins with */
	LIMIT_WARM_START_POINTS = 100,      /* results of each */
	LIMIT_WARM_START_NUMBERS = 1 << 16, /* values of their points in sum */
	LIMIT_PATH_BYTES = 4095,
	LIMIT_LEASE_S = 10000000,
	LIMIT_DEADLINE_MS = 1000000000,
	LIMIT_WAIT_MS = 3600000
};

enum { PROTO_VERSION = 1 };

#endif
