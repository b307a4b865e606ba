/* The rule for the default socket, case by case. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/paths.h"

static void test_folder_order(void **state)
{
	static const struct {
		const char *runtime;
		bool run_user;
		const char *folder;
	} cases[] = {
		{"/run/user/7", true, "/run/user/7/kriged"},
		{"/srv/x", false, "/srv/x/kriged"},
		{"relative", true, "/run/user/1000/kriged"},
		{"", true, "/run/user/1000/kriged"},
		{NULL, true, "/run/user/1000/kriged"},
		{NULL, false, "/tmp/kriged-1000"},
	};
	char out[PATHS_SOCKET_MAX + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(
			paths_folder(out, sizeof(out), cases[i].runtime, cases[i].run_user, 1000, NULL), KR_OK);
		assert_string_equal(out, cases[i].folder);
	}
}

/* "/" + n characters + "/kriged/kriged.sock" is 20 + n bytes. */
static void test_length_limit(void **state)
{
	char dir[256], out[256];
	struct kr_error err;

	(void)state;
	memset(dir, 'd', sizeof(dir));
	dir[0] = '/';
	dir[1 + 87] = '\0';
	assert_int_equal(paths_folder(out, sizeof(out), dir, false, 1, &err), KR_OK);
	dir[1 + 87] = 'd';
	dir[1 + 88] = '\0';
	assert_int_equal(paths_folder(out, sizeof(out), dir, false, 1, &err), KR_INVALID_ARGUMENT);
	assert_string_equal(err.field, "endpoint");
}

static void test_endpoint_of_this_process(void **state)
{
	char out[128];

	(void)state;
	setenv("XDG_RUNTIME_DIR", "/run/here", 1);
	assert_int_equal(paths_default_endpoint(out, sizeof(out), NULL), KR_OK);
	assert_string_equal(out, "ipc:///run/here/kriged/kriged.sock");
	assert_int_equal(paths_default_endpoint(out, 10, NULL), KR_INVALID_ARGUMENT);
	assert_string_equal(paths_ipc("ipc:///a/b"), "/a/b");
	assert_null(paths_ipc("tcp://127.0.0.1:1"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_folder_order),
		cmocka_unit_test(test_length_limit),
		cmocka_unit_test(test_endpoint_of_this_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
