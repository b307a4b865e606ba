/* krige replay NAME: the daemon recomputes every recorded suggestion, page by
 * page; this prints the ones that differ, and the count. */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "client/cli/cli.h"
#include "client/cli/options.h"
#include "client/cli/rows.h"
#include "client/cli/view.h"

int cmd_replay(struct cli *cli, int argc, char **argv);

enum { PAGE = 16 }; /* suggestions a call: each may cost a fit */

struct tally {
	uint64_t n, different;
	bool same_build;
};

/* Where the suggestions that differ go: words when no format was asked for. */
struct listing {
	struct cli *cli;
	bool began, words, object; /* object: JSON is one, with the list and the count */
	struct rows rows;
	struct writer writer;
};

static int begin(struct listing *l, struct cli *cli)
{
	int code;

	l->cli = cli;
	l->words = cli->format == FORMAT_AUTO;
	l->object = cli->format == FORMAT_JSON || cli->format == FORMAT_YAML;
	l->writer = cli_writer(cli);
	l->began = true;
	if (l->object) {
		writer_object(&l->writer);
		writer_array(writer_key(&l->writer, "differing"));
	}
	if (l->words || cli_wants_json(cli))
		return CLI_OK;
	code = rows_open(&l->rows, cli, stdout);
	if (code != CLI_OK)
		return code;
	rows_column(&l->rows, (struct column){.name = "number", .type = COLUMN_NUMBER});
	rows_column(&l->rows, (struct column){.name = "seq", .type = COLUMN_NUMBER});
	rows_column(&l->rows, (struct column){.name = "recorded", .type = COLUMN_TEXT});
	rows_column(&l->rows, (struct column){.name = "computed", .type = COLUMN_TEXT});
	return rows_ready(&l->rows);
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

static void put(struct listing *l, const struct msg_replayed *r)
{
	struct arena *a = l->cli->arena;
	const char *recorded = view_params_text(r->n_recorded, r->recorded, false, a);
	const char *computed = view_params_text(r->n_computed, r->computed, false, a);
	struct cell cells[] = {
		cell_count(r->number), cell_count(r->seq), cell_text(recorded), cell_text(computed)};

	if (l->words) {
		printf("trial %" PRIu64 " (event %" PRIu64 ") differs\n  recorded: %s\n  computed: %s\n",
			r->number, r->seq, recorded ? recorded : "?", computed ? computed : "?");
	} else if (cli_wants_json(l->cli)) {
		put_json(&l->writer, r);
		if (!l->object)
			putchar('\n');
	} else {
		rows_put(&l->rows, cells, NULL, NULL);
	}
}

static void count_json(struct listing *l, const struct tally *t)
{
	struct writer *w = &l->writer;

	if (l->object)
		writer_end(w);
	else
		writer_object(w);
	writer_uint(writer_key(w, "suggestions"), t->n);
	writer_uint(writer_key(w, "equal"), t->n - t->different);
	writer_uint(writer_key(w, "different"), t->different);
	writer_bool(writer_key(w, "same_build"), t->same_build);
	writer_end(w);
	writer_finish(w);
}

/* The count: data in JSON and where no format was asked for, else words. */
static int end(struct listing *l, const struct tally *t)
{
	int code = CLI_OK;

	if (l->words) {
		printf("%" PRIu64 " suggestions, %" PRIu64 " equal, %" PRIu64 " different\n", t->n,
			t->n - t->different, t->different);
	} else if (cli_wants_json(l->cli)) {
		count_json(l, t);
	} else {
		code = rows_close(&l->rows);
		if (!l->cli->quiet)
			cli_say("%" PRIu64 " suggestions, %" PRIu64 " equal, %" PRIu64 " different", t->n,
				t->n - t->different, t->different);
	}
	return code == CLI_OK ? cli_flush() : code;
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
		if (!l->began)
			code = begin(l, cli);
		if (code != CLI_OK)
			break;
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

	if (!options_words(cli, argc, argv, 1, 1))
		return cli->code;
	code = replay_all(&l, cli, argv[optind], &t);
	if (code != CLI_OK) {
		if (l.rows.shown)
			rows_close(&l.rows); /* rows so far, and no count that looks like all */
		return code;
	}
	ended = end(&l, &t);
	if (t.n > 0 && !t.same_build)
		cli_say("some were recorded by another build, whose methods may differ, or with another "
				"BLAS core or libm, which differ in the last bits");
	return t.different > 0 ? CLI_FAILED : ended;
}
