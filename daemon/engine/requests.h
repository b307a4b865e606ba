/* Which request made which event: the memory behind "a repeat returns the first
 * answer and changes nothing". A hash table of the 16-byte request ids of every
 * event of every study, and of the suggests that wait for a computation. */
#ifndef KR_DAEMON_ENGINE_REQUESTS_H
#define KR_DAEMON_ENGINE_REQUESTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "proto/msg.h"

struct request_entry {
	uint8_t id[MSG_ID_BYTES];
	uint64_t study; /* 0: the slot is free */
	uint64_t seq;   /* its event; 0: a suggest that waits */
	uint32_t method;
};

struct requests {
	struct request_entry *slots;
	size_t n, cap;   /* cap: a power of two, or 0 */
	uint64_t key[2]; /* unpredictable: ids are chosen by clients */
};

/* Empty. key: unpredictable bytes. */
void requests_init(struct requests *r, const uint8_t key[16]);
void requests_fini(struct requests *r);

/* Room for `extra` more. Errors: KR_ENOMEM. */
enum kr_status requests_reserve(struct requests *r, size_t extra, struct kr_error *err);

/* NULL when not known. Valid until the next change of r. */
struct request_entry *requests_find(const struct requests *r, const uint8_t id[MSG_ID_BYTES]);

/* Put or replace. Room for a new one has been reserved. */
void requests_put(struct requests *r, const struct request_entry *entry);
void requests_remove(struct requests *r, const uint8_t id[MSG_ID_BYTES]);

/* Forget every id of a study (it is about to be loaded anew). Linear in cap. */
void requests_forget(struct requests *r, uint64_t study);

#endif
