/* What a study takes from a krige_space. For this folder. */
#ifndef KR_CLIENT_C_SPACE_H
#define KR_CLIENT_C_SPACE_H

#include "client/c/krige.h"
#include "proto/msg.h"

/* Parameters, constraints and forbidden conditions, borrowed. */
void space_write(const struct krige_space *s, struct msg_spec *spec);

#endif
