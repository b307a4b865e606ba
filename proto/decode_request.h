/* Readers of requests, one a method: a generated request becomes its plain struct,
 * and what is wrong with it is refused. Only for the files of proto/.
 *
 * decode_request_study.c has those about studies, decode_request_trial.c those that
 * change trials, decode_request_read.c those that read them, decode.c the rest. */
#ifndef KR_PROTO_DECODE_REQUEST_H
#define KR_PROTO_DECODE_REQUEST_H

#include "proto/decode_part.h"

typedef enum kr_status decode_request__reader(
	const struct decoder *d, const void *pb, struct msg_request *out);

#define METHOD(NAME, name, number, mutates, role) decode_request__reader decode_request__##name;
#include "proto/method_list.def"
#undef METHOD

/* A field of the request itself. */
#define AT(name) PLACE(NULL, name)

/* The name of the study, required: out->study = pb->study. */
#define READ_STUDY(d, pb, out) \
	decode_part__required_name((d), AT("study"), (pb)->has_study, (pb)->study, &(out)->study)

/* A list of points, each by read. Errors: KR_INVALID_ARGUMENT when it is empty, KR_TOO_LARGE. */
enum kr_status decode_request__points(const struct decoder *d, size_t n, Kriged__Point *const *pb,
	decode_part__reader *read, int *n_out, const struct msg_point **out);

#endif
