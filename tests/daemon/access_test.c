/* Keys, roles, sessions, and the questions of libzmq (ZAP). */
#include "daemon/access.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <zmq.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/rng.h"
#include "daemon/allow.h"
#include "daemon/zap.h"

static char folder[] = "/tmp/kriged-test-XXXXXX";

struct pair {
	char public_key[KEYFILE_SIZE], secret_key[KEYFILE_SIZE];
};

static struct pair daemon_key, admin, worker, viewer, stranger;

static const char *path_of(const char *name)
{
	static char path[2][256];
	static int turn;

	turn = !turn;
	snprintf(path[turn], sizeof(path[turn]), "%s/%s", folder, name);
	return path[turn];
}

static const char *write_file(const char *name, const char *text)
{
	const char *path = path_of(name);
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	assert_int_equal(chmod(path, 0600), 0);
	return path;
}

static const char *standard_list(void)
{
	static char text[400];

	snprintf(text, sizeof(text), "# clients\n%s admin alice\n  %s worker gpu-3\n\n%s\tviewer tv\n",
		admin.public_key, worker.public_key, viewer.public_key);
	return text;
}

static struct access *open_access(void)
{
	char secret[100];
	static char list[256];
	struct access *a;
	struct kr_error err;

	snprintf(secret, sizeof(secret), "secret %s\n", daemon_key.secret_key);
	snprintf(list, sizeof(list), "%s", write_file("allow", standard_list()));
	if (access_open(&a, write_file("server.secret", secret), list, &err) != KR_OK)
		fail_msg("%s", err.text);
	return a;
}

/* ---- the list ---- */

static void the_list_says_who_is_who(void **state)
{
	struct access *a = open_access();

	(void)state;
	assert_int_equal(access_count(a), 3);
	assert_string_equal(access_public(a), daemon_key.public_key);
	assert_string_equal(access_client(a, worker.public_key)->name, "gpu-3");
	assert_int_equal(access_client(a, admin.public_key)->role, MSG_ROLE_ADMIN);
	assert_null(access_client(a, stranger.public_key));
	assert_null(access_client(a, ""));
	assert_null(access_client(a, worker.secret_key));
	access_close(a);
}

static void assert_bad_list(const char *text, const char *words)
{
	struct allow *a;
	struct kr_error err = {0};

	if (allow_read(&a, write_file("bad", text), &err) == KR_OK || !strstr(err.text, words))
		fail_msg("'%s': %s", text, err.text);
}

static void bad_lists_are_named(void **state)
{
	char text[1000], *long_line = malloc(2000);
	struct kr_error err = {0};
	struct allow *a;

	(void)state;
	assert_bad_list("hello\n", "line 1: a line is KEY ROLE NAME");
	assert_bad_list("\n# x\nabc admin me\n", "line 3: a key has 40 characters");
	snprintf(text, sizeof(text), "%s boss me\n", admin.public_key);
	assert_bad_list(text, "a role is admin, worker or viewer, not 'boss'");
	snprintf(text, sizeof(text), "%s admin me too\n", admin.public_key);
	assert_bad_list(text, "three words");
	snprintf(text, sizeof(text), "%s admin\n", admin.public_key);
	assert_bad_list(text, "three words");
	snprintf(text, sizeof(text), "%s admin a\n%s viewer b\n", admin.public_key, admin.public_key);
	assert_bad_list(text, "twice, as");
	snprintf(text, sizeof(text), "%s admin \"x\n", admin.public_key);
	assert_bad_list(text, "no quotes");
	snprintf(text, sizeof(text), "%s admin %065d\n", admin.public_key, 0);
	assert_bad_list(text, "at most 64");
	memset(long_line, 'x', 1999);
	long_line[1999] = '\0';
	assert_bad_list(long_line, "over 510 bytes");
	free(long_line);
	assert_int_equal(allow_read(&a, path_of("none"), &err), KR_NOT_FOUND);
	assert_int_equal(allow_read(&a, folder, &err), KR_NOT_FOUND);
	chmod(write_file("open", ""), 0622);
	assert_int_equal(allow_read(&a, path_of("open"), &err), KR_FORBIDDEN);
	assert_non_null(strstr(err.text, "chmod go-w"));
}

