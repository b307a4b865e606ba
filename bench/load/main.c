/* Load generator of `./dev bench service` and `./dev bench large`. A mode prints one line of JSON.
 *
 *   service_load observe ENDPOINT CLIENTS TRIALS   durable observes, closed loop
 *   service_load fit ENDPOINT POINTS TRIALS        observes alone, and beside a fit
 *   service_load fill FILE STUDIES TRIALS          a database as single asks and tells leave it
 *   service_load large ENDPOINT POINTS STEPS       many results handed in, then tells and asks
 *   service_load ask ENDPOINT POINTS STEPS         asks right after a tell, and when one is prepared
 *   service_load bare FROM TO GROUP                the results in FROM, committed by a bare loop
 *
 * One thread drives all clients: a client is a DEALER with one request under way. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "bench/load/load.h"

void load_die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

double load_now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double load_quantile_us(double *seconds, size_t n, double q)
{
	qsort(seconds, n, sizeof(*seconds), by_size);
	return n ? 1e6 * seconds[(size_t)(q * (double)(n - 1) + 0.5)] : 0;
}

struct msg_spec load_spec(uint64_t seed, double lease_s)
{
	static char names[LOAD_DIMS][8];
	static struct msg_param params[LOAD_DIMS];
	static const struct msg_metric metric = {.name = "y", .role = METRIC_MINIMIZE};

	for (int i = 0; i < LOAD_DIMS; i++) {
		snprintf(names[i], sizeof(names[i]), "x%d", i);
		params[i] = (struct msg_param){.name = names[i],
			.kind = PARAM_FLOAT,
			.has_low = true,
			.has_high = true,
			.low = 0,
			.high = 1};
	}
	return (struct msg_spec){.n_params = LOAD_DIMS,
		.params = params,
		.n_metrics = 1,
		.metrics = &metric,
		.has_seed = true,
		.seed = seed,
		.has_lease = true,
		.lease_s = lease_s};
}

int main(int argc, char **argv)
{
	const char *mode = argc == 5 ? argv[1] : "";

	log_set_level(LOG_LEVEL_ERROR);
	if (strcmp(mode, "observe") == 0)
		load_observe(argv[2], atoi(argv[3]), strtoull(argv[4], NULL, 10));
	else if (strcmp(mode, "fit") == 0)
		load_fit(argv[2], atoi(argv[3]), strtoull(argv[4], NULL, 10));
	else if (strcmp(mode, "fill") == 0)
		load_fill(argv[2], strtoull(argv[3], NULL, 10), strtoull(argv[4], NULL, 10));
	else if (strcmp(mode, "large") == 0)
		load_large(argv[2], atoi(argv[3]), strtoull(argv[4], NULL, 10));
	else if (strcmp(mode, "ask") == 0)
		load_ask(argv[2], atoi(argv[3]), strtoull(argv[4], NULL, 10));
	else if (strcmp(mode, "bare") == 0)
		load_bare(argv[2], argv[3], atoi(argv[4]));
	else
		load_die("usage: see the head of bench/load/main.c");
	return 0;
}
