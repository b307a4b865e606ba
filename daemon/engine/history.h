/* The observations of a study, in the order of their events: values of the
 * point, the trial, the metrics and their standard errors. In reference-counted chunks, so that
 * a view for a computation costs a pointer a chunk and stays as it is while the
 * study goes on: observations are appended, and a correction copies the chunks that
 * views share. Counts change on the engine's thread only; another thread may gather
 * from a view, because what a view covers is never written again. */
#ifndef KR_DAEMON_ENGINE_HISTORY_H
#define KR_DAEMON_ENGINE_HISTORY_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct history_chunk;

struct history {
	int d, n_metrics;
	size_t n;
	struct history_chunk **chunks;
	size_t n_chunks, cap;
};

/* The first n observations of a history. */
struct history_view {
	int d, n_metrics;
	size_t n;
	struct history_chunk **chunks;
	size_t n_chunks;
};

/* Empty, for points of d values and results of n_metrics. Views may outlive history_fini. */
void history_init(struct history *h, int d, int n_metrics);
void history_fini(struct history *h);

/* Room for `extra` more. Errors: KR_ENOMEM. */
enum kr_status history_reserve(struct history *h, size_t extra, struct kr_error *err);

/* values: d numbers, of trial `number`; metrics and sems (NULL: none): n_metrics; all copied.
 * The room has been reserved. */
void history_append(struct history *h, uint64_t number, const double *values, const double *metrics,
	const double *sems);

/* The trial of the i-th observation. */
uint64_t history_trial(const struct history *h, size_t i);

/* Where the observation of a trial is; h->n when it has none. Linear. */
size_t history_find(const struct history *h, uint64_t number);

/* Make the observations first .. last (below n) safe to change: chunks that views share are
 * copied. Errors: KR_ENOMEM. */
enum kr_status history_own(struct history *h, size_t first, size_t last, struct kr_error *err);

/* Another result for the i-th; it is owned. */
void history_set(struct history *h, size_t i, const double *metrics, const double *sems);

/* Without the i-th, the others in their order; i to the last are owned. Linear. */
void history_remove(struct history *h, size_t i);

/* Errors: KR_ENOMEM. */
enum kr_status history_view(
	const struct history *h, struct history_view *out, struct kr_error *err);
void history_view_fini(struct history_view *v);

/* X: n x d values, point after point; Y: n outcomes, metric after metric; S: their standard
 * errors likewise, NaN where there is none. Any thread. */
void history_gather(const struct history_view *v, double *X, double *Y, double *S);

/* The trial of the i-th observation of a view. Any thread. */
uint64_t history_view_trial(const struct history_view *v, size_t i);

#endif
