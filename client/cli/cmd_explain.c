/* krige explain STUDY [N]: why a trial was suggested, and what came of it. */
#include <inttypes.h>
#include <stdio.h>

#include "client/cli/cli.h"
#include "client/cli/number.h"
#include "client/cli/options.h"
#include "client/cli/view.h"
#include "client/cli/writer.h"

int cmd_explain(struct cli *cli, int argc, char **argv);

/* NULL: it was deleted. */
static const struct msg_trial *related(const struct msg_explain_reply *r, uint64_t number)
{
	for (int i = 0; i < r->n_related; i++)
		if (r->related[i].number == number)
			return &r->related[i];
	return NULL;
}

static int put_json(struct cli *cli, const struct msg_spec *spec, const struct msg_explain_reply *r)
{
	struct writer w = cli_writer(cli);

	writer_object(&w);
	view_trial_json(writer_key(&w, "trial"), spec, r->trial);
	writer_array(writer_key(&w, "related"));
	for (int i = 0; i < r->n_related; i++)
		view_trial_json(&w, spec, &r->related[i]);
	writer_end(&w);
	writer_real_if(writer_key(&w, "surprise"), r->has_surprise, r->surprise);
	view_texts_json(writer_key(&w, "sentences"), &r->sentences);
	writer_end(&w);
	writer_finish(&w);
	return cli_flush();
}

/* One line: by how much, from how far, and the trial. */
static void put_pull(struct cli *cli, const struct msg_explain_reply *r, const struct msg_pull *p)
{
	const struct msg_trial *t = related(r, p->number);
	const char *params = t ? view_params_text(t->n_params, t->params, true, cli->arena) : "deleted";

	printf("  %+10.3g  %8.2g  %8.2g  %5" PRIu64 "  ", p->pull, p->weight, p->distance, p->number);
	for (int i = 0; t && i < t->n_values; i++)
		printf("%s=%.5g  ", t->values[i].name ? t->values[i].name : "value", t->values[i].value);
	puts(params ? params : "");
}

static int put_words(struct cli *cli, const struct msg_explain_reply *r)
{
	const struct msg_grounds *g = r->trial->why.grounds;
	const char *params = view_params_text(r->trial->n_params, r->trial->params, true, cli->arena);

	printf("%s\n\n", params ? params : "");
	for (int i = 0; i < r->sentences.n; i++)
		puts(r->sentences.p[i]);
	if (g && g->n_pulls) {
		puts("\n        pull    weight  distance  trial");
		for (int i = 0; i < g->n_pulls; i++)
			put_pull(cli, r, &g->pulls[i]);
	}
	return cli_flush();
}

int cmd_explain(struct cli *cli, int argc, char **argv)
{
	struct msg_request request = {.method = METHOD_EXPLAIN};
	struct msg_explain *m = &request.u.explain;
	const struct msg_study *study;
	struct msg_reply reply;
	int code;

	if (!options_words(cli, argc, argv, 1, 2))
		return cli->code;
	m->study = argv[optind];
	m->has_number = argv[optind + 1] != NULL;
	if (m->has_number && !number_parse_u64(argv[optind + 1], &m->number))
		return cli_usage(cli, "'%s' is not a trial number", argv[optind + 1]);
	code = cli_study(cli, m->study, &study);
	if (code == CLI_OK)
		code = cli_call(cli, &request, &reply);
	if (code != CLI_OK)
		return code;
	if (!reply.u.explain.trial) {
		cli_say("the daemon explained no trial");
		return CLI_FAILED;
	}
	return cli_wants_json(cli) ? put_json(cli, &study->spec, &reply.u.explain)
							   : put_words(cli, &reply.u.explain);
}
