#include "proto/msg.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* The words that clients print and JSON carries. */
static void names(void **state)
{
	(void)state;
	assert_string_equal(msg_trial_state_name(TRIAL_QUEUED), "QUEUED");
	assert_string_equal(msg_trial_state_name(TRIAL_CANCELLED), "CANCELLED");
	assert_string_equal(msg_study_state_name(STUDY_FINISHED), "FINISHED");
	assert_string_equal(msg_metric_role_name(METRIC_MINIMIZE), "minimize");
	assert_string_equal(msg_param_kind_name(PARAM_CATEGORICAL), "categorical");
	assert_string_equal(msg_method_name(METHOD_ADD_TRIALS), "add_trials");
}

static void outside_the_enum_is_a_question_mark(void **state)
{
	(void)state;
	assert_string_equal(msg_trial_state_name((enum trial_state)0), "?");
	assert_string_equal(msg_trial_state_name(TRIAL_N_STATES), "?");
	assert_string_equal(msg_study_state_name((enum study_state) - 1), "?");
	assert_string_equal(msg_metric_role_name((enum metric_role)99), "?");
	assert_string_equal(msg_param_kind_name((enum param_kind)0), "?");
	assert_string_equal(msg_method_name((enum method)0), "?");
}

/* What changes state needs a request id; a heartbeat is kept in memory only. */
static void methods_that_change_state(void **state)
{
	(void)state;
	assert_true(msg_method_mutates(METHOD_CREATE_STUDY));
	assert_true(msg_method_mutates(METHOD_SUGGEST));
	assert_true(msg_method_mutates(METHOD_OBSERVE));
	assert_false(msg_method_mutates(METHOD_HEARTBEAT));
	assert_false(msg_method_mutates(METHOD_PING));
	assert_false(msg_method_mutates((enum method)1000));
	assert_true(msg_method_known(METHOD_REPLAY));
	assert_false(msg_method_known(0));
	assert_false(msg_method_known(65535));
}

/* 1, 1.0, "1", true and null are five values. */
static void scalars_are_told_apart_by_type(void **state)
{
	static const struct msg_scalar s[] = {
		{.kind = SCALAR_INT, .i = 1},
		{.kind = SCALAR_REAL, .r = 1},
		{.kind = SCALAR_STRING, .s = "1"},
		{.kind = SCALAR_BOOL, .b = true},
		{.kind = SCALAR_NULL},
	};
	const struct msg_scalar zero = {.kind = SCALAR_REAL, .r = 0.0};
	const struct msg_scalar minus = {.kind = SCALAR_REAL, .r = -0.0};

	(void)state;
	for (int i = 0; i < 5; i++)
		for (int j = 0; j < 5; j++)
			assert_int_equal(msg_scalar_equal(&s[i], &s[j]), i == j);
	for (int i = 0; i < 5; i++)
		for (int j = 0; j < 5; j++) {
			int order = msg_scalar_compare(&s[i], &s[j]);

			assert_int_equal(order == 0, i == j);
			assert_int_equal(order<0, msg_scalar_compare(&s[j], &s[i])> 0);
		}
	assert_int_equal(msg_scalar_compare(&zero, &minus), 0);
	assert_true(msg_scalar_equal(&zero, &minus));
}

static void scalars_of_a_type_are_told_apart_by_value(void **state)
{
	static const struct msg_scalar pairs[][2] = {
		{{.kind = SCALAR_INT, .i = 1}, {.kind = SCALAR_INT, .i = 2}},
		{{.kind = SCALAR_REAL, .r = 1}, {.kind = SCALAR_REAL, .r = 2}},
		{{.kind = SCALAR_STRING, .s = "a"}, {.kind = SCALAR_STRING, .s = "b"}},
		{{.kind = SCALAR_BOOL, .b = true}, {.kind = SCALAR_BOOL, .b = false}},
	};

	(void)state;
	for (int i = 0; i < 4; i++) {
		bool falls = pairs[i][0].kind == SCALAR_BOOL;

		assert_false(msg_scalar_equal(&pairs[i][0], &pairs[i][1]));
		assert_int_equal(msg_scalar_compare(&pairs[i][0], &pairs[i][1]) < 0, !falls);
		assert_int_equal(msg_scalar_compare(&pairs[i][1], &pairs[i][0]) < 0, falls);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(outside_the_enum_is_a_question_mark),
		cmocka_unit_test(methods_that_change_state),
		cmocka_unit_test(scalars_are_told_apart_by_type),
		cmocka_unit_test(scalars_of_a_type_are_told_apart_by_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
