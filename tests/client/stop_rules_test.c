/* Stop rules as words: what is set, what is refused and leaves them alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "client/cli/stop_rules.h"

static void test_set(void **state)
{
	struct msg_stop_rules r = {0};
	struct kr_error err;

	(void)state;
	assert_int_equal(stop_rules_set(&r, "no_progress=20", &err), KR_OK);
	assert_int_equal(r.no_progress, 20);
	assert_int_equal(stop_rules_set(&r, "target=-1e-3", &err), KR_OK);
	assert_true(r.has_target && r.target == -1e-3);
	assert_int_equal(stop_rules_set(&r, "gain_relative=0.5", &err), KR_OK);
	assert_true(r.gain_relative == 0.5 && r.gain == 0);
	assert_int_equal(stop_rules_set(&r, "target=none", &err), KR_OK);
	assert_true(!r.has_target && r.target == 0);
	assert_int_equal(stop_rules_set(&r, "no_progress=none", &err), KR_OK);
	assert_int_equal(r.no_progress, 0);
}

static void test_refused(void **state)
{
	static const char *const words[] = {"no_progress=", "no_progress=0", "no_progress=-1",
		"no_progress=x", "target=", "target=best", "p_gain=1%", "progress=3", "=3", "gains=1"};
	const struct msg_stop_rules was = {
		.no_progress = 7, .has_target = true, .target = 2, .p_gain = 0.1};

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		struct msg_stop_rules r = was;
		struct kr_error err = {0};
		size_t name = (size_t)(strchr(words[i], '=') - words[i]);
		char said[40] = "stop.";

		assert_int_equal(stop_rules_set(&r, words[i], &err), KR_INVALID_ARGUMENT);
		assert_true(msg_stop_rules_equal(&r, &was));
		memcpy(said + 5, words[i], name);
		assert_non_null(strstr(err.text, said));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_set), cmocka_unit_test(test_refused)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
