/* krige model STUDY: what the models have learnt, and how well they predict. */
#include <inttypes.h>
#include <stdio.h>

#include "client/cli/cli.h"
#include "client/cli/options.h"
#include "client/cli/rows.h"
#include "client/cli/view.h"

int cmd_model(struct cli *cli, int argc, char **argv);

/* ---- words ------------------------------------------------------------------- */

static const char *name_of(const struct msg_model *m)
{
	return m->name ? m->name : "success";
}

/* How much the metric changes with a parameter of that lengthscale over its range. */
static const char *relevance(double lengthscale)
{
	static const struct {
		double below;
		const char *word;
	} words[] = {{0.5, "strong"}, {2, "clear"}, {8, "weak"}};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (lengthscale < words[i].below)
			return words[i].word;
	return "none seen";
}

/* As many lengthscales as there are parameters for; an odd daemon might send others. */
static int n_lengthscales(const struct msg_get_model_reply *r, const struct msg_model *m)
{
	return m->n_lengthscales < r->parameters.n ? m->n_lengthscales : r->parameters.n;
}

/* ---- JSON -------------------------------------------------------------------- */

static void put_calibration(struct writer *w, const struct msg_calibration *c)
{
	if (c->n == 0) {
		writer_null(w);
		return;
	}
	writer_object(w);
	writer_uint(writer_key(w, "results"), c->n);
	writer_real(writer_key(w, "log_density"), c->log_density);
	writer_real(writer_key(w, "crps"), c->crps);
	writer_real(writer_key(w, "mean_square_z"), c->mean_square_z);
	writer_real(writer_key(w, "coverage50"), c->coverage50);
	writer_real(writer_key(w, "coverage80"), c->coverage80);
	writer_real(writer_key(w, "coverage95"), c->coverage95);
	writer_uint(writer_key(w, "outliers"), c->outliers);
	writer_real(writer_key(w, "worst_z"), c->worst_z);
	writer_uint_if(writer_key(w, "worst_number"), c->has_worst, c->worst_number);
	writer_end(w);
}

static void put_model(
	struct writer *w, const struct msg_get_model_reply *r, const struct msg_model *m)
{
	int n = n_lengthscales(r, m);

	writer_object(w);
	writer_string(writer_key(w, "metric"), m->name);
	writer_string(writer_key(w, "kernel"), m->kernel);
	writer_object(writer_key(w, "lengthscales"));
	for (int i = 0; i < n; i++)
		writer_real(writer_key(w, r->parameters.p[i]), m->lengthscales[i]);
	writer_end(w);
	writer_object(writer_key(w, "relevance"));
	for (int i = 0; i < n; i++)
		writer_string(writer_key(w, r->parameters.p[i]), relevance(m->lengthscales[i]));
	writer_end(w);
	writer_real(writer_key(w, "outputscale"), m->outputscale);
	writer_real(writer_key(w, "noise_sd"), m->noise_sd);
	writer_real(writer_key(w, "mean"), m->mean);
	writer_uint(writer_key(w, "observations"), m->n);
	writer_uint(writer_key(w, "fitted"), m->n_fit);
	writer_real_if(writer_key(w, "log_posterior"), m->has_log_posterior, m->log_posterior);
	writer_real(writer_key(w, "jitter"), m->jitter);
	writer_string(writer_key(w, "transform"), m->transform);
	put_calibration(writer_key(w, "calibration"), &m->calibration);
	writer_end(w);
}

static int put_json(struct cli *cli, const struct msg_get_model_reply *r)
{
	struct writer w = cli_writer(cli);

	writer_object(&w);
	writer_uint(writer_key(&w, "results"), r->results);
	writer_string(writer_key(&w, "reason"), r->reason);
	writer_array(writer_key(&w, "models"));
	for (int i = 0; i < r->models.n; i++)
		put_model(&w, r, &r->models.p[i]);
	writer_end(&w);
	view_texts_json(writer_key(&w, "sentences"), &r->sentences);
	writer_end(&w);
	writer_finish(&w);
	return cli_flush();
}

