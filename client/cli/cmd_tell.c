/* krige tell NAME ..: hand in results, or that there is none. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "client/c/call.h"
#include "client/cli/change.h"
#include "client/cli/cli.h"
#include "client/cli/input.h"
#include "client/cli/json.h"
#include "client/cli/lease.h"
#include "client/cli/measure.h"
#include "client/cli/number.h"
#include "client/cli/options.h"
#include "client/cli/param.h"
#include "proto/limits.h"

int cmd_tell(struct cli *cli, int argc, char **argv);

static int send_value(struct cli *cli, const char *study, uint64_t number,
	const struct msg_value *values, int n, struct msg_reply *reply)
{
	struct msg_observation o = {
		.number = number, .lease = lease_claim(study, number), .n_values = n, .values = values};
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
			.lease = lease_claim(study, number),
			.state = state,
			.reason = reason}};

	return cli_call(cli, &request, reply);
}

/* ---- lines of JSON ---------------------------------------------------------------- */

enum { BATCH_ARENA_BYTES = 64 << 20, VALUES_A_REQUEST = 8192 };

/* One line: {"number": 3, "value": 0.3} or "values": {..} or "failed": REASON or "infeasible":
 * REASON; or without number, {"params": {..}, "value": 0.3}: a point of one's own. */
struct told {
	bool has_number;
	uint64_t number;
	const cJSON *params, *value, *sem, *failed, *infeasible;
};

