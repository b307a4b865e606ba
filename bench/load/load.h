/* What the files of the load generator share: what a study is, how time is told, and the modes. */
#ifndef KR_BENCH_LOAD_H
#define KR_BENCH_LOAD_H

#include <stddef.h>
#include <stdint.h>

#include "proto/msg.h"

enum { LOAD_DIMS = 6 };

/* Say what is wrong, and end. */
void load_die(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

/* Seconds from some moment on. */
double load_now_s(void);

/* The q-quantile of n latencies (seconds) in microseconds, 0 of none; sorts them. */
double load_quantile_us(double *seconds, size_t n, double q);

/* Numbers x0, x1, ... in the unit cube, y to minimize; until the next call. */
struct msg_spec load_spec(uint64_t seed, double lease_s);

/* ---- traffic.c: clients of a daemon ---- */

void load_observe(const char *endpoint, int n_clients, uint64_t n_trials);
void load_fit(const char *endpoint, int points, uint64_t n_trials);
void load_large(const char *endpoint, int points, size_t steps);
void load_ask(const char *endpoint, int points, size_t steps);

/* ---- file.c: databases without a daemon ---- */

void load_fill(const char *file, uint64_t n_studies, uint64_t n_trials);
void load_bare(const char *from, const char *to, int group);

#endif
