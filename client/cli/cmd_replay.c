/* krige replay NAME: the daemon recomputes every recorded suggestion, page by
 * page; this prints the ones that differ, and the count. */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "client/cli/cli.h"
#include "client/cli/view.h"
#include "client/cli/writer.h"

int cmd_replay(struct cli *cli, int argc, char **argv);

enum { PAGE = 16 }; /* suggestions a call: each may cost a fit */

struct tally {
	uint64_t n, different;
	bool same_build;
};

/* Where the suggestions that differ go. */
struct listing {
	struct cli *cli;
	struct table table;
	struct writer writer;
};

/* -o json: one object. */
static void begin(struct listing *l, struct cli *cli)
{
	*l = (struct listing){.cli = cli, .writer = writer_make(stdout)};
	switch (cli->format) {
	case FORMAT_AUTO:
	case FORMAT_JSONL: return;
	case FORMAT_JSON:
		writer_object(&l->writer);
		writer_array(writer_key(&l->writer, "differing"));
		return;
	default:
		table_begin(&l->table, stdout, cli->format, !cli->no_header);
		table_column(&l->table, "number", true);
		table_column(&l->table, "seq", true);
		table_column(&l->table, "recorded", false);
		table_column(&l->table, "computed", false);
	}
}

static void put_json(struct writer *w, const struct msg_replayed *r)
{
	writer_object(w);
	writer_uint(writer_key(w, "number"), r->number);
	writer_uint(writer_key(w, "seq"), r->seq);
	view_params_json(writer_key(w, "recorded"), r->n_recorded, r->recorded);
	view_params_json(writer_key(w, "computed"), r->n_computed, r->computed);
	writer_end(w);
}

static void put_row(struct listing *l, const struct msg_replayed *r)
{
	struct arena *a = l->cli->arena;
	const char *recorded = view_params_text(r->n_recorded, r->recorded, false, a);
	const char *computed = view_params_text(r->n_computed, r->computed, false, a);

	if (l->cli->format == FORMAT_AUTO) {
		printf("trial %" PRIu64 " (event %" PRIu64 ") differs\n  recorded: %s\n  computed: %s\n",
			r->number, r->seq, recorded ? recorded : "?", computed ? computed : "?");
		return;
	}
	table_cell(&l->table, arena_printf(a, "%" PRIu64, r->number));
	table_cell(&l->table, arena_printf(a, "%" PRIu64, r->seq));
	table_cell(&l->table, recorded);
	table_cell(&l->table, computed);
}

static void put(struct listing *l, const struct msg_replayed *r)
{
	switch (l->cli->format) {
	case FORMAT_JSON: put_json(&l->writer, r); break;
	case FORMAT_JSONL:
		put_json(&l->writer, r);
		putchar('\n');
		break;
	default: put_row(l, r);
	}
}

/* The count: data in JSON and where no format was asked for, else words. */
static int end(struct listing *l, const struct tally *t)
{
	struct writer *w = &l->writer;

	switch (l->cli->format) {
	case FORMAT_AUTO:
		printf("%" PRIu64 " suggestions, %" PRIu64 " equal, %" PRIu64 " different\n", t->n,
			t->n - t->different, t->different);
		break;
	case FORMAT_JSON:
	case FORMAT_JSONL:
		if (l->cli->format == FORMAT_JSON)
			writer_end(w);
		else
			writer_object(w);
		writer_uint(writer_key(w, "suggestions"), t->n);
		writer_uint(writer_key(w, "equal"), t->n - t->different);
		writer_uint(writer_key(w, "different"), t->different);
		writer_bool(writer_key(w, "same_build"), t->same_build);
		writer_end(w);
		putchar('\n');
		break;
	default:
		if (!table_end(&l->table))
			return cli_no_memory();
		if (!l->cli->quiet)
			cli_say("%" PRIu64 " suggestions, %" PRIu64 " equal, %" PRIu64 " different", t->n,
				t->n - t->different, t->different);
	}
	return cli_flush();
}

static void progress(const struct cli *cli, const struct tally *t, bool end)
{
	if (cli->quiet || !isatty(STDERR_FILENO))
		return;
	if (end)
		fputs("\r\033[K", stderr);
	else
		fprintf(stderr, "\r%" PRIu64 " suggestions, %" PRIu64 " different", t->n, t->different);
}

static int replay_all(struct listing *l, struct cli *cli, const char *study, struct tally *t)
{
	struct msg_request request = {
		.method = METHOD_REPLAY, .u.replay = {.study = study, .limit = PAGE}};
	struct msg_reply reply;
	struct msg_replay_reply *page = &reply.u.replay;
	int code;

	do {
		struct arena_mark mark = arena_mark(cli->arena);

		code = cli_call(cli, &request, &reply);
		if (code != CLI_OK)
			break;
		if (!l->cli)
			begin(l, cli);
		for (int i = 0; i < page->n; i++) {
			t->n++;
			if (page->suggestions[i].equal)
				continue;
			t->different++;
			progress(cli, t, true);
			put(l, &page->suggestions[i]);
		}
		t->same_build &= page->same_build;
		request.u.replay.from_seq = page->next_seq;
		arena_release(cli->arena, mark);
		progress(cli, t, !page->more);
	} while (page->more);
	return code;
}

int cmd_replay(struct cli *cli, int argc, char **argv)
{
	struct tally t = {.same_build = true};
	struct listing l = {0};
	int code, ended;

	if (cli_getopt(cli, argc, argv, NULL, NULL) != -1)
		return cli->help_exit;
	if (argc - optind != 1)
		return cli_usage(cli, "one study name");
	code = replay_all(&l, cli, argv[optind], &t);
	if (!l.cli)
		return code;
	if (code != CLI_OK) {
		table_end(&l.table); /* rows so far, and no count that looks like all */
		return code;
	}
	ended = end(&l, &t);
	if (t.n > 0 && !t.same_build)
		cli_say("some were recorded by another build, BLAS core or libm, which may differ "
				"in the last bits");
	return t.different > 0 ? CLI_FAILED : ended;
}
