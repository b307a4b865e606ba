/* krige server: the daemon itself. */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/paths.h"
#include "client/c/call.h"
#include "client/cli/cli.h"
#include "client/cli/options.h"
#include "client/cli/writer.h"

int cmd_server_backup(struct cli *cli, int argc, char **argv);
int cmd_server_restore(struct cli *cli, int argc, char **argv);

enum { BACKUP_MS = 4 * 3600 * 1000, ATTEMPT_MS = 15000 };

/* The daemon wants an absolute path. One that is not is meant from here, if it is the same
 * machine. */
static const char *absolute(struct cli *cli, const char *path)
{
	char here[PATH_MAX];

	if (path[0] == '/' || !paths_ipc(krige_endpoint(cli->client)) || !getcwd(here, sizeof(here)))
		return path;
	return arena_printf(cli->arena, "%s/%s", strcmp(here, "/") == 0 ? "" : here, path);
}

static int print(struct cli *cli, const char *path, uint64_t bytes)
{
	struct writer w = cli_writer(cli);

	if (!cli_wants_json(cli)) {
		if (!cli->quiet)
			cli_say("backed up to %s: %" PRIu64 " bytes", path, bytes);
		return CLI_OK;
	}
	writer_object(&w);
	writer_string(writer_key(&w, "path"), path);
	writer_uint(writer_key(&w, "bytes"), bytes);
	writer_end(&w);
	writer_finish(&w);
	return cli_flush();
}

int cmd_server_backup(struct cli *cli, int argc, char **argv)
{
	struct call_times times = {BACKUP_MS, ATTEMPT_MS, cli->retry_ms};
	struct msg_request request = {.method = METHOD_SERVER_BACKUP};
	struct msg_reply reply;
	struct krige_error err;
	int code = CLI_FAILED;

	if (!options_words(cli, argc, argv, 1, 1))
		return cli->code;
	cli->no_start = true;
	if (!cli_client(cli, &code))
		return code;
	if (cli->timeout_ms)
		times.timeout_ms = cli->timeout_ms;
	request.u.server_backup.path = absolute(cli, argv[optind]);
	if (!request.u.server_backup.path)
		return cli_no_memory();
	if (call_run_within(cli->client, &times, &request, &reply, cli->arena, &err) != KRIGE_OK)
		return cli_error(cli, &err);
	return print(cli, request.u.server_backup.path, reply.u.server_backup.bytes);
}

int cmd_server_restore(struct cli *cli, int argc, char **argv)
{
	if (!options_words(cli, argc, argv, 0, 1))
		return cli->code;
	cli_say("a database is restored while no daemon uses it: stop the daemon, then run\n"
			"  kriged --restore %s --db FILE",
		optind < argc ? argv[optind] : "BACKUP");
	return CLI_USAGE;
}
