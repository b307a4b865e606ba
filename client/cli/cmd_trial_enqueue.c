/* krige trial enqueue STUDY K=V.. | -: points to try before what the model suggests. */
#include <stdio.h>
#include <string.h>

#include "client/cli/change.h"
#include "client/cli/cli.h"
#include "client/cli/input.h"
#include "client/cli/json.h"
#include "client/cli/label.h"
#include "client/cli/options.h"
#include "client/cli/param.h"
#include "proto/limits.h"

int cmd_trial_enqueue(struct cli *cli, int argc, char **argv);

struct queue {
	struct msg_point points[LIMIT_BATCH];
	int n;
	struct msg_named labels[LIMIT_LABELS]; /* of each point */
	int n_labels;
	const char *note;
};

static int send(struct cli *cli, struct queue *q, const char *study)
{
	struct msg_request request = {
		.method = METHOD_ENQUEUE, .u.enqueue = {.study = study, .n = q->n, .points = q->points}};

	return q->n > 0 ? change_trials(cli, study, &request) : CLI_OK;
}

static struct msg_point *add(struct queue *q)
{
	struct msg_point *p = &q->points[q->n++];

	*p = (struct msg_point){.note = q->note, .labels = {q->n_labels, q->labels}};
	return p;
}

static int read_words(
	struct cli *cli, const struct msg_spec *spec, int n, char **words, struct queue *q)
{
	struct msg_point *p = add(q);
	struct kr_error err;

	if (param_assign_all(&p->params, spec, n, words, cli->arena, &err) != KR_OK)
		return cli_kr_error(&err);
	p->n_params = n;
	return CLI_OK;
}

/* {"params": {..}, "labels": {..}, "note": ".."} */
static enum kr_status read_object(struct msg_point *p, const struct msg_spec *spec,
	const cJSON *root, struct arena *a, struct kr_error *err)
{
	enum kr_status s = KR_OK;

	if (!cJSON_IsObject(root))
		return kr_fail(err, KR_INVALID_ARGUMENT, "%s; must be an object", json_kind(root));
	for (const cJSON *i = root->child; i && s == KR_OK; i = i->next) {
		if (strcmp(i->string, "params") == 0) {
			s = param_object(&p->params, &p->n_params, spec, i, a, err);
		} else if (strcmp(i->string, "labels") == 0) {
			s = label_object(&p->labels, i, a, err);
		} else if (strcmp(i->string, "note") == 0) {
			p->note = json_is_text(i) ? arena_strndup(a, i->valuestring, strlen(i->valuestring))
									  : NULL;
			if (!p->note)
				s = kr_fail(err, KR_INVALID_ARGUMENT, "note: %s; must be a string", json_kind(i));
		} else {
			s = kr_fail(err, KR_INVALID_ARGUMENT, "unknown key \"%s\"; use params, labels and note",
				i->string);
		}
	}
	return s;
}

static int read_line(
	struct cli *cli, const struct msg_spec *spec, const struct input_lines *in, struct queue *q)
{
	struct kr_error err;
	enum kr_status s;
	cJSON *root;

	s = json_parse_line(&root, in->line, in->len, in->number, &err);
	if (s != KR_OK)
		return cli_kr_error(&err);
	s = read_object(add(q), spec, root, cli->arena, &err);
	cJSON_Delete(root);
	if (s == KR_OK)
		return CLI_OK;
	kr_prefix(&err, "line %d", in->number);
	return cli_kr_error(&err);
}

/* LIMIT_BATCH lines a request. */
static int read_lines(struct cli *cli, const struct msg_study *study, struct queue *q)
{
	struct arena_mark mark = arena_mark(cli->arena);
	struct input_lines in = {0};
	int code = CLI_OK;

	while (code == CLI_OK && input_line(&in, stdin)) {
		if (in.line[strspn(in.line, " \t\r")] == '\0')
			continue;
		code = read_line(cli, &study->spec, &in, q);
		if (code != CLI_OK || q->n < LIMIT_BATCH)
			continue;
		code = send(cli, q, study->name);
		arena_release(cli->arena, mark);
		q->n = 0;
	}
	input_lines_fini(&in);
	return code == CLI_OK ? send(cli, q, study->name) : code;
}

int cmd_trial_enqueue(struct cli *cli, int argc, char **argv)
{
	struct queue *q = ARENA_NEW(cli->arena, struct queue);
	const struct msg_study *study;
	struct kr_error err;
	int c, code, n;

	if (!q)
		return cli_no_memory();
	while ((c = options_next(cli, argc, argv)) != -1) {
		if (c == '?')
			return cli->code;
		if (c == 'n') {
			q->note = optarg;
			continue;
		}
		if (q->n_labels == LIMIT_LABELS)
			return cli_usage(cli, "--label: more than %d times", LIMIT_LABELS);
		if (label_parse(&q->labels[q->n_labels++], optarg, cli->arena, &err) != KR_OK)
			return cli_kr_error(&err);
	}
	n = argc - optind - 1;
	if (n < 1)
		return cli_usage(cli, "words are missing: give %s", cli->command->args);
	code = cli_study(cli, argv[optind], &study);
	if (code != CLI_OK)
		return code;
	if (n == 1 && strcmp(argv[optind + 1], "-") == 0)
		return read_lines(cli, study, q);
	code = read_words(cli, &study->spec, n, argv + optind + 1, q);
	return code == CLI_OK ? send(cli, q, study->name) : code;
}
