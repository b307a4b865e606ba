/* Clients of a daemon: many that observe, one beside a fit, one on a large study, one that asks. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zmq.h>

#include "bench/load/client.h"
#include "bench/load/load.h"

/* ---- observe: many clients ---- */

void load_observe(const char *endpoint, int n_clients, uint64_t n_trials)
{
	void *context = zmq_ctx_new();
	struct client *clients = calloc((size_t)n_clients, sizeof(*clients));
	zmq_pollitem_t *items = calloc((size_t)n_clients, sizeof(*items));
	double *latency = calloc((size_t)n_clients * n_trials, sizeof(*latency)), began, took;
	size_t n_done = 0, n_all = (size_t)n_clients * n_trials;
	struct msg_reply r;

	if (!clients || !items || !latency)
		load_die("memory");
	for (int i = 0; i < n_clients; i++) {
		struct client *c = &clients[i];

		snprintf(c->study, sizeof(c->study), "observe-%d", i);
		c->socket = client_connect(context, endpoint);
		items[i] = (zmq_pollitem_t){.socket = c->socket, .events = ZMQ_POLLIN};
		client_create(c, (uint64_t)i);
		client_suggest(c, n_trials);
	}
	began = load_now_s();
	for (int i = 0; i < n_clients; i++)
		client_observe(&clients[i]);
	while (n_done < n_all) {
		if (zmq_poll(items, n_clients, CLIENT_WAIT_MS) <= 0)
			load_die("no answer in %d s", CLIENT_WAIT_MS / 1000);
		for (int i = 0; i < n_clients; i++) {
			if (!items[i].revents || !client_receive(&clients[i], &r))
				continue;
			latency[n_done++] = load_now_s() - clients[i].sent;
			if (clients[i].next < clients[i].n)
				client_observe(&clients[i]);
		}
	}
	took = load_now_s() - began;
	printf("{\"n\": %zu, \"seconds\": %.4f, \"rate\": %.1f, \"p50_us\": %.1f, \"p99_us\": %.1f}\n",
		n_all, took, (double)n_all / took, load_quantile_us(latency, n_all, 0.5),
		load_quantile_us(latency, n_all, 0.99));
	for (int i = 0; i < n_clients; i++)
		zmq_close(clients[i].socket);
	zmq_ctx_term(context);
	free(clients);
	free(items);
	free(latency);
}

/* ---- fit: one client, alone and beside a fit ---- */

/* n observes, one each 4 ms; or, with other, as long as no reply comes there. */
static size_t observe_paced(struct client *c, size_t n, void *other, double *latency)
{
	zmq_pollitem_t item = {.socket = other, .events = ZMQ_POLLIN};
	size_t done = 0;

	while (done < n && c->next < c->n) {
		latency[done++] = client_tell(c);
		if (other && zmq_poll(&item, 1, 4) > 0)
			break;
		if (!other)
			usleep(4000);
	}
	return done;
}

void load_fit(const char *endpoint, int points, uint64_t n_trials)
{
	void *context = zmq_ctx_new();
	struct client c = {.socket = client_connect(context, endpoint)};
	struct client fitting = {.socket = client_connect(context, endpoint)};
	struct msg_request m = {.method = METHOD_SUGGEST};
	double *alone = calloc(n_trials, sizeof(double)), *beside = calloc(n_trials, sizeof(double));
	double began;
	size_t n_alone, n_beside;
	struct msg_reply r;

	if (!alone || !beside)
		load_die("memory");
	snprintf(c.study, sizeof(c.study), "fit-%ld", (long)getpid());
	client_create(&c, 3);
	client_suggest(&c, n_trials);
	client_add(&c, points);
	n_alone = observe_paced(&c, n_trials / 2, NULL, alone);
	m.u.suggest = (struct msg_suggest){.study = c.study, .count = 1};
	began = load_now_s();
	client_send(&fitting, &m);
	n_beside = observe_paced(&c, n_trials / 2, fitting.socket, beside);
	client_wait(&fitting, &r);
	printf("{\"points\": %d, \"fit_ms\": %.1f, \"n_alone\": %zu, \"n_beside\": %zu, "
		   "\"alone_us\": [",
		points, 1e3 * (load_now_s() - began), n_alone, n_beside);
	for (size_t i = 0; i < n_alone; i++)
		printf("%s%.1f", i ? "," : "", 1e6 * alone[i]);
	printf("], \"beside_us\": [");
	for (size_t i = 0; i < n_beside; i++)
		printf("%s%.1f", i ? "," : "", 1e6 * beside[i]);
	puts("]}");
	zmq_close(c.socket);
	zmq_close(fitting.socket);
	zmq_ctx_term(context);
	free(alone);
	free(beside);
}

/* ---- large: one client on a study with many results ---- */

void load_large(const char *endpoint, int points, size_t steps)
{
	void *context = zmq_ctx_new();
	struct client c = {.socket = client_connect(context, endpoint)};
	double *tell = calloc(steps, sizeof(*tell)), began = load_now_s(), load_s, first_s, all = 0;

	if (!tell)
		load_die("memory");
	snprintf(c.study, sizeof(c.study), "large-%d", points);
	client_create(&c, 3);
	client_add(&c, points);
	load_s = load_now_s() - began;
	first_s = client_ask(&c);
	for (size_t i = 0; i < steps; i++) {
		tell[i] = client_tell(&c);
		all += tell[i] + client_ask(&c);
	}
	printf("{\"points\": %d, \"load_s\": %.3f, \"first_s\": %.3f, \"tell_us\": %.0f, "
		   "\"step_s\": %.4f}\n",
		points, load_s, first_s, load_quantile_us(tell, steps, 0.5), all / (double)steps);
	zmq_close(c.socket);
	zmq_ctx_term(context);
	free(tell);
}

/* ---- ask: cold, and prepared ---- */

/* Until the daemon computes nothing any more. */
static void wait_idle(struct client *c)
{
	struct msg_request m = {.method = METHOD_STATUS};
	struct msg_reply r;

	do {
		usleep(60 * 1000);
		client_send(c, &m);
		client_wait(c, &r);
	} while (r.u.status.running_jobs > 0);
}

/* A tell is a round trip and a commit. */
void load_ask(const char *endpoint, int points, size_t steps)
{
	void *context = zmq_ctx_new();
	struct client c = {.socket = client_connect(context, endpoint)};
	double *told = calloc(steps, sizeof(*told)), *cold = calloc(steps, sizeof(*cold));
	double *prepared = calloc(steps, sizeof(*prepared));

	if (!told || !cold || !prepared)
		load_die("memory");
	snprintf(c.study, sizeof(c.study), "ask-%d", points);
	client_create(&c, 3);
	client_add(&c, points);
	client_ask(&c);
	for (size_t i = 0; i < steps; i++) {
		client_tell(&c);
		cold[i] = client_ask(&c);
		told[i] = client_tell(&c);
		wait_idle(&c);
		prepared[i] = client_ask(&c);
	}
	printf("{\"points\": %d, \"tell_us\": %.1f, \"cold_us\": %.1f, \"prepared_us\": %.1f}\n",
		points, load_quantile_us(told, steps, 0.5), load_quantile_us(cold, steps, 0.5),
		load_quantile_us(prepared, steps, 0.5));
	zmq_close(c.socket);
	zmq_ctx_term(context);
	free(told);
	free(cold);
	free(prepared);
}
