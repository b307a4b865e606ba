/* What the files that read a study file share. Every function that reads takes the path of
 * the key, for messages, and fails like studyfile_parse. */
#ifndef KR_CLIENT_CLI_STUDYFILE_INTERNAL_H
#define KR_CLIENT_CLI_STUDYFILE_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "client/cli/json.h"
#include "client/cli/studyfile.h"

enum { STUDYFILE__PATH = 320 };

struct studyfile__parse {
	struct arena *a;
	const char *source;
	struct kr_error *err;
	struct msg_texts constraints; /* on outcomes */
};

/* A key of an object: how to read it; NULL: planned, refused unless it asks for nothing. */
struct studyfile__key {
	const char *name;
	enum kr_status (*read)(
		struct studyfile__parse *p, const char *path, const cJSON *item, void *out);
};

/* KR_INVALID_ARGUMENT, the field is path: "SOURCE: PATH: ...". */
enum kr_status studyfile__wrong(struct studyfile__parse *p, const char *path, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* KR_ENOMEM. */
enum kr_status studyfile__no_memory(struct studyfile__parse *p);

/* path.name; for messages, so a path too long for one is cut. */
const char *studyfile__join(char out[STUDYFILE__PATH], const char *path, const char *name);

/* Does the key of this item stand before it in the same object? */
bool studyfile__repeated(const cJSON *item);

/* Every key of an object through its row of keys; a key twice, or without a row, is refused. */
enum kr_status studyfile__object(struct studyfile__parse *p, const char *path, const cJSON *object,
	const struct studyfile__key *keys, int n_keys, void *out);

/* One value of a kind; a text is copied into the arena. */
enum kr_status studyfile__text(
	struct studyfile__parse *p, const char *path, const cJSON *item, const char **out);
enum kr_status studyfile__real(
	struct studyfile__parse *p, const char *path, const cJSON *item, double *out);
enum kr_status studyfile__bool(
	struct studyfile__parse *p, const char *path, const cJSON *item, bool *out);
enum kr_status studyfile__u64(
	struct studyfile__parse *p, const char *path, const cJSON *item, uint64_t *out);

/* The key "space": the parameters. out: struct msg_create_study. */
enum kr_status studyfile__space(
	struct studyfile__parse *p, const char *path, const cJSON *item, void *out);

/* The key "stop": the rules by which the study ends. out: struct msg_create_study. */
enum kr_status studyfile__stop(
	struct studyfile__parse *p, const char *path, const cJSON *item, void *out);

#endif
