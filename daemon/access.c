#include "daemon/access.h"

#include <string.h>

#include <sodium.h>
#include <zmq.h>

#include "base/alloc.h"

enum { NONCE_BYTES = 8, HASH_BYTES = MSG_ID_BYTES - NONCE_BYTES, SESSION_KEY_BYTES = 32 };

struct access {
	const char *allow_file;
	struct allow *allow;
	char secret_key[KEYFILE_SIZE], public_key[KEYFILE_SIZE];
	uint8_t session_key[SESSION_KEY_BYTES];
};

/* The public key and the key of the sessions. */
static enum kr_status derive(struct access *a, struct kr_error *err)
{
	static const char purpose[] = "kriged session tokens";

	if (!zmq_has("curve"))
		return kr_fail(err, KR_INVALID_ARGUMENT,
			"this libzmq was built without CURVE: keys cannot be used; listen on ipc or loopback "
			"without --secret-key");
	if (sodium_init() < 0 || zmq_curve_public(a->public_key, a->secret_key) != 0)
		return kr_fail(err, KR_INVALID_ARGUMENT,
			"the secret key is not one that libzmq takes; make a new pair with `krige keygen`");
	crypto_generichash(a->session_key, sizeof(a->session_key), (const uint8_t *)purpose,
		sizeof(purpose), (const uint8_t *)a->secret_key, KEYFILE_CHARS);
	return KR_OK;
}

enum kr_status access_open(
	struct access **out, const char *secret_file, const char *allow_file, struct kr_error *err)
{
	struct access *a = KR_NEW(struct access);
	enum kr_status s;

	if (!a)
		return kr_fail(err, KR_ENOMEM, "no memory for the keys");
	a->allow_file = allow_file;
	s = keyfile_read(secret_file, KEYFILE_SECRET, a->secret_key, err);
	if (s == KR_OK)
		s = derive(a, err);
	if (s == KR_OK)
		s = allow_read(&a->allow, allow_file, err);
	if (s == KR_OK)
		*out = a;
	else
		access_close(a);
	return s;
}

void access_close(struct access *a)
{
	if (!a)
		return;
	sodium_memzero(a->secret_key, sizeof(a->secret_key));
	sodium_memzero(a->session_key, sizeof(a->session_key));
	allow_free(a->allow);
	kr_free(a);
}

enum kr_status access_reload(struct access *a, struct kr_error *err)
{
	struct allow *fresh;
	enum kr_status s = allow_read(&fresh, a->allow_file, err);

	if (s != KR_OK)
		return s;
	allow_free(a->allow);
	a->allow = fresh;
	return KR_OK;
}

size_t access_count(const struct access *a)
{
	return allow_count(a->allow);
}

const char *access_secret(const struct access *a)
{
	return a->secret_key;
}

const char *access_public(const struct access *a)
{
	return a->public_key;
}

const struct allow_client *access_client(const struct access *a, const char *key)
{
	return allow_find(a->allow, key);
}

enum kr_status access_check(
	const struct access *a, const char *key, enum method m, struct kr_error *err)
{
	const struct allow_client *client = access_client(a, key);
	enum msg_role least = msg_method_role(m);

	if (!client)
		return kr_fail(err, KR_UNAUTHENTICATED,
			"the key %.40s is not in the daemon's allow-list any more", key);
	/* What is not known here is refused as such, by the version. */
	if (client->role >= least || !msg_method_known((unsigned)m))
		return KR_OK;
	return kr_fail(err, KR_FORBIDDEN,
		"'%s' has the role %s, and %s takes the role %s: the daemon's allow-list says so",
		client->name, msg_access_name(client->role), msg_method_name(m), msg_access_name(least));
}

static void hash(const struct access *a, const char *key, const uint8_t *nonce, uint8_t out[16])
{
	crypto_generichash_state st;

	crypto_generichash_init(&st, a->session_key, sizeof(a->session_key), 16);
	crypto_generichash_update(&st, (const uint8_t *)key, KEYFILE_CHARS);
	crypto_generichash_update(&st, nonce, NONCE_BYTES);
	crypto_generichash_final(&st, out, 16);
}

void access_new_session(const struct access *a, const char *key, uint8_t token[MSG_ID_BYTES])
{
	uint8_t mac[16];

	randombytes_buf(token, NONCE_BYTES);
	hash(a, key, token, mac);
	memcpy(token + NONCE_BYTES, mac, HASH_BYTES);
}

bool access_owns_session(const struct access *a, const char *key, const uint8_t token[MSG_ID_BYTES])
{
	uint8_t mac[16];

	hash(a, key, token, mac);
	return sodium_memcmp(mac, token + NONCE_BYTES, HASH_BYTES) == 0;
}
