/* One client: a DEALER socket with one request under way. Whatever goes wrong ends the program. All
 * clients share one arena: what a reply points to is there until the next call. One thread. */
#ifndef KR_BENCH_LOAD_CLIENT_H
#define KR_BENCH_LOAD_CLIENT_H

#include "proto/msg.h"

enum { CLIENT_WAIT_MS = 120000 };

struct client {
	void *socket;
	char study[32];
	uint64_t next, n; /* trials told, and given */
	double sent;
};

/* A socket; the caller closes it. */
void *client_connect(void *context, const char *endpoint);

/* Gives m an id and sends it. */
void client_send(const struct client *c, struct msg_request *m);

/* r <- the reply; client_receive is false when none is there yet. */
bool client_receive(const struct client *c, struct msg_reply *r);
void client_wait(const struct client *c, struct msg_reply *r);

/* The study c->study. */
void client_create(struct client *c, uint64_t seed);

/* n running trials: numbers c->n .. c->n + n - 1. */
void client_suggest(struct client *c, uint64_t n);

/* n results without suggestions, of a function with one valley. */
void client_add(struct client *c, int n);

/* Sends the result of trial c->next; the reply is not waited for. */
void client_observe(struct client *c);

/* The same and the reply; seconds between them. */
double client_tell(struct client *c);

/* One suggestion, which is the next to be told; seconds from the request to the trial. */
double client_ask(struct client *c);

#endif
