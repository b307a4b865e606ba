/* What a krige_trial is. For this folder. */
#ifndef KR_CLIENT_C_TRIAL_H
#define KR_CLIENT_C_TRIAL_H

#include "client/c/study.h"

struct krige_trial {
	struct krige_client *client;
	struct memory *study_memory, *memory;
	const char *study;         /* its name, in study_memory */
	const struct msg_trial *m; /* as heard of last, in memory */
	/* What heartbeats read while another thread tells: never changes. */
	uint64_t number;
	uint32_t attempt;
	bool has_token;
	uint8_t token[MSG_ID_BYTES];
};

/* A trial of a reply that was decoded into `memory`; takes references.
 * Errors: NO_MEMORY. */
enum krige_status trial_new(struct krige_trial **out, const struct krige_study *s,
	const struct msg_trial *m, struct memory *memory, struct krige_error *err);

/* The trial is now as m says. */
void trial_renew(struct krige_trial *t, const struct msg_trial *m, struct memory *memory);

/* Its lease, for a request. */
struct msg_lease trial_lease(const struct krige_trial *t);

#endif
