/* krige status: the daemon's counters. */
#include <inttypes.h>
#include <stdio.h>

#include "client/cli/cli.h"
#include "client/cli/writer.h"

int cmd_status(struct cli *cli, int argc, char **argv);

static void put_json(const struct msg_status_reply *s)
{
	struct writer w = writer_make(stdout);

	writer_object(&w);
	writer_string(writer_key(&w, "version"), s->version);
	writer_real(writer_key(&w, "uptime"), (double)s->uptime_ms / 1000);
	writer_uint(writer_key(&w, "studies"), s->studies);
	writer_object(writer_key(&w, "trials"));
	for (int i = TRIAL_QUEUED; i < TRIAL_N_STATES; i++)
		writer_uint(writer_key(&w, msg_trial_state_name((enum trial_state)i)), s->trials[i]);
	writer_end(&w);
	writer_uint(writer_key(&w, "waiting_suggests"), s->waiting_suggests);
	writer_uint(writer_key(&w, "running_jobs"), s->running_jobs);
	writer_uint(writer_key(&w, "requests"), s->requests);
	writer_uint(writer_key(&w, "commits"), s->commits);
	writer_uint(writer_key(&w, "committed_events"), s->committed_events);
	writer_uint(writer_key(&w, "failed_commits"), s->failed_commits);
	writer_bool(writer_key(&w, "durable"), s->durable);
	writer_string(writer_key(&w, "blas_core"), s->blas_core);
	writer_string(writer_key(&w, "sqlite_version"), s->sqlite_version);
	writer_uint(writer_key(&w, "rss_bytes"), s->rss_bytes);
	writer_uint(writer_key(&w, "db_bytes"), s->db_bytes);
	writer_uint(writer_key(&w, "wal_bytes"), s->wal_bytes);
	writer_uint(writer_key(&w, "threads"), s->threads);
	writer_end(&w);
	putchar('\n');
}

static void row(struct table *t, const char *name, const char *text)
{
	table_cell(t, name);
	table_cell(t, text);
}

static void row_u64(struct table *t, const char *name, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	row(t, name, text);
}

static int put_table(struct cli *cli, const struct msg_status_reply *s)
{
	struct table t;
	char text[32];

	table_begin(&t, stdout, cli_format(cli), !cli->no_header);
	table_column(&t, "field", false);
	table_column(&t, "value", true);
	row(&t, "version", s->version);
	snprintf(text, sizeof(text), "%.3f", (double)s->uptime_ms / 1000);
	row(&t, "uptime", text);
	row_u64(&t, "studies", s->studies);
	for (int i = TRIAL_QUEUED; i < TRIAL_N_STATES; i++) {
		snprintf(text, sizeof(text), "trials.%s", msg_trial_state_name((enum trial_state)i));
		row_u64(&t, text, s->trials[i]);
	}
	row_u64(&t, "waiting_suggests", s->waiting_suggests);
	row_u64(&t, "running_jobs", s->running_jobs);
	row_u64(&t, "requests", s->requests);
	row_u64(&t, "commits", s->commits);
	row_u64(&t, "committed_events", s->committed_events);
	row_u64(&t, "failed_commits", s->failed_commits);
	row(&t, "durable", s->durable ? "true" : "false");
	row(&t, "blas_core", s->blas_core);
	row(&t, "sqlite_version", s->sqlite_version);
	row_u64(&t, "rss_bytes", s->rss_bytes);
	row_u64(&t, "db_bytes", s->db_bytes);
	row_u64(&t, "wal_bytes", s->wal_bytes);
	row_u64(&t, "threads", s->threads);
	return table_end(&t) ? cli_flush() : cli_no_memory();
}

int cmd_status(struct cli *cli, int argc, char **argv)
{
	struct msg_request request = {.method = METHOD_STATUS};
	struct msg_reply reply;
	int code;

	if (cli_getopt(cli, argc, argv, NULL, NULL) != -1)
		return cli->help_exit;
	if (optind != argc)
		return cli_usage(cli, "too many words");
	code = cli_call(cli, &request, &reply);
	if (code != CLI_OK)
		return code;
	if (cli->format != FORMAT_JSON && cli->format != FORMAT_JSONL)
		return put_table(cli, &reply.u.status);
	put_json(&reply.u.status);
	return cli_flush();
}
