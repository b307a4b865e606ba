/* A request: version "1.0", request id, domain, address, identity, mechanism "CURVE", the
 * client's public key (32 bytes). An answer: version, request id, code, text, user id,
 * metadata. The socket is a REP, which keeps the envelope. */
#include "daemon/zap.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <zmq.h>

#include "base/alloc.h"
#include "base/log.h"
#include "daemon/access.h"

enum {
	VERSION,
	REQUEST_ID,
	DOMAIN,
	ADDRESS,
	IDENTITY,
	MECHANISM,
	KEY,
	N_FRAMES,
	KEY_BYTES = 32,
	FRAME_BYTES = 256,
	AT_ONCE = 64
};

struct frame {
	size_t len;
	char text[FRAME_BYTES]; /* with a NUL after len */
};

struct zap {
	void *socket;
	const struct access *access;
	struct frame frames[N_FRAMES];
	int n_frames;
	uint64_t denied; /* since the last line in the log */
	time_t logged;
};

enum kr_status zap_open(
	struct zap **out, void *context, const struct access *access, struct kr_error *err)
{
	struct zap *z = KR_NEW(struct zap);
	int linger = 0;

	if (!z)
		return kr_fail(err, KR_ENOMEM, "no memory for the authentication");
	z->access = access;
	z->socket = zmq_socket(context, ZMQ_REP);
	if (!z->socket || zmq_setsockopt(z->socket, ZMQ_LINGER, &linger, sizeof(linger)) != 0 ||
		zmq_bind(z->socket, "inproc://zeromq.zap.01") != 0) {
		kr_fail(err, KR_EIO, "ZeroMQ authentication: %s", zmq_strerror(errno));
		zap_close(z);
		return KR_EIO;
	}
	*out = z;
	return KR_OK;
}

void zap_close(struct zap *z)
{
	if (!z)
		return;
	if (z->socket)
		zmq_close(z->socket);
	kr_free(z);
}

void *zap_socket(struct zap *z)
{
	return z->socket;
}

/* A whole request; frames beyond those of the protocol are counted only, and one that is
 * too long to be right is cut. False when there is none. */
static bool receive(struct zap *z)
{
	int more = 1;
	size_t size = sizeof(more);

	for (z->n_frames = 0; more; z->n_frames++) {
		struct frame *f = &z->frames[z->n_frames < N_FRAMES ? z->n_frames : N_FRAMES - 1];
		int n = zmq_recv(z->socket, f->text, FRAME_BYTES - 1, ZMQ_DONTWAIT);

		if (n < 0)
			return false;
		f->len = (size_t)n < FRAME_BYTES ? (size_t)n : FRAME_BYTES - 1;
		f->text[f->len] = '\0';
		if (zmq_getsockopt(z->socket, ZMQ_RCVMORE, &more, &size) != 0)
			more = 0;
	}
	return true;
}

static bool is(const struct frame *f, const char *text)
{
	return f->len == strlen(text) && memcmp(f->text, text, f->len) == 0;
}

static bool well_formed(const struct zap *z)
{
	return z->n_frames == N_FRAMES && is(&z->frames[VERSION], "1.0");
}

/* Once a second: whoever knocks with wrong keys does not fill the log. */
static void tell(struct zap *z, const char *key, const char *address)
{
	struct timespec now;

	z->denied++;
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (now.tv_sec == z->logged)
		return;
	z->logged = now.tv_sec;
	log_at(LOG_LEVEL_WARN, "connections denied: not in the allow-list",
		"n=%llu last_key=\"%s\" last_address=\"%.64s\"", (unsigned long long)z->denied, key,
		address);
	z->denied = 0;
}

static void reply(struct zap *z, const char *code, const char *text, const char *user)
{
	const struct frame *id = &z->frames[REQUEST_ID];

	/* A REP never refuses the answer to what it has just received. */
	zmq_send(z->socket, "1.0", 3, ZMQ_SNDMORE);
	zmq_send(z->socket, id->text, z->n_frames > REQUEST_ID ? id->len : 0, ZMQ_SNDMORE);
	zmq_send(z->socket, code, strlen(code), ZMQ_SNDMORE);
	zmq_send(z->socket, text, strlen(text), ZMQ_SNDMORE);
	zmq_send(z->socket, user, strlen(user), ZMQ_SNDMORE);
	zmq_send(z->socket, "", 0, 0);
}

static void answer(struct zap *z)
{
	char key[KEYFILE_SIZE] = "";

	if (!well_formed(z)) {
		tell(z, "malformed request", "");
		reply(z, "500", "malformed request", "");
		return;
	}
	if (!is(&z->frames[MECHANISM], "CURVE") || z->frames[KEY].len != KEY_BYTES ||
		!zmq_z85_encode(key, (const uint8_t *)z->frames[KEY].text, KEY_BYTES)) {
		tell(z, "no key", z->frames[ADDRESS].text);
		reply(z, "400", "a key is needed", "");
		return;
	}
	if (access_client(z->access, key)) {
		reply(z, "200", "OK", key);
		return;
	}
	tell(z, key, z->frames[ADDRESS].text);
	reply(z, "400", "unknown key", "");
}

void zap_answer(struct zap *z)
{
	for (int i = 0; i < AT_ONCE && receive(z); i++)
		answer(z);
}
