/* Completion of command lines in bash, zsh and fish. The scripts are short: they ask
 * `krige complete -- WORD..`, which knows the table of commands, and the daemon for
 * names of studies. */
#ifndef KR_CLIENT_CLI_COMPLETE_H
#define KR_CLIENT_CLI_COMPLETE_H

#include <stdio.h>

#include "client/cli/cli.h"

/* The script for that shell, NULL when it is not known. */
const char *complete_script(const char *shell);

/* What the last of n words (without "krige") can be, one a line. Nothing is said of mistakes, nor
 * of a daemon that is not there. Paths are left to the shell: for them it prints nothing. */
void complete_words(FILE *out, struct cli *cli, int n, char **words);

#endif
