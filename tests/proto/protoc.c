#include "tests/proto/protoc.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static FILE *temporary(void)
{
	FILE *f = tmpfile();

	if (!f)
		abort();
	return f;
}

/* Standard input and output are files, standard error is dropped. */
static int spawn(const char *option, FILE *in, FILE *out)
{
	static char folder[] = "-I" KRIGED_SOURCE_DIR;
	char *argv[] = {"protoc", folder, (char *)(uintptr_t)option, "proto/kriged.proto", NULL};
	posix_spawn_file_actions_t actions;
	int status = -1;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, fileno(in), STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, fileno(out), STDOUT_FILENO);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	if (posix_spawnp(&pid, "protoc", &actions, NULL, argv, environ) != 0 ||
		waitpid(pid, &status, 0) != pid)
		abort();
	posix_spawn_file_actions_destroy(&actions);
	return status;
}

/* All of a file and a NUL after it. */
static char *contents(FILE *f, size_t *len)
{
	char *p;
	long size;

	if (fseek(f, 0, SEEK_END) != 0 || (size = ftell(f)) < 0)
		abort();
	rewind(f);
	p = calloc(1, (size_t)size + 1);
	if (!p || fread(p, 1, (size_t)size, f) != (size_t)size)
		abort();
	*len = (size_t)size;
	return p;
}

static char *run(const char *verb, const char *type, const void *in, size_t in_len, size_t *out_len)
{
	FILE *input = temporary(), *output = temporary();
	char option[128], *out = NULL;

	snprintf(option, sizeof(option), "--%s=kriged.%s", verb, type);
	if (fwrite(in, 1, in_len, input) != in_len || fflush(input) != 0)
		abort();
	rewind(input);
	if (spawn(option, input, output) == 0)
		out = contents(output, out_len);
	fclose(input);
	fclose(output);
	return out;
}

uint8_t *protoc_encode(const char *type, const char *text, size_t *len)
{
	return (uint8_t *)run("encode", type, text, strlen(text), len);
}

char *protoc_decode(const char *type, const uint8_t *p, size_t len)
{
	size_t unused;

	return run("decode", type, p, len, &unused);
}
