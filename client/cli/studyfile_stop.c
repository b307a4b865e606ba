/* The key "stop" of a study file. */
#include <string.h>

#include "client/cli/stop_rules.h"
#include "client/cli/studyfile_internal.h"

static enum kr_status read_no_progress(
	struct studyfile__parse *p, const char *path, const cJSON *item, void *out)
{
	return studyfile__u64(p, path, item, &((struct msg_stop_rules *)out)->no_progress);
}

static enum kr_status read_number(
	struct studyfile__parse *p, const char *path, const cJSON *item, void *out)
{
	struct msg_stop_rules *rules = out;
	double *number = stop_rules_number(rules, item->string, strlen(item->string));

	rules->has_target |= number == &rules->target;
	return studyfile__real(p, path, item, number);
}

enum kr_status studyfile__stop(
	struct studyfile__parse *p, const char *path, const cJSON *item, void *out)
{
	static const struct studyfile__key keys[] = {{"no_progress", read_no_progress},
		{"min_progress", read_number}, {"min_progress_relative", read_number},
		{"target", read_number}, {"p_gain", read_number}, {"gain", read_number},
		{"gain_relative", read_number}};
	struct msg_spec *spec = &((struct msg_create_study *)out)->spec;

	if (cJSON_IsNull(item))
		return KR_OK;
	if (!cJSON_IsObject(item))
		return studyfile__wrong(
			p, path, "%s; write an object as {\"no_progress\": 30}", json_kind(item));
	spec->has_stop = true;
	return studyfile__object(p, path, item, keys, (int)(sizeof(keys) / sizeof(*keys)), &spec->stop);
}
