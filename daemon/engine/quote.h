/* What a request said, as error texts show it. */
#ifndef KR_DAEMON_ENGINE_QUOTE_H
#define KR_DAEMON_ENGINE_QUOTE_H

#include <stddef.h>

#include "proto/msg.h"

/* A scalar for people: 3, 0.5, "text", true, null. Long text is cut. */
void quote_scalar(const struct msg_scalar *v, char *out, size_t size);

/* 'text', cut between characters when it does not fit. */
void quote_text(const char *s, char *out, size_t size);

#endif
