/* One row of the event table: the unit of durability. The whole state of a
 * study is its rows applied in order; everything else is a cache. */
#ifndef KR_DAEMON_ENGINE_ROW_H
#define KR_DAEMON_ENGINE_ROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct row {
	uint64_t study;    /* id, from 1 */
	uint64_t seq;      /* within the study, from 1, without gaps */
	int64_t time_ms;   /* wall time: shown, never compared */
	uint32_t kind;     /* enum record_kind */
	const char *actor; /* worker id, or "" */
	bool has_request;
	uint8_t request[16]; /* id of the request that made it */
	uint32_t method;     /* of that request; 0 for the daemon's own events */
	const uint8_t *body; /* record.h */
	size_t len;
};

#endif
