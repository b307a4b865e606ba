/* The place of a value among the choices of a parameter, found by halving. */
#ifndef KR_DAEMON_ENGINE_CHOICES_H
#define KR_DAEMON_ENGINE_CHOICES_H

#include "base/arena.h"
#include "proto/msg.h"

/* The n choices in an order that choices_find knows; NULL when memory runs out. */
const int *choices_order(struct arena *a, const struct msg_scalar *choices, int n);

/* Index of the choice equal to v in type and value, -1 when there is none. */
int choices_find(
	const struct msg_scalar *choices, const int *order, int n, const struct msg_scalar *v);

#endif