/* What it ends with when all was written. */
static int ended(int code, const struct msg_get_model_reply *r)
{
	return code == CLI_OK && r->models.n == 0 ? CLI_NOT_NOW : code;
}

/* ---- rows, and for people what has no rows -------------------------------------- */

static int put_rows(struct cli *cli, const struct msg_get_model_reply *r)
{
	struct rows rows;
	int code = rows_open(&rows, cli, stdout);

	if (code != CLI_OK)
		return code;
	rows_column(&rows, (struct column){.name = "metric", .type = COLUMN_TEXT});
	rows_column(&rows, (struct column){.name = "parameter", .type = COLUMN_TEXT});
	rows_column(&rows, (struct column){.name = "lengthscale", .type = COLUMN_NUMBER});
	rows_column(&rows, (struct column){.name = "relevance", .type = COLUMN_TEXT});
	code = rows_ready(&rows);
	if (code != CLI_OK)
		return code;
	for (int k = 0; k < r->models.n; k++) {
		const struct msg_model *m = &r->models.p[k];

		for (int i = 0; i < n_lengthscales(r, m); i++) {
			struct cell cells[] = {cell_text(name_of(m)), cell_text(r->parameters.p[i]),
				cell_real(m->lengthscales[i]), cell_text(relevance(m->lengthscales[i]))};

			rows_put(&rows, cells, NULL, NULL);
		}
	}
	return rows_close(&rows);
}

static void put_facts(const struct msg_model *m)
{
	printf("\n%s\n", name_of(m));
	printf("  kernel       %s, outputscale %.4g\n", m->kernel ? m->kernel : "?", m->outputscale);
	printf("  results      %" PRIu32 ", hyperparameters from %" PRIu32 "\n", m->n, m->n_fit);
	printf("  mean         %.6g\n", m->mean);
	printf("  noise sd     %.4g\n", m->noise_sd);
	printf("  transform    %s\n", m->transform ? m->transform : "?");
	if (m->has_log_posterior)
		printf("  posterior    %.6g (log)\n", m->log_posterior);
	printf("  jitter       %.2g\n", m->jitter);
	if (m->calibration.n)
		printf("  calibration  log density %.4g, mean square z %.3g, crps %.3g, worst z %.3g\n",
			m->calibration.log_density, m->calibration.mean_square_z, m->calibration.crps,
			m->calibration.worst_z);
}

static int put_table(struct cli *cli, const struct msg_get_model_reply *r)
{
	int code = put_rows(cli, r);

	if (code != CLI_OK)
		return code;
	for (int i = 0; i < r->models.n; i++)
		put_facts(&r->models.p[i]);
	if (r->sentences.n)
		putchar('\n');
	for (int i = 0; i < r->sentences.n; i++)
		puts(r->sentences.p[i]);
	return cli_flush();
}

int cmd_model(struct cli *cli, int argc, char **argv)
{
	struct msg_request request = {.method = METHOD_GET_MODEL};
	const struct msg_get_model_reply *r;
	struct msg_reply reply;
	int code;

	if (!options_words(cli, argc, argv, 1, 1))
		return cli->code;
	request.u.get_model.study = argv[optind];
	code = cli_call(cli, &request, &reply);
	if (code != CLI_OK)
		return code;
	r = &reply.u.get_model;
	if (cli_wants_json(cli))
		return ended(put_json(cli, r), r);
	if (r->models.n == 0) {
		cli_say("%s", r->reason ? r->reason : "there is no model yet");
		return CLI_NOT_NOW;
	}
	if (cli_format(cli) == FORMAT_TABLE || cli_format(cli) == FORMAT_WIDE)
		return put_table(cli, r);
	return put_rows(cli, r);
}
