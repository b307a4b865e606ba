/* A lease on its way through a shell: `ask --format env` and `run` put it into KRIGE_LEASE,
 * and tell and report claim the trial with it, so that a worker that was given up cannot
 * speak for the one that has the trial now. */
#ifndef KR_CLIENT_CLI_LEASE_H
#define KR_CLIENT_CLI_LEASE_H

#include "base/arena.h"
#include "proto/msg.h"

/* "ATTEMPT:TOKEN" in hexadecimal; NULL without a token, or when memory runs out. */
const char *lease_text(struct arena *a, const struct msg_lease *lease);

/* The claim of a trial: with KRIGE_LEASE when KRIGE_STUDY and KRIGE_TRIAL say that it is of this
 * one, else by number alone. */
struct msg_lease lease_claim(const char *study, uint64_t number);

#endif
