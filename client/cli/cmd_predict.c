/* krige predict NAME K=V.. | NAME -: what the model expects. */
#include <stdio.h>
#include <string.h>

#include "client/cli/cli.h"
#include "client/cli/input.h"
#include "client/cli/json.h"
#include "client/cli/options.h"
#include "client/cli/param.h"
#include "client/cli/rows.h"
#include "proto/limits.h"

int cmd_predict(struct cli *cli, int argc, char **argv);

struct points {
	struct msg_point at[LIMIT_BATCH];
	int n;
};

/* One point's predictions. */
struct point {
	int n;
	const struct msg_prediction *predictions;
};

static int read_words(
	struct cli *cli, const struct msg_spec *spec, int n, char **words, struct points *points)
{
	const struct msg_named *named;
	struct kr_error err;

	if (param_assign_all(&named, spec, n, words, cli->arena, &err) != KR_OK)
		return cli_kr_error(&err);
	points->at[0] = (struct msg_point){.n_params = n, .params = named};
	points->n = 1;
	return CLI_OK;
}

static int read_line(struct cli *cli, const struct msg_spec *spec, const struct input_lines *in,
	struct points *points)
{
	struct msg_point *p = &points->at[points->n];
	struct kr_error err;
	enum kr_status s;
	cJSON *root;

	if (points->n == LIMIT_BATCH) {
		cli_say("more than %d points; send them in parts", LIMIT_BATCH);
		return CLI_USAGE;
	}
	s = json_parse_line(&root, in->line, in->len, in->number, &err);
	if (s != KR_OK)
		return cli_kr_error(&err);
	s = param_object(&p->params, &p->n_params, spec, root, cli->arena, &err);
	cJSON_Delete(root);
	if (s != KR_OK) {
		kr_prefix(&err, "line %d", in->number);
		return cli_kr_error(&err);
	}
	points->n++;
	return CLI_OK;
}

static int read_lines(struct cli *cli, const struct msg_spec *spec, struct points *points)
{
	struct input_lines in = {0};
	int code = CLI_OK;

	while (code == CLI_OK && input_line(&in, stdin))
		if (in.line[strspn(in.line, " \t\r")] != '\0')
			code = read_line(cli, spec, &in, points);
	input_lines_fini(&in);
	return code;
}

/* What the model says of one point. */
static void put_json(struct writer *w, const void *item)
{
	const struct point *point = item;

	writer_object(w);
	for (int i = 0; i < point->n; i++) {
		const struct msg_prediction *p = &point->predictions[i];

		writer_object(writer_key(w, p->name ? p->name : "value"));
		writer_real(writer_key(w, "mean"), p->mean);
		writer_real(writer_key(w, "sd"), p->sd);
		writer_end(w);
	}
	writer_end(w);
}

/* JSON is one object a point, rows are one a metric. */
static int print_json(struct cli *cli, const struct msg_predict_reply *reply)
{
	struct writer w = cli_writer(cli);

	if (cli->format != FORMAT_JSONL)
		writer_array(&w);
	for (int i = 0; i < reply->n; i++) {
		struct point point = {
			reply->n_metrics, reply->predictions + (size_t)i * (size_t)reply->n_metrics};

		put_json(&w, &point);
		if (cli->format == FORMAT_JSONL)
			putchar('\n');
	}
	if (cli->format != FORMAT_JSONL) {
		writer_end(&w);
		writer_finish(&w);
	}
	return cli_flush();
}

static int print_rows(struct cli *cli, const struct msg_predict_reply *reply)
{
	struct rows rows;
	int code = rows_open(&rows, cli, stdout);

	if (code != CLI_OK)
		return code;
	rows_column(&rows, (struct column){.name = "metric", .type = COLUMN_TEXT});
	rows_column(&rows, (struct column){.name = "mean", .type = COLUMN_NUMBER});
	rows_column(&rows, (struct column){.name = "sd", .type = COLUMN_NUMBER});
	rows_column(&rows, (struct column){.name = "point", .type = COLUMN_NUMBER, .usual = "0"});
	code = rows_ready(&rows);
	if (code != CLI_OK)
		return code;
	for (int i = 0; i < reply->n * reply->n_metrics; i++) {
		const struct msg_prediction *p = &reply->predictions[i];
		struct cell cells[] = {cell_text(p->name), cell_real(p->mean), cell_real(p->sd),
			cell_int(i / reply->n_metrics)};

		rows_put(&rows, cells, NULL, NULL);
	}
	return rows_close(&rows);
}

int cmd_predict(struct cli *cli, int argc, char **argv)
{
	struct msg_request request = {.method = METHOD_PREDICT};
	const struct msg_study *study;
	struct points points = {.n = 0};
	struct msg_reply reply;
	int code, n;

	if (!options_words(cli, argc, argv, 2, LIMIT_PARAMETERS + 1))
		return cli->code;
	n = argc - optind - 1;
	code = cli_study(cli, argv[optind], &study);
	if (code != CLI_OK)
		return code;
	code = n == 1 && strcmp(argv[optind + 1], "-") == 0
		? read_lines(cli, &study->spec, &points)
		: read_words(cli, &study->spec, n, argv + optind + 1, &points);
	if (code != CLI_OK)
		return code;
	if (study->counts[TRIAL_COMPLETE] == 0) {
		cli_say("study '%s' has no result yet", study->name);
		return CLI_NOT_NOW;
	}
	request.u.predict = (struct msg_predict){
		.study = argv[optind], .n = points.n, .points = points.at};
	code = cli_call(cli, &request, &reply);
	if (code != CLI_OK)
		return code;
	return cli_wants_json(cli) ? print_json(cli, &reply.u.predict)
							   : print_rows(cli, &reply.u.predict);
}
