/* Connections of a client that no call uses, kept for the next one. Thread-safe. For this
 * folder. */
#ifndef KR_CLIENT_C_IDLE_H
#define KR_CLIENT_C_IDLE_H

#include "client/c/client.h"

/* One that is still up, else a new one: the caller's until idle_give or channel_close.
 * Errors: as channel_open. */
enum krige_status idle_take(struct krige_client *c, struct channel *ch, struct krige_error *err);

/* Takes a channel over; closes it when enough are kept. */
void idle_give(struct krige_client *c, struct channel *ch);

#endif
