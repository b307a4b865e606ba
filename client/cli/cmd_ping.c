/* krige ping: whether a daemon answers, and how fast. */
#include <stdio.h>
#include <time.h>

#include "client/cli/cli.h"
#include "client/cli/options.h"
#include "client/cli/writer.h"

int cmd_ping(struct cli *cli, int argc, char **argv);

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int print(struct cli *cli, double ms)
{
	struct writer w = cli_writer(cli);

	if (!cli_wants_json(cli)) {
		if (!cli->quiet)
			cli_say("%s answers in %.2f ms", krige_endpoint(cli->client), ms);
		return CLI_OK;
	}
	writer_object(&w);
	writer_string(writer_key(&w, "endpoint"), krige_endpoint(cli->client));
	writer_real(writer_key(&w, "ms"), ms);
	writer_end(&w);
	writer_finish(&w);
	return cli_flush();
}

int cmd_ping(struct cli *cli, int argc, char **argv)
{
	struct msg_request request = {.method = METHOD_PING};
	struct msg_reply reply;
	double start;
	int code;

	if (!options_words(cli, argc, argv, 0, 0))
		return cli->code;
	cli->no_start = true;
	/* The first call also connects and says Hello: the second is the round trip. */
	code = cli_call(cli, &request, &reply);
	start = seconds();
	if (code == CLI_OK)
		code = cli_call(cli, &request, &reply);
	return code == CLI_OK ? print(cli, (seconds() - start) * 1e3) : code;
}
