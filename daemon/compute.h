/* The compute pool: workers that run one job each, one unit after another.
 *
 * Between units a job gives way to the study that has waited longest, so that one
 * long fit does not starve the others; one that nobody waits for (job_unasked) gives way to all
 * for which somebody does. Finished jobs arrive in the inbox as
 * struct report. The order of units changes when a job is done, never its result. */
#ifndef KR_DAEMON_COMPUTE_H
#define KR_DAEMON_COMPUTE_H

#include <stdint.h>

#include "base/status.h"
#include "daemon/report.h"

struct compute;

/* inbox is borrowed. Errors: KR_ENOMEM (memory or threads). */
enum kr_status compute_new(
	struct compute **out, int n_threads, struct mailbox *inbox, struct kr_error *err);

/* The job moves to the pool, also when this fails (it is freed then).
 * Errors: KR_ENOMEM. */
enum kr_status compute_submit(struct compute *c, struct job *j, struct kr_error *err);

/* The job's deadline has come: no unit of it begins any more. Unknown ids (the job
 * is done) are fine. Cost: linear in the jobs of the pool. */
void compute_cut(struct compute *c, uint64_t job);
void compute_cut_all(struct compute *c);

/* Somebody waits for a job that was unasked: it has its turn like others. */
void compute_raise(struct compute *c, uint64_t job);

/* After a report of REPORT_COMPUTED was taken: its job has an owner again. */
void compute_done(struct report *r);

/* Ends after the units that run; jobs left are freed. */
void compute_free(struct compute *c);

#endif
