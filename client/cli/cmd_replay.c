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

static bool as_json(const struct cli *cli)
{
	return cli->format == FORMAT_JSON || cli->format == FORMAT_JSONL;
}

static void put_different(struct cli *cli, const struct msg_replayed *r)
{
	struct writer w = writer_make(stdout);
	const char *recorded, *computed;

	if (as_json(cli)) {
		writer_object(&w);
		writer_uint(writer_key(&w, "number"), r->number);
		writer_uint(writer_key(&w, "seq"), r->seq);
		view_params_json(writer_key(&w, "recorded"), r->n_recorded, r->recorded);
		view_params_json(writer_key(&w, "computed"), r->n_computed, r->computed);
		writer_end(&w);
		putchar('\n');
		return;
	}
	recorded = view_params_text(r->n_recorded, r->recorded, false, cli->arena);
	computed = view_params_text(r->n_computed, r->computed, false, cli->arena);
	printf("trial %" PRIu64 " (event %" PRIu64 ") differs\n  recorded: %s\n  computed: %s\n",
		r->number, r->seq, recorded ? recorded : "?", computed ? computed : "?");
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

static int replay_all(struct cli *cli, const char *study, struct tally *t)
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
			return code;
		for (int i = 0; i < page->n; i++) {
			t->n++;
			if (page->suggestions[i].equal)
				continue;
			t->different++;
			progress(cli, t, true);
			put_different(cli, &page->suggestions[i]);
		}
		t->same_build &= page->same_build;
		request.u.replay.from_seq = page->next_seq;
		arena_release(cli->arena, mark);
		progress(cli, t, !page->more);
	} while (page->more);
	return CLI_OK;
}

int cmd_replay(struct cli *cli, int argc, char **argv)
{
	struct tally t = {.same_build = true};
	struct writer w = writer_make(stdout);
	int code;

	if (cli_getopt(cli, argc, argv, NULL, NULL) != -1)
		return cli->help_exit;
	if (argc - optind != 1)
		return cli_usage(cli, "one study name");
	code = replay_all(cli, argv[optind], &t);
	if (code != CLI_OK)
		return code;
	if (as_json(cli)) {
		writer_object(&w);
		writer_uint(writer_key(&w, "suggestions"), t.n);
		writer_uint(writer_key(&w, "equal"), t.n - t.different);
		writer_uint(writer_key(&w, "different"), t.different);
		writer_bool(writer_key(&w, "same_build"), t.same_build);
		writer_end(&w);
		putchar('\n');
	} else {
		printf("%" PRIu64 " suggestions, %" PRIu64 " equal, %" PRIu64 " different\n", t.n,
			t.n - t.different, t.different);
	}
	if (t.n > 0 && !t.same_build)
		cli_say("some were recorded by another build, BLAS core or libm, which may differ "
				"in the last bits");
	code = cli_flush();
	return t.different > 0 ? CLI_FAILED : code;
}
