/* Messages and records as text, one line a field: tests compare these, and a
 * difference reads as one. Written from the headers, not from the decoder. */
#ifndef KR_TESTS_PROTO_DUMP_H
#define KR_TESTS_PROTO_DUMP_H

#include "proto/msg.h"
#include "proto/record.h"

/* malloc'd; the caller frees. */
char *dump_request(const struct msg_request *m);
char *dump_reply(const struct msg_reply *m);
char *dump_record(const struct record *r);

#endif
