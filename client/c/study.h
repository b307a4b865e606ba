/* What a krige_study is. For this folder. */
#ifndef KR_CLIENT_C_STUDY_H
#define KR_CLIENT_C_STUDY_H

#include "client/c/client.h"
#include "client/c/memory.h"

struct krige_study {
	struct krige_client *client;
	struct memory *memory; /* of the names; shared with the trials */
	const char *name;
	int n_metrics;
	const char *const *metrics; /* names, the objective first */
};

#endif
