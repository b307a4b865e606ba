/* krige status: the daemon's counters. */
#include <stdio.h>

#include "client/cli/cli.h"
#include "client/cli/fields.h"
#include "client/cli/options.h"

int cmd_status(struct cli *cli, int argc, char **argv);
int cmd_server_status(struct cli *cli, int argc, char **argv);

static int put_json(struct cli *cli, const struct msg_status_reply *s)
{
	struct writer w = cli_writer(cli);

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
	writer_finish(&w);
	return cli_flush();
}

static int put_fields(struct cli *cli, const struct msg_status_reply *s)
{
	struct fields f;
	int code = fields_begin(&f, cli, stdout);
	char name[32];

	if (code != CLI_OK)
		return code;
	fields_text(&f, "version", s->version);
	fields_text(&f, "uptime", arena_printf(cli->arena, "%.3f", (double)s->uptime_ms / 1000));
	fields_count(&f, "studies", s->studies);
	for (int i = TRIAL_QUEUED; i < TRIAL_N_STATES; i++) {
		snprintf(name, sizeof(name), "trials.%s", msg_trial_state_name((enum trial_state)i));
		fields_count(&f, name, s->trials[i]);
	}
	fields_count(&f, "waiting_suggests", s->waiting_suggests);
	fields_count(&f, "running_jobs", s->running_jobs);
	fields_count(&f, "requests", s->requests);
	fields_count(&f, "commits", s->commits);
	fields_count(&f, "committed_events", s->committed_events);
	fields_count(&f, "failed_commits", s->failed_commits);
	fields_put(&f, "durable", cell_bool(s->durable));
	fields_text(&f, "blas_core", s->blas_core);
	fields_text(&f, "sqlite_version", s->sqlite_version);
	fields_count(&f, "rss_bytes", s->rss_bytes);
	fields_count(&f, "db_bytes", s->db_bytes);
	fields_count(&f, "wal_bytes", s->wal_bytes);
	fields_count(&f, "threads", s->threads);
	return fields_end(&f);
}

int cmd_status(struct cli *cli, int argc, char **argv)
{
	struct msg_request request = {.method = METHOD_STATUS};
	struct msg_reply reply;
	int code;

	if (!options_words(cli, argc, argv, 0, 0))
		return cli->code;
	cli->no_start = true;
	code = cli_call(cli, &request, &reply);
	if (code != CLI_OK)
		return code;
	return cli_wants_json(cli) ? put_json(cli, &reply.u.status) : put_fields(cli, &reply.u.status);
}

int cmd_server_status(struct cli *cli, int argc, char **argv)
{
	return cmd_status(cli, argc, argv);
}
