/* Conditions: comparisons joined by and, or, not. Recursive descent; nodes go to a buffer as long
 * as the text, which has at most one for each character. */
#include "daemon/engine/expression.h"

#include <string.h>

#include "base/alloc.h"
#include "daemon/engine/expression_internal.h"

/* A level of parentheses is an `or` and an `and`: the tree keeps to CONDITION_DEPTH. */
enum { MOST_NESTED = 30 };

enum kr_status expression__no_memory(struct kr_error *err)
{
	return kr_fail(err, KR_ENOMEM, "no memory for a study");
}

enum kr_status expression__next(struct expression__parser *p)
{
	return lexer_next(&p->l, p->err);
}

static enum kr_status parse_any(struct expression__parser *p, int *root);

static enum kr_status nest(struct expression__parser *p)
{
	return ++p->nested <= MOST_NESTED
		? KR_OK
		: lexer_refuse(
			  &p->l, p->l.at, p->err, "nested more than %d deep; write it flatter", MOST_NESTED);
}

static enum kr_status parse_group(struct expression__parser *p, int *root)
{
	const char *at = p->l.at;
	enum kr_status st = nest(p);

	if (st == KR_OK)
		st = expression__next(p);
	if (st == KR_OK)
		st = parse_any(p, root);
	if (st == KR_OK && p->l.word != WORD_CLOSE)
		st = lexer_refuse(&p->l, at, p->err, "this parenthesis is not closed");
	p->nested--;
	return st == KR_OK ? expression__next(p) : st;
}

static enum kr_status parse_one(struct expression__parser *p, int *root)
{
	enum kr_status st;

	if (p->l.word == WORD_OPEN)
		return parse_group(p, root);
	if (p->l.word != WORD_NOT) {
		*root = p->n;
		return expression__comparison(p);
	}
	st = nest(p);
	if (st == KR_OK)
		st = expression__next(p);
	if (st == KR_OK) {
		int child;

		*root = p->n++;
		st = parse_one(p, &child);
		p->nodes[*root] = (struct condition_node){.op = CONDITION_NOT, .child = child};
	}
	p->nested--;
	return st;
}

/* Parts joined by one word; a single part stands for itself. */
static enum kr_status parse_joined(struct expression__parser *p, enum word word,
	enum condition_op op, enum kr_status (*part)(struct expression__parser *, int *), int *root)
{
	int first = 0, last;
	enum kr_status st = part(p, &first);

	*root = last = first;
	if (st != KR_OK || p->l.word != word)
		return st;
	*root = p->n++;
	p->nodes[*root] = (struct condition_node){.op = op, .child = first};
	while (st == KR_OK && p->l.word == word) {
		int more;

		st = expression__next(p);
		if (st == KR_OK)
			st = part(p, &more);
		if (st == KR_OK) {
			p->nodes[last].next = more;
			last = more;
		}
	}
	return st;
}

static enum kr_status parse_all(struct expression__parser *p, int *root)
{
	return parse_joined(p, WORD_AND, CONDITION_ALL, parse_one, root);
}

static enum kr_status parse_any(struct expression__parser *p, int *root)
{
	return parse_joined(p, WORD_OR, CONDITION_ANY, parse_all, root);
}

enum kr_status expression_condition(const struct params *params, const struct space *plain,
	const char *field, const char *text, const struct condition **out, struct arena *a,
	struct kr_error *err)
{
	struct expression__parser p = {.params = params, .plain = plain, .err = err, .n = 1};
	struct condition *c = ARENA_NEW(a, struct condition);
	char shown[48];
	int root;
	enum kr_status st;

	*out = NULL;
	p.nodes = kr_calloc(strlen(text) + 2, sizeof(*p.nodes));
	st = c && p.nodes ? lexer_begin(&p.l, field, text, a, err) : expression__no_memory(err);
	if (st == KR_OK)
		st = parse_any(&p, &root);
	if (st == KR_OK && p.l.word != WORD_END)
		st = lexer_refuse(&p.l, p.l.at, err, "%s stands where 'and', 'or' or the end should",
			lexer_show(&p.l, shown, sizeof(shown)));
	if (st == KR_OK) { /* the root is node 0, and nobody's child */
		p.nodes[0] = p.nodes[root];
		p.nodes[0].next = 0;
		c->n = p.n;
		c->nodes = arena_memdup(a, p.nodes, (size_t)p.n * sizeof(*p.nodes));
		st = c->nodes ? KR_OK : expression__no_memory(err);
	}
	kr_free(p.nodes);
	if (st == KR_OK)
		*out = c;
	return st;
}
