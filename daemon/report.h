/* What the store thread and the compute workers tell the engine's thread. */
#ifndef KR_DAEMON_REPORT_H
#define KR_DAEMON_REPORT_H

#include "daemon/engine/job.h"
#include "daemon/engine/row.h"
#include "daemon/mail.h"

enum report_kind { REPORT_COMMITTED, REPORT_LOADED, REPORT_COMPUTED, REPORT_BACKED_UP };

struct report {
	struct mail mail;
	enum report_kind kind;
	union {
		struct {
			uint64_t group;
			enum kr_status status;
			const char *text;
		} committed;
		struct {
			uint64_t ticket;
			const struct row *rows;
			size_t n;
			bool done;
			enum kr_status status;
			const char *text;
		} loaded;
		struct {
			struct job *job;
		} computed;
		struct {
			const char *path;
			uint64_t bytes;
			struct kr_error error; /* code KR_OK: it is there */
		} backed_up;
	} u;
};

#endif