/* Whatever is in the file: a list, or a sentence about a line. */
static void noise_is_no_list(void **state)
{
	struct rng g = rng_make(20261123, 1, 1, 0);
	char text[600];

	(void)state;
	print_message("seed 20261123\n");
	for (int round = 0; round < 300; round++) {
		size_t len = rng_below(&g, sizeof(text) - 200), at = len ? rng_below(&g, (uint32_t)len) : 0;
		struct kr_error err = {0};
		struct allow *a;
		enum kr_status s;

		snprintf(text, sizeof(text), "%s", standard_list());
		for (size_t i = strlen(text); i < len; i++)
			text[i] = (char)rng_below(&g, 256);
		if (round % 2 && len)
			text[at] = (char)rng_below(&g, 256);
		text[len] = '\0';
		s = allow_read(&a, write_file("noise", text), &err);
		if (s == KR_OK)
			allow_free(a);
		else if (s != KR_INVALID_ARGUMENT || strncmp(err.text, "allow-list '", 12) != 0)
			fail_msg("round %d: %s", round, err.text);
	}
}

/* '#' is in the alphabet of keys as well. */
static void a_key_may_begin_like_a_comment(void **state)
{
	char key[] = "#23456789#123456789#123456789#123456789#", text[200];
	struct allow *a;
	struct kr_error err;

	(void)state;
	snprintf(text, sizeof(text), "#comment\n#\n%s viewer x\n", key + 1);
	assert_bad_list(text, "line 3: a key has 40");
	key[KEYFILE_CHARS] = '\0';
	snprintf(text, sizeof(text), "#comment\n# %s viewer no\n%s viewer x", key, key);
	assert_int_equal(allow_read(&a, write_file("list", text), &err), KR_OK);
	assert_int_equal(allow_count(a), 1);
	assert_string_equal(allow_find(a, key)->name, "x");
	allow_free(a);
}

static void a_broken_list_leaves_the_old_one(void **state)
{
	struct access *a = open_access();
	struct kr_error err;
	char text[100];

	(void)state;
	write_file("allow", "nonsense\n");
	assert_int_equal(access_reload(a, &err), KR_INVALID_ARGUMENT);
	assert_int_equal(access_count(a), 3);
	assert_non_null(access_client(a, admin.public_key));
	snprintf(text, sizeof(text), "%s viewer alice\n", admin.public_key);
	write_file("allow", text);
	assert_int_equal(access_reload(a, &err), KR_OK);
	assert_int_equal(access_client(a, admin.public_key)->role, MSG_ROLE_VIEWER);
	assert_null(access_client(a, worker.public_key));
	access_close(a);
}

static void allocations_may_fail(void **state)
{
	struct kr_error err;
	struct access *a = open_access();

	(void)state;
	for (long n = 1;; n++) {
		enum kr_status s;

		kr_alloc_fail_at(n, 0);
		s = access_reload(a, &err);
		kr_alloc_fail_at(0, 0);
		assert_int_equal(access_count(a), 3);
		if (s == KR_OK)
			break;
		assert_int_equal(s, KR_ENOMEM);
	}
	access_close(a);
}

/* ---- roles ---- */

