/* Bytes that a client has not read: counted, bounded, given back. */
#include "daemon/unread.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"

enum { BODY = 1 << 20, MOST = UNREAD_MOST_BYTES / BODY };

static const uint8_t alice[] = {0, 1, 2, 3, 4}, bob[] = {0, 1, 2, 3, 5};
static char body[BODY];

static enum kr_status make(struct unread *u, zmq_msg_t *m, const uint8_t id[5], size_t len)
{
	return unread_message(u, m, id, 5, body, len, NULL);
}

static struct unread *new_unread(void)
{
	struct unread *u;

	assert_int_equal(unread_new(&u, NULL), KR_OK);
	return u;
}

static void a_client_has_its_share(void **state)
{
	struct unread *u = new_unread();
	zmq_msg_t m[MOST], other;

	(void)state;
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < MOST; i++)
			assert_int_equal(make(u, &m[i], alice, BODY), KR_OK);
		assert_int_equal(make(u, &other, alice, BODY), KR_OVERLOADED);
		/* small ones still go, and so do those of others */
		assert_int_equal(make(u, &other, alice, UNREAD_COUNTED), KR_OK);
		zmq_msg_close(&other);
		assert_int_equal(make(u, &other, bob, BODY), KR_OK);
		zmq_msg_close(&other);
		/* one that was read makes room for one */
		zmq_msg_close(&m[0]);
		assert_int_equal(make(u, &m[0], alice, BODY), KR_OK);
		assert_int_equal(make(u, &other, alice, BODY), KR_OVERLOADED);
		for (int i = 0; i < MOST; i++)
			zmq_msg_close(&m[i]);
	}
	unread_free(u);
}

static void a_message_has_the_body(void **state)
{
	static const size_t sizes[] = {0, 1, UNREAD_COUNTED, UNREAD_COUNTED + 1, BODY};
	struct unread *u = new_unread();
	zmq_msg_t m;

	(void)state;
	for (size_t i = 0; i < BODY; i++)
		body[i] = (char)(i * 7);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		assert_int_equal(make(u, &m, alice, sizes[i]), KR_OK);
		assert_int_equal(zmq_msg_size(&m), sizes[i]);
		assert_int_equal(memcmp(zmq_msg_data(&m), body, sizes[i]), 0);
		zmq_msg_close(&m);
	}
	unread_free(u);
}

/* What libzmq numbers one after another has counters of its own. */
static void neighbours_do_not_share(void **state)
{
	struct unread *u = new_unread();
	uint8_t id[5] = {0, 0x6b, 0x8b, 0, 0};
	zmq_msg_t m[MOST], other;

	(void)state;
	for (int i = 0; i < MOST; i++)
		assert_int_equal(make(u, &m[i], id, BODY), KR_OK);
	for (unsigned k = 1; k < 1 << 16; k++) {
		id[3] = (uint8_t)(k >> 8);
		id[4] = (uint8_t)k;
		assert_int_equal(make(u, &other, id, UNREAD_COUNTED + 1), KR_OK);
		zmq_msg_close(&other);
	}
	for (int i = 0; i < MOST; i++)
		zmq_msg_close(&m[i]);
	unread_free(u);
}

static void without_memory_nothing_is_counted(void **state)
{
	struct unread *u = new_unread();
	zmq_msg_t m;

	(void)state;
	for (int i = 0; i < 2 * MOST; i++) {
		kr_alloc_fail_at(1, 0);
		assert_int_equal(make(u, &m, alice, BODY), KR_ENOMEM);
	}
	kr_alloc_fail_at(0, 0);
	assert_int_equal(make(u, &m, alice, BODY), KR_OK);
	zmq_msg_close(&m);
	unread_free(u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_client_has_its_share),
		cmocka_unit_test(a_message_has_the_body),
		cmocka_unit_test(neighbours_do_not_share),
		cmocka_unit_test(without_memory_nothing_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
