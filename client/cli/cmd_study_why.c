/* krige study why STUDY: what it waits for, and what it would do next. */
#include <stdio.h>

#include "client/cli/cli.h"
#include "client/cli/options.h"
#include "client/cli/view.h"
#include "client/cli/writer.h"

int cmd_study_why(struct cli *cli, int argc, char **argv);

static const char *const nexts[] = {"?", "NOTHING", "QUEUED", "INITIAL", "MODEL"};

static void put_json(struct writer *w, const struct msg_why_reply *r)
{
	writer_object(w);
	writer_string(writer_key(w, "next"), nexts[r->next]);
	writer_uint_if(writer_key(w, "next_number"), r->next != NEXT_NOTHING, r->next_number);
	writer_string(writer_key(w, "reason"), r->next == NEXT_NOTHING ? r->error.message : NULL);
	writer_uint(writer_key(w, "waiting"), r->waiting);
	writer_bool(writer_key(w, "computing"), r->computing);
	writer_string(writer_key(w, "prepared"),
		r->prepared == PREPARED_NONE ? NULL : msg_prepared_name(r->prepared));
	writer_uint(writer_key(w, "queued"), r->queued);
	writer_uint(writer_key(w, "running"), r->running);
	writer_uint_if(writer_key(w, "left"), r->has_left, r->left);
	writer_uint_if(writer_key(w, "expiry_number"), r->has_expiry, r->expiry_number);
	writer_real_if(writer_key(w, "expiry"), r->has_expiry, (double)r->expiry_ms / 1000);
	view_texts_json(writer_key(w, "sentences"), &r->sentences);
	writer_end(w);
	writer_finish(w);
}

int cmd_study_why(struct cli *cli, int argc, char **argv)
{
	struct msg_request request = {.method = METHOD_WHY};
	struct writer w;
	struct msg_reply reply;
	int code;

	if (!options_words(cli, argc, argv, 1, 1))
		return cli->code;
	request.u.why.study = argv[optind];
	code = cli_call(cli, &request, &reply);
	if (code != CLI_OK)
		return code;
	w = cli_writer(cli);
	if (cli_wants_json(cli))
		put_json(&w, &reply.u.why);
	else
		for (int i = 0; i < reply.u.why.sentences.n; i++)
			puts(reply.u.why.sentences.p[i]);
	return cli_flush();
}
