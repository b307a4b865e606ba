#include "client/c/curve.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>
#include <zmq.h>

#include "client/c/error.h"

static bool given(const char *text)
{
	return text && text[0];
}

static enum krige_status read_server_key(struct curve *c, const char *key, struct krige_error *err)
{
	struct kr_error kr = {0};

	/* A file first: 40 characters may be a name. */
	if (access(key, F_OK) == 0) {
		if (keyfile_read(key, KEYFILE_PUBLIC, c->server, &kr) == KR_OK)
			return KRIGE_OK;
		return error_set(err, KRIGE_INVALID_ARGUMENT, "server key: %s", kr.text);
	}
	if (!keyfile_is_key(key, strlen(key)))
		return error_set(err, KRIGE_INVALID_ARGUMENT,
			"server key: '%.80s' is neither the 40 characters of a key nor the name of a file",
			key);
	memcpy(c->server, key, KEYFILE_SIZE);
	return KRIGE_OK;
}

static enum krige_status read_own_key(struct curve *c, const char *file, struct krige_error *err)
{
	struct kr_error kr = {0};

	if (keyfile_read(file, KEYFILE_SECRET, c->secret_key, &kr) != KR_OK)
		return error_set(err, KRIGE_INVALID_ARGUMENT, "%s", kr.text);
	if (!zmq_has("curve"))
		return error_set(err, KRIGE_INVALID_ARGUMENT,
			"this libzmq was built without CURVE: keys cannot be used with it");
	if (zmq_curve_public(c->public_key, c->secret_key) == 0)
		return KRIGE_OK;
	return error_set(err, KRIGE_INVALID_ARGUMENT,
		"key file '%.160s': not a key that libzmq takes; make a new pair with `krige keygen`",
		file);
}

enum krige_status curve_load(
	struct curve *c, const char *server_key, const char *key_file, struct krige_error *err)
{
	enum krige_status s;

	*c = (struct curve){.on = false};
	if (!given(server_key) && !given(key_file))
		return KRIGE_OK;
	if (!given(key_file))
		return error_set(err, KRIGE_INVALID_ARGUMENT,
			"a server key is given, and no key of this client: set KRIGE_KEY_FILE to the "
			"FILE.secret that `krige keygen FILE` makes");
	if (!given(server_key))
		return error_set(err, KRIGE_INVALID_ARGUMENT,
			"a key file is given, and no server key: set KRIGE_SERVER_KEY to the daemon's public "
			"key, which its log names");
	s = read_server_key(c, server_key, err);
	if (s == KRIGE_OK)
		s = read_own_key(c, key_file, err);
	c->on = s == KRIGE_OK;
	if (s != KRIGE_OK)
		curve_wipe(c);
	return s;
}

int curve_apply(const struct curve *c, void *socket)
{
	if (!c->on)
		return 0;
	return zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, c->server, KEYFILE_SIZE) ||
			zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, c->public_key, KEYFILE_SIZE) ||
			zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, c->secret_key, KEYFILE_SIZE)
		? -1
		: 0;
}

void curve_wipe(struct curve *c)
{
	sodium_memzero(c, sizeof(*c));
}

/* '#' begins comments in lists of keys, so a key does not. */
enum krige_status curve_make_pair(
	char public_key[KEYFILE_SIZE], char secret_key[KEYFILE_SIZE], struct krige_error *err)
{
	do
		if (zmq_curve_keypair(public_key, secret_key) != 0)
			return error_set(err, KRIGE_INTERNAL,
				"no keys can be made: %s; was this libzmq built without CURVE?",
				zmq_strerror(errno));
	while (public_key[0] == '#');
	return KRIGE_OK;
}
