/* The command line: getopt over the table of commands. */
#ifndef KR_CLIENT_CLI_OPTIONS_H
#define KR_CLIENT_CLI_OPTIONS_H

#include <getopt.h> /* optind, optarg */
#include <stdbool.h>
#include <stdint.h>

struct cli;

/* The next of the command's own options (its key, a positive number), -1 at the end (words
 * begin at optind), '?' when the command shall return cli->code: help was asked for, or a
 * mistake was told. The options of every command are consumed. */
int options_next(struct cli *cli, int argc, char **argv);

/* The same for a command without own options that takes from min to max words. False: return
 * cli->code. */
bool options_words(struct cli *cli, int argc, char **argv, int min, int max);

/* Where the options end for certain: at a value that begins with a minus (an argc). */
int options_before_negative(int argc, char **argv);

/* A number of seconds ("90", "1.5"), or with a unit: ms, s, m, h, d ("10m"). False after saying
 * what is wrong with it. */
bool options_seconds(const char *option, const char *text, double *s);

/* The same as milliseconds in 32 bits. */
bool options_ms(const char *option, const char *text, uint32_t *ms);

/* A finite number. False after saying what is wrong with it. */
bool options_real(const char *option, const char *text, double *x);

/* A whole number from low on. False after saying what is wrong with it. */
bool options_count(
	struct cli *cli, const char *option, const char *text, uint64_t low, uint64_t *out);

#endif
