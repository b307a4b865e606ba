/* ServerBackup: the one request that goes around the engine, which has no disk. The writer
 * makes the copy between its commits; here is who waits for it.
 *
 * One backup at a time. A repeat under the same request id waits with the first, or gets
 * its answer again. One thread owns it. */
#ifndef KR_DAEMON_BACKUP_H
#define KR_DAEMON_BACKUP_H

#include <stdbool.h>

#include "daemon/engine/event.h"
#include "daemon/report.h"
#include "proto/msg.h"

struct front;
struct writer;

struct backup {
	bool under_way, has_id;
	uint8_t id[MSG_ID_BYTES]; /* of the last one */
	struct route route;       /* who hears of it */
	enum kr_status status;
	struct kr_error why; /* not OK */
	uint64_t bytes;
};

/* Begins a backup, joins the one under way, or answers. */
void backup_request(struct backup *b, struct front *f, struct writer *w, const struct route *route,
	const struct msg_request *m);

/* It has ended: its client hears. r is given back to the writer. */
void backup_ended(struct backup *b, struct front *f, struct writer *w, struct report *r);

#endif
