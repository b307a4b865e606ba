/* A computation for a study: an immutable snapshot in, suggestions or
 * predictions out. Made by the engine, run by a compute worker (or by the
 * simulator), given back to the engine.
 *
 *   job_step until false; between steps the worker may give way to other jobs,
 *   and calls job_cut when the deadline has passed (then job_step until false,
 *   as ever: it settles what is there). One thread at a time works on a job. */
#ifndef KR_DAEMON_ENGINE_JOB_H
#define KR_DAEMON_ENGINE_JOB_H

#include <stdbool.h>
#include <stdint.h>

struct job;

uint64_t job_id(const struct job *j);

/* Whose turn it is: the fair queue turns over these. The computations of a study share one; its
 * replays have another, so that they don't hold it up, and so have those whose deadline came before
 * they began: they don't wait for a longer one. */
uint64_t job_study(const struct job *j);

/* Nobody waits for it (yet): it has its turn when no job waits for which somebody does. */
bool job_unasked(const struct job *j);

/* Run one unit. False when nothing is left. Never fails. */
bool job_step(struct job *j);

/* No more units. */
void job_cut(struct job *j);

/* For a shell that stops with jobs in its queue. */
void job_free(struct job *j);

#endif
