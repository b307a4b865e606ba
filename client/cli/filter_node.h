/* A parsed expression of --filter, between filter_parse.c and filter.c. */
#ifndef KR_CLIENT_CLI_FILTER_NODE_H
#define KR_CLIENT_CLI_FILTER_NODE_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum filter_token {
	T_END,
	T_WORD,
	T_QUOTED,
	T_OPEN,
	T_CLOSE,
	T_COMMA,
	T_EQ,
	T_NE,
	T_LT,
	T_LE,
	T_GT,
	T_GE,
	T_MATCH,
	T_NO_MATCH
};

enum filter_kind { N_AND, N_OR, N_NOT, N_TEST, N_IN, N_TRUE };

/* A value to compare with: its text, and what it may also be. */
struct filter_literal {
	const char *text;
	bool quoted, is_null, is_number, is_time;
	double number;
	int64_t integer;
	bool is_integer;
	uint64_t from_ms, to_ms; /* the time, and the end of what it leaves open (2026-01-31: a day) */
	struct filter_literal *next; /* of `in` */
};

struct filter_node {
	enum filter_kind kind;
	int left, right;
	const char *name;
	int column;
	enum filter_token op;
	struct filter_literal *literal;
	regex_t regex;
	bool has_regex;
};

struct filter {
	struct filter_node *nodes;
	size_t n, cap;
	int root;
};

#endif
