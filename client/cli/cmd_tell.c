/* krige tell NAME ..: hand in results, or that there is none. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "client/cli/cli.h"
#include "client/cli/input.h"
#include "client/cli/json.h"
#include "client/cli/measure.h"
#include "client/cli/number.h"
#include "client/cli/options.h"
#include "client/cli/param.h"
#include "client/cli/trials.h"
#include "proto/limits.h"

int cmd_tell(struct cli *cli, int argc, char **argv);

static int send_value(struct cli *cli, const char *study, uint64_t number,
	const struct msg_value *values, int n, struct msg_reply *reply)
{
	struct msg_observation o = {
		.number = number, .lease.number = number, .n_values = n, .values = values};
	struct msg_request request = {
		.method = METHOD_OBSERVE, .u.observe = {.study = study, .n = 1, .observations = &o}};

	return cli_call(cli, &request, reply);
}

static int send_failure(struct cli *cli, const char *study, uint64_t number, enum trial_state state,
	const char *reason, struct msg_reply *reply)
{
	struct msg_request request = {.method = METHOD_FAIL_TRIAL,
		.u.fail_trial = {.study = study,
			.number = number,
			.lease.number = number,
			.state = state,
			.reason = reason}};

	return cli_call(cli, &request, reply);
}

static void confirm(struct cli *cli, const struct msg_reply *reply)
{
	for (int i = 0; i < reply->u.trials.n; i++) {
		const struct msg_trial *t = &reply->u.trials.trials[i];

		if (!cli->quiet)
			cli_say("trial %" PRIu64 " is %s%s%s%s", t->number, msg_trial_state_name(t->state),
				t->reason ? ": " : "", t->reason ? t->reason : "", t->late ? " (late)" : "");
	}
}

/* ---- lines of JSON ---------------------------------------------------------------- */

/* One line: {"number": 3, "value": 0.3} or "values": {..} or "failed": REASON or "infeasible":
 * REASON; or without number, {"params": {..}, "value": 0.3}: a point of one's own. */
struct told {
	bool has_number;
	uint64_t number;
	const cJSON *params, *value, *failed, *infeasible;
};

static enum kr_status read_told(struct told *t, const cJSON *root, struct kr_error *err)
{
	if (!cJSON_IsObject(root))
		return kr_fail(err, KR_INVALID_ARGUMENT, "%s; must be an object", json_kind(root));
	for (const cJSON *i = root->child; i; i = i->next) {
		if (strcmp(i->string, "number") == 0) {
			t->has_number = json_u64(i, &t->number);
			if (!t->has_number)
				return kr_fail(err, KR_INVALID_ARGUMENT, "number: must be a trial number");
		} else if (strcmp(i->string, "params") == 0) {
			t->params = i;
		} else if (strcmp(i->string, "value") == 0 || strcmp(i->string, "values") == 0) {
			t->value = i;
		} else if (strcmp(i->string, "failed") == 0) {
			t->failed = i;
		} else if (strcmp(i->string, "infeasible") == 0) {
			t->infeasible = i;
		} else {
			return kr_fail(err, KR_INVALID_ARGUMENT,
				"unknown key \"%s\"; use number or params, and value, values, "
				"failed or infeasible",
				i->string);
		}
	}
	if (t->has_number == (t->params != NULL))
		return kr_fail(
			err, KR_INVALID_ARGUMENT, "give either the number of a trial or the params of a point");
	if (!t->value + !t->failed + !t->infeasible != 2)
		return kr_fail(
			err, KR_INVALID_ARGUMENT, "give one of value, values, failed and infeasible");
	if (t->params && !t->value)
		return kr_fail(err, KR_INVALID_ARGUMENT, "a point of one's own needs a value");
	return KR_OK;
}

static int send_point(struct cli *cli, const struct msg_study *study, const struct told *t,
	const struct msg_value *values, int n, struct kr_error *err)
{
	struct msg_point point = {.n_values = n, .values = values};
	struct msg_request request = {.method = METHOD_ADD_TRIALS,
		.u.add_trials = {.study = study->name, .n = 1, .points = &point}};
	struct msg_reply reply;

	if (param_object(&point.params, &point.n_params, &study->spec, t->params, cli->arena, err) !=
		KR_OK)
		return cli_kr_error(err);
	return cli_call(cli, &request, &reply);
}