/* Lines of one kind, on their way in one request. */
struct batch {
	struct cli *cli;
	const struct msg_study *study;
	struct arena *arena; /* of these lines */
	enum method method;  /* OBSERVE or ADD_TRIALS */
	int n, most;
	struct msg_observation observations[LIMIT_BATCH];
	struct msg_point points[LIMIT_BATCH];
	int lines[LIMIT_BATCH]; /* their numbers */
	int told;               /* lines that were taken */
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
		} else if (strcmp(i->string, "sem") == 0 || strcmp(i->string, "sems") == 0) {
			t->sem = i;
		} else if (strcmp(i->string, "failed") == 0) {
			t->failed = i;
		} else if (strcmp(i->string, "infeasible") == 0) {
			t->infeasible = i;
		} else {
			return kr_fail(err, KR_INVALID_ARGUMENT,
				"unknown key \"%s\"; use number or params, and value, values, sem, sems, "
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
	if (t->sem && !t->value)
		return kr_fail(err, KR_INVALID_ARGUMENT, "sem: only a value has one");
	return KR_OK;
}

static int stopped(const struct batch *b, int line, int code)
{
	cli_say("stopped at line %d; told before it: %d", line, b->told);
	return code;
}

/* n lines of the batch in one request. */
static enum krige_status send_part(struct batch *b, int from, int n, struct krige_error *err)
{
	struct msg_request request = {.method = b->method};
	struct arena_mark mark = arena_mark(b->cli->arena);
	struct msg_reply reply;
	enum krige_status s;

	if (b->method == METHOD_OBSERVE)
		request.u.observe = (struct msg_observe){
			.study = b->study->name, .n = n, .observations = b->observations + from};
	else
		request.u.add_trials = (struct msg_add_trials){
			.study = b->study->name, .n = n, .points = b->points + from};
	s = call_run(b->cli->client, &request, &reply, b->cli->arena, err);
	arena_release(b->cli->arena, mark);
	if (s == KRIGE_OK)
		b->told += n;
	return s;
}

/* All lines that wait. A request is taken as a whole or not at all: when it is refused, its
 * lines go one by one, so that those before the wrong one are told and that one is named. */
static int flush(struct batch *b)
{
	struct krige_error err;
	enum krige_status s = KRIGE_OK;
	int n = b->n, at = 0;

	b->n = 0;
	if (n == 0)
		return CLI_OK;
	s = send_part(b, 0, n, &err);
	if (s != KRIGE_OK && n > 1 && cli_exit_of(s) != CLI_CANNOT_CONNECT &&
		cli_exit_of(s) != CLI_TIMEOUT) {
		s = KRIGE_OK;
		for (; at < n && s == KRIGE_OK; at++)
			s = send_part(b, at, 1, &err);
		at--;
	}
	if (s != KRIGE_OK)
		return stopped(b, b->lines[at], cli_error(b->cli, &err));
	arena_reset(b->arena);
	return CLI_OK;
}

/* ---- one line */

static int take_failure(struct batch *b, const struct told *t, int line)
{
	const cJSON *why = t->failed ? t->failed : t->infeasible;
	struct msg_reply reply;
	int code = flush(b);

	if (code != CLI_OK)
		return code;
	if (!why || !json_is_text(why)) {
		cli_say("line %d: the reason must be a string", line);
		return stopped(b, line, CLI_USAGE);
	}
	code = send_failure(b->cli, b->study->name, t->number,
		t->failed ? TRIAL_FAILED : TRIAL_INFEASIBLE, why->valuestring, &reply);
	if (code != CLI_OK)
		return stopped(b, line, code);
	b->told++;
	return CLI_OK;
}

static int take_value(struct batch *b, const struct told *t, int line, struct kr_error *err)
{
	enum method method = t->params ? METHOD_ADD_TRIALS : METHOD_OBSERVE;
	int code = b->method == method ? CLI_OK : flush(b), n;
	const struct msg_value *values;
	enum kr_status s;

	if (code != CLI_OK)
		return code;
	b->method = method;
	s = measure_json(&values, &n, t->value, t->sem, b->arena, err);
	b->observations[b->n] = (struct msg_observation){.number = t->number,
		.lease = lease_claim(b->study->name, t->number),
		.n_values = n,
		.values = values};
	b->points[b->n] = (struct msg_point){.n_values = n, .values = values};
	if (s == KR_OK && t->params)
		s = param_object(&b->points[b->n].params, &b->points[b->n].n_params, &b->study->spec,
			t->params, b->arena, err);
	if (s == KR_OK) {
		b->lines[b->n++] = line;
		return b->n >= b->most ? flush(b) : CLI_OK;
	}
	code = flush(b);
	if (code != CLI_OK)
		return code;
	kr_prefix(err, "line %d", line);
	return stopped(b, line, cli_kr_error(err));
}

static int take_line(struct batch *b, const struct input_lines *in)
{
	struct told told = {0};
	struct kr_error err;
	cJSON *root = NULL;
	enum kr_status s = json_parse_line(&root, in->line, in->len, in->number, &err);
	int code;

	if (s == KR_OK) {
		s = read_told(&told, root, &err);
		if (s != KR_OK)
			kr_prefix(&err, "line %d", in->number);
	}
	if (s != KR_OK) {
		code = flush(b);
		if (code == CLI_OK)
			code = stopped(b, in->number, cli_kr_error(&err));
	} else if (told.value) {
		code = take_value(b, &told, in->number, &err);
	} else {
		code = take_failure(b, &told, in->number);
	}
	cJSON_Delete(root);
	return code;
}

static int take_lines(struct batch *b)
{
	struct input_lines in = {0};
	int code = CLI_OK;

	while (code == CLI_OK && input_line(&in, stdin))
		if (in.line[strspn(in.line, " \t\r")] != '\0')
			code = take_line(b, &in);
	input_lines_fini(&in);
	return code == CLI_OK ? flush(b) : code;
}

static int tell_lines(struct cli *cli, const char *name)
{
	struct batch *b = ARENA_NEW(cli->arena, struct batch);
	int code;

	if (!b)
		return cli_no_memory();
	b->cli = cli;
	code = cli_study(cli, name, &b->study);
	if (code != CLI_OK)
		return code;
	b->arena = arena_new(BATCH_ARENA_BYTES);
	if (!b->arena)
		return cli_no_memory();
	/* A request stays well below the limit of a message. */
	b->most = VALUES_A_REQUEST / (b->study->spec.n_params + b->study->spec.n_metrics + 1);
	b->most = b->most > LIMIT_BATCH ? LIMIT_BATCH : b->most;
	code = take_lines(b);
	arena_free(b->arena);
	if (code == CLI_OK && !cli->quiet)
		cli_say("told %d", b->told);
	return code;
}

/* ---- one trial --------------------------------------------------------------------- */

static int tell_values(struct cli *cli, const char *study, uint64_t number, int n, char **words,
	struct msg_reply *reply)
{
	const struct msg_value *values;
	struct kr_error err;

	if (measure_parse_all(&values, n, words, cli->arena, &err) != KR_OK)
		return cli_kr_error(&err);
	return send_value(cli, study, number, values, n, reply);
}

int cmd_tell(struct cli *cli, int argc, char **argv)
{
	enum trial_state state = 0;
	const char *reason = NULL;
	struct msg_reply reply = {0};
	uint64_t number;
	int c, code, n;

	while ((c = options_next(cli, options_before_negative(argc, argv), argv)) != -1) {
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
	return code == CLI_OK ? change_told(cli, argv[0], &reply.u.trials) : code;
}
