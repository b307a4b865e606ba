/* krige ping: whether a daemon answers, and how fast. */
#include <stdio.h>
#include <time.h>

#include "client/cli/cli.h"

int cmd_ping(struct cli *cli, int argc, char **argv);

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

int cmd_ping(struct cli *cli, int argc, char **argv)
{
	struct msg_request request = {.method = METHOD_PING};
	struct msg_reply reply;
	double start;
	int code;

	if (cli_getopt(cli, argc, argv, NULL, NULL) != -1)
		return cli->help_exit;
	if (optind != argc)
		return cli_usage(cli, "too many words");
	/* The first call also connects and says Hello: the second is the round trip. */
	code = cli_call(cli, &request, &reply);
	start = seconds();
	if (code == CLI_OK)
		code = cli_call(cli, &request, &reply);
	if (code == CLI_OK && !cli->quiet)
		cli_say("%s answers in %.2f ms", krige_endpoint(cli->client), (seconds() - start) * 1e3);
	return code;
}