static int send_told(
	struct cli *cli, const struct msg_study *study, const struct told *t, struct kr_error *err)
{
	const cJSON *why = t->failed ? t->failed : t->infeasible;
	const struct msg_value *values;
	struct msg_reply reply;
	int n;

	if (why && !json_is_text(why)) {
		cli_say("the reason must be a string");
		return CLI_USAGE;
	}
	if (why)
		return send_failure(cli, study->name, t->number,
			t->failed ? TRIAL_FAILED : TRIAL_INFEASIBLE, why->valuestring, &reply);
	if (measure_json(&values, &n, t->value, cli->arena, err) != KR_OK)
		return cli_kr_error(err);
	if (t->params)
		return send_point(cli, study, t, values, n, err);
	return send_value(cli, study->name, t->number, values, n, &reply);
}

static int tell_line(struct cli *cli, const struct msg_study *study, const struct input_lines *in)
{
	struct told told = {0};
	struct kr_error err;
	int code = CLI_USAGE;
	cJSON *root;

	if (json_parse_line(&root, in->line, in->len, in->number, &err) != KR_OK)
		return cli_kr_error(&err);
	if (read_told(&told, root, &err) != KR_OK)
		cli_kr_error(&err);
	else
		code = send_told(cli, study, &told, &err);
	cJSON_Delete(root);
	return code;
}

static int tell_lines(struct cli *cli, const char *name)
{
	struct input_lines in = {0};
	const struct msg_study *study;
	int code = cli_study(cli, name, &study), told = 0;

	while (code == CLI_OK && input_line(&in, stdin)) {
		struct arena_mark mark = arena_mark(cli->arena);

		if (in.line[strspn(in.line, " \t\r")] == '\0')
			continue;
		code = tell_line(cli, study, &in);
		arena_release(cli->arena, mark);
		if (code == CLI_OK)
			told++;
		else
			cli_say("stopped at line %d; told before it: %d", in.number, told);
	}
	input_lines_fini(&in);
	if (code == CLI_OK && !cli->quiet)
		cli_say("told %d", told);
	return code;
}

/* ---- one trial --------------------------------------------------------------------- */

static int tell_values(struct cli *cli, const char *study, uint64_t number, int n, char **words,
	struct msg_reply *reply)
{
	struct msg_value *values = ARENA_ARRAY(cli->arena, struct msg_value, n);
	struct kr_error err;

	if (!values)
		return cli_no_memory();
	for (int i = 0; i < n; i++)
		if (measure_parse(&values[i], words[i], cli->arena, &err) != KR_OK)
			return cli_kr_error(&err);
	return send_value(cli, study, number, values, n, reply);
}

/* Where the options end for certain: at a value that begins with a minus. */
static int first_negative(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const char *s = argv[i];

		if (s[0] == '-' && (strchr("0123456789.", s[1]) || strncasecmp(s, "-inf", 4) == 0) && s[1])
			return i;
	}
	return argc;
}

int cmd_tell(struct cli *cli, int argc, char **argv)
{
	enum trial_state state = 0;
	const char *reason = NULL;
	struct msg_reply reply = {0};
	uint64_t number;
	int c, code, n;

	while ((c = options_next(cli, first_negative(argc, argv), argv)) != -1) {
		if (c == '?')
			return cli->code;
		if (reason)
			return cli_usage(cli, "one of --failed and --infeasible");
		state = c == 'f' ? TRIAL_FAILED : TRIAL_INFEASIBLE;
		reason = optarg;
	}
	n = argc - optind;
	argv += optind;
	if (n == 2 && !reason && strcmp(argv[1], "-") == 0)
		return tell_lines(cli, argv[0]);
	if (n < 2 || (n == 2) != (reason != NULL))
		return cli_usage(cli, "a study name, a trial number, and a result");
	if (!number_parse_u64(argv[1], &number))
		return cli_usage(cli, "'%s' is not a trial number", argv[1]);
	code = reason ? send_failure(cli, argv[0], number, state, reason, &reply)
				  : tell_values(cli, argv[0], number, n - 2, argv + 2, &reply);
	if (code == CLI_OK)
		confirm(cli, &reply);
	return code;
}
