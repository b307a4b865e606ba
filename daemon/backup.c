#include "daemon/backup.h"

#include <string.h>

#include "base/log.h"
#include "daemon/front.h"
#include "daemon/writer.h"

static void answer(struct backup *b, struct front *f)
{
	struct msg_reply reply = {.method = METHOD_SERVER_BACKUP};

	if (b->status != KR_OK) {
		front_refuse(f, &b->route, &b->why);
		return;
	}
	reply.u.server_backup.bytes = b->bytes;
	front_answer(f, &b->route, &reply);
}

static void refuse(struct front *f, const struct route *route, const struct kr_error *err)
{
	struct route to = *route;

	front_refuse(f, &to, err);
}

/* Paths go into the log, a line each. */
static enum kr_status check_path(const char *path, struct kr_error *err)
{
	for (const char *p = path; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f || *p == '"')
			return kr_fail_field(err, KR_INVALID_ARGUMENT, "path",
				"path has a quote or a control character at byte %zu; give a plain name",
				(size_t)(p - path));
	return KR_OK;
}

void backup_request(struct backup *b, struct front *f, struct writer *w, const struct route *route,
	const struct msg_request *m)
{
	bool repeat = b->has_id && memcmp(b->id, m->meta.request_id, MSG_ID_BYTES) == 0;
	struct kr_error err = {0};

	if (repeat) {
		b->route = *route; /* the connection before it was given up */
		if (!b->under_way)
			answer(b, f);
		return;
	}
	if (b->under_way) {
		kr_fail(&err, KR_CONFLICT, "another backup is under way; try again when it has ended");
		refuse(f, route, &err);
		return;
	}
	if (check_path(m->u.server_backup.path, &err) != KR_OK ||
		writer_backup(w, m->u.server_backup.path, &err) != KR_OK) {
		refuse(f, route, &err);
		return;
	}
	b->under_way = b->has_id = true;
	memcpy(b->id, m->meta.request_id, MSG_ID_BYTES);
	b->route = *route;
}

void backup_ended(struct backup *b, struct front *f, struct writer *w, struct report *r)
{
	b->under_way = false;
	b->status = r->u.backed_up.error.code;
	b->why = r->u.backed_up.error;
	b->bytes = r->u.backed_up.bytes;
	if (b->status == KR_OK)
		log_at(LOG_LEVEL_INFO, "backed up", "file=\"%s\" bytes=%llu", r->u.backed_up.path,
			(unsigned long long)b->bytes);
	else
		log_at(LOG_LEVEL_WARN, "backup failed", "file=\"%s\" code=%s err=\"%s\"",
			r->u.backed_up.path, kr_status_name(b->status), b->why.text);
	answer(b, f);
	writer_backup_done(w, r);
}