static void roles_hold_for_every_method(void **state)
{
	struct access *a = open_access();
	struct kr_error err = {0};

	(void)state;
#define METHOD(NAME, name, number, mutates, role)                                       \
	assert_int_equal(access_check(a, admin.public_key, METHOD_##NAME, &err), KR_OK);    \
	assert_int_equal(                                                                   \
		access_check(a, stranger.public_key, METHOD_##NAME, &err), KR_UNAUTHENTICATED); \
	assert_int_equal(access_check(a, worker.public_key, METHOD_##NAME, &err) == KR_OK,  \
		MSG_ROLE_##role <= MSG_ROLE_WORKER);                                            \
	assert_int_equal(access_check(a, viewer.public_key, METHOD_##NAME, &err) == KR_OK,  \
		MSG_ROLE_##role <= MSG_ROLE_VIEWER);                                            \
	if (mutates)                                                                        \
		assert_int_equal(access_check(a, viewer.public_key, METHOD_##NAME, &err), KR_FORBIDDEN);
#include "proto/method_list.def"
#undef METHOD
	assert_int_equal(access_check(a, worker.public_key, METHOD_DELETE_STUDY, &err), KR_FORBIDDEN);
	assert_non_null(strstr(err.text, "'gpu-3' has the role worker, and delete_study takes"));
	/* a method of a newer daemon: that it is not known is the better answer */
	assert_int_equal(access_check(a, worker.public_key, (enum method)60000, &err), KR_OK);
	assert_int_equal(
		access_check(a, stranger.public_key, (enum method)60000, &err), KR_UNAUTHENTICATED);
	access_close(a);
}

/* ---- sessions ---- */

static void a_token_is_its_keys_own(void **state)
{
	struct access *a = open_access(), *again;
	uint8_t one[16], two[16];

	(void)state;
	access_new_session(a, worker.public_key, one);
	access_new_session(a, worker.public_key, two);
	assert_memory_not_equal(one, two, 16);
	assert_true(access_owns_session(a, worker.public_key, one));
	assert_true(access_owns_session(a, worker.public_key, two));
	assert_false(access_owns_session(a, admin.public_key, one));
	for (int bit = 0; bit < 128; bit++) {
		memcpy(two, one, 16);
		two[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_false(access_owns_session(a, worker.public_key, two));
	}
	again = open_access(); /* as after a restart */
	assert_true(access_owns_session(again, worker.public_key, one));
	access_close(again);
	access_close(a);
}

/* ---- ZAP ---- */

struct zap_fixture {
	void *context, *asker;
	struct access *access;
	struct zap *zap;
};

static struct zap_fixture zap_begin(void)
{
	struct zap_fixture f = {.context = zmq_ctx_new(), .access = open_access()};
	struct kr_error err;
	int wait = 2000, linger = 0;

	if (zap_open(&f.zap, f.context, f.access, &err) != KR_OK)
		fail_msg("%s", err.text);
	f.asker = zmq_socket(f.context, ZMQ_DEALER);
	zmq_setsockopt(f.asker, ZMQ_RCVTIMEO, &wait, sizeof(wait));
	zmq_setsockopt(f.asker, ZMQ_LINGER, &linger, sizeof(linger));
	assert_int_equal(zmq_connect(f.asker, "inproc://zeromq.zap.01"), 0);
	return f;
}

static void zap_end(struct zap_fixture *f)
{
	zmq_close(f->asker);
	zap_close(f->zap);
	zmq_ctx_term(f->context);
	access_close(f->access);
}

/* A question of n frames; NULL stands for the 32 bytes of key. */
static void ask(struct zap_fixture *f, const char *const *frames, int n, const char *key)
{
	uint8_t raw[32];

	zmq_z85_decode(raw, key);
	zmq_send(f->asker, "", 0, n ? ZMQ_SNDMORE : 0);
	for (int i = 0; i < n; i++) {
		const void *p = frames[i] ? (const void *)frames[i] : raw;

		zmq_send(f->asker, p, frames[i] ? strlen(frames[i]) : 32, i < n - 1 ? ZMQ_SNDMORE : 0);
	}
	zap_answer(f->zap);
}

/* The code and the user id of the answer, which has the right shape. */
static void take(struct zap_fixture *f, char code[8], char user[64], char id[64])
{
	char frames[7][64] = {""};
	int more = 1, n = 0;
	size_t size = sizeof(more);

	for (; more; n++) {
		int len = zmq_recv(f->asker, frames[n], 63, 0);

		assert_true(len >= 0 && n < 7);
		frames[n][len < 63 ? len : 63] = '\0';
		zmq_getsockopt(f->asker, ZMQ_RCVMORE, &more, &size);
	}
	assert_int_equal(n, 7); /* with the delimiter */
	assert_string_equal(frames[1], "1.0");
	memcpy(id, frames[2], strlen(frames[2]) + 1);
	memcpy(code, frames[3], strlen(frames[3]) + 1);
	memcpy(user, frames[5], strlen(frames[5]) + 1);
}

static void who_is_in_the_list_gets_in(void **state)
{
	static const char *const question[] = {"1.0", "17", "kriged", "10.0.0.7", "", "CURVE", NULL};
	struct zap_fixture f = zap_begin();
	char code[8], user[64], id[64];

	(void)state;
	ask(&f, question, 7, worker.public_key);
	take(&f, code, user, id);
	assert_string_equal(code, "200");
	assert_string_equal(user, worker.public_key);
	assert_string_equal(id, "17");
	ask(&f, question, 7, stranger.public_key);
	take(&f, code, user, id);
	assert_string_equal(code, "400");
	assert_string_equal(user, "");
	assert_string_equal(id, "17");
	zap_end(&f);
}

static void every_malformed_question_is_denied(void **state)
{
	static const char *const bad[][9] = {
		{"1.0"},
		{"1.0", "1"},
		{"", "", "", "", "", ""},
		{"2.0", "1", "kriged", "a", "", "CURVE", "short"},
		{"1.0", "1", "kriged", "a", "", "CURVE", "short"},
		{"1.0", "1", "kriged", "a", "", "PLAIN", "user", "password"},
		{"1.0", "1", "kriged", "a", "", "NULL"},
		{"1.0", "1", "kriged", "a", "", "NULL", "0123456789abcdef0123456789abcdef"},
		{"1.0", "1", "kriged", "a", "", "CURVE", "0123456789abcdef0123456789abcdef", "more"},
	};
	struct zap_fixture f = zap_begin();
	char code[8], user[64], id[64];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		int n = 0;

		while (n < 9 && bad[i][n])
			n++;
		ask(&f, bad[i], n, worker.public_key);
		take(&f, code, user, id);
		if (code[0] != '4' && code[0] != '5')
			fail_msg("question %zu got %s", i, code);
		assert_string_equal(user, "");
	}
	zap_end(&f);
}

static void garbage_is_denied(void **state)
{
	struct zap_fixture f = zap_begin();
	struct rng g = rng_make(20261123, 0, 1, 0);
	char code[8], user[64], id[64];
	static uint8_t noise[3000];

	(void)state;
	print_message("seed 20261123\n");

	(void)state;
	for (int round = 0; round < 300; round++) {
		int n = 1 + (int)(rng_uniform(&g) * 12);

		zmq_send(f.asker, "", 0, ZMQ_SNDMORE);
		for (int i = 0; i < n; i++) {
			size_t len = (size_t)(rng_uniform(&g) * (round % 7 ? 40 : sizeof(noise)));

			for (size_t k = 0; k < len; k++)
				noise[k] = (uint8_t)(rng_uniform(&g) * 256);
			zmq_send(f.asker, noise, len, i < n - 1 ? ZMQ_SNDMORE : 0);
		}
		zap_answer(f.zap);
		take(&f, code, user, id);
		if (strcmp(code, "500") != 0)
			fail_msg("seed 20261123, round %d: %s", round, code);
	}
	zap_end(&f);
}

static int set_up(void **state)
{
	struct pair *all[] = {&daemon_key, &admin, &worker, &viewer, &stranger};

	(void)state;
	log_set_level(LOG_LEVEL_ERROR); /* denials are told at most once a second, as warnings */
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (zmq_curve_keypair(all[i]->public_key, all[i]->secret_key) != 0)
			return -1;
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st, (void)kind, (void)at;
	return remove(path);
}

static int tear_down(void **state)
{
	(void)state;
	return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_list_says_who_is_who),
		cmocka_unit_test(bad_lists_are_named),
		cmocka_unit_test(noise_is_no_list),
		cmocka_unit_test(a_key_may_begin_like_a_comment),
		cmocka_unit_test(a_broken_list_leaves_the_old_one),
		cmocka_unit_test(allocations_may_fail),
		cmocka_unit_test(roles_hold_for_every_method),
		cmocka_unit_test(a_token_is_its_keys_own),
		cmocka_unit_test(who_is_in_the_list_gets_in),
		cmocka_unit_test(every_malformed_question_is_denied),
		cmocka_unit_test(garbage_is_denied),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
