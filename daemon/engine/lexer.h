/* Words of a condition or constraint: "opt == 'sgd' and (layers > 2 or not fast)". */
#ifndef KR_DAEMON_ENGINE_LEXER_H
#define KR_DAEMON_ENGINE_LEXER_H

#include "base/arena.h"
#include "base/status.h"
#include "proto/msg.h"

enum word {
	WORD_END,
	WORD_NAME,  /* text: momentum, `batch size`, with `` for a backquote in it */
	WORD_VALUE, /* value: 3, 0.5, 1e-3, 'text', "text", null, true (None, True, False too) */
	WORD_AND,
	WORD_OR,
	WORD_NOT,
	WORD_IN,
	WORD_EQUAL,
	WORD_UNEQUAL,
	WORD_BELOW,
	WORD_AT_MOST,
	WORD_ABOVE,
	WORD_AT_LEAST,
	WORD_OPEN, /* ( */
	WORD_CLOSE,
	WORD_OPEN_LIST, /* [ */
	WORD_CLOSE_LIST,
	WORD_COMMA,
	WORD_PLUS,
	WORD_MINUS,
	WORD_TIMES,
	WORD_DIVIDE
};

struct lexer {
	const char *field, *text; /* what the request calls it; all of it, UTF-8 */
	const char *next;
	struct arena *a;

	/* the word read last */
	enum word word;
	const char *at, *name;
	struct msg_scalar value;
};

/* At the first word. Texts of words are in the arena. Errors: as lexer_next. */
enum kr_status lexer_begin(
	struct lexer *l, const char *field, const char *text, struct arena *a, struct kr_error *err);

/* Go to the next word. Errors: KR_INVALID_ARGUMENT for what is none; KR_ENOMEM. */
enum kr_status lexer_next(struct lexer *l, struct kr_error *err);

/* KR_INVALID_ARGUMENT that names field, text, the place `at`, and what is wrong there. */
enum kr_status lexer_refuse(const struct lexer *l, const char *at, struct kr_error *err,
	const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* The word read last as people wrote it: "'sgd'", "the end". Gives out. */
const char *lexer_show(const struct lexer *l, char *out, size_t size);

#endif
