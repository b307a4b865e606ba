/* Status: how the daemon is. Counts cover the studies that are not deleted. */
#include "daemon/engine/call.h"

enum kr_status handle_status(struct call *c, struct kr_error *err)
{
	const struct engine *e = c->e;
	struct msg_status_reply *r = &c->reply.u.status;

	(void)err;
	c->of_all = true;
	*r = (struct msg_status_reply){
		.version = e->o.version,
		.uptime_ms = (uint64_t)(e->now.now_ns - e->start_ns) / 1000000,
		.waiting_suggests = e->n_waiting,
		.running_jobs = e->n_jobs,
		.requests = e->n_requests,
		.commits = e->n_commits,
		.committed_events = e->n_events,
		.failed_commits = e->n_failed,
		.durable = e->o.durable,
		.blas_core = e->o.blas_core,
		.sqlite_version = e->sqlite_version,
		.rss_bytes = e->rss_bytes,
		.db_bytes = e->db_bytes,
		.wal_bytes = e->wal_bytes,
		.threads = e->o.threads,
	};
	for (size_t id = 0; id < e->studies.n_ids; id++) {
		const struct study *s = e->studies.by_id[id];

		if (!s || s->reloading || s->now.state == STUDY_DELETED)
			continue;
		r->studies++;
		for (int state = 0; state < TRIAL_N_STATES; state++)
			r->trials[state] += s->now.counts[state];
	}
	return KR_OK;
}
