#include "client/cli/layout.h"

#include <stdlib.h>
#include <string.h>
#include <wchar.h>

enum { GAP = 2, LEAST = 8 };

/* The next character: its bytes, and its columns in *width; 1 and 1 for a byte that is none. */
static size_t step(const char *s, int *width)
{
	mbstate_t state = {0};
	wchar_t c;
	size_t n = mbrtowc(&c, s, MB_CUR_MAX, &state);

	if (n == 0 || n > 8) {
		*width = 1;
		return 1;
	}
	*width = wcwidth(c);
	if (*width < 0)
		*width = 1;
	return n;
}

int layout_width(const char *s)
{
	int total = 0, width;

	while (*s) {
		s += step(s, &width);
		total += width;
	}
	return total;
}

/* ---- escapes -------------------------------------------------------------------------- */

/* Bytes of a character to be escaped, 0: it is safe; *plain are the bytes of a safe one. */
static size_t unsafe(const char *s, bool backslash, size_t *plain)
{
	unsigned char c = (unsigned char)*s;
	mbstate_t state = {0};
	wchar_t wide;
	size_t n;

	*plain = 1;
	if (c < 0x80)
		return c < 0x20 || c == 0x7f || (backslash && c == '\\');
	n = mbrtowc(&wide, s, strlen(s), &state);
	if (n == 0 || n > 8)
		return 1;
	*plain = n;
	return wide >= 0x80 && wide < 0xa0 ? n : 0;
}

const char *layout_safe(const char *s, bool backslash, struct arena *a)
{
	size_t extra = 0, plain, bad;
	char *out, *to;

	for (const char *c = s; *c; c += bad ? bad : plain) {
		bad = unsafe(c, backslash, &plain);
		extra += 3 * bad;
	}
	if (extra == 0)
		return s;
	out = to = arena_alloc(a, strlen(s) + extra + 1);
	if (!out)
		return NULL;
	while (*s) {
		bad = unsafe(s, backslash, &plain);
		if (!bad)
			to = mempcpy(to, s, plain);
		for (size_t i = 0; i < bad; i++) {
			const char *letter = strchr("\tt\nn\rr\\\\", s[i]);

			if (letter)
				to += sprintf(to, "\\%c", letter[1]);
			else
				to += sprintf(to, "\\x%02x", (unsigned char)s[i]);
		}
		s += bad ? bad : plain;
	}
	*to = '\0';
	return out;
}

const char *layout_cut(const char *s, int width, const char *dots, struct arena *a)
{
	int room = width - layout_width(dots), used = 0, w;
	const char *end = s;
	size_t n;

	if (layout_width(s) <= width)
		return s;
	if (room < 0)
		return "";
	for (;;) {
		n = step(end, &w);
		if (used + w > room)
			break;
		used += w;
		end += n;
	}
	return arena_printf(a, "%.*s%s", (int)(end - s), s, dots);
}

/* ---- columns -------------------------------------------------------------------------- */

static int total_of(const int *widths, int n)
{
	int total = n > 0 ? (n - 1) * GAP : 0;

	for (int i = 0; i < n; i++)
		total += widths[i];
	return total;
}

/* Take from the widest column of text until the lines fit, or none is wider than LEAST. */
static void shrink(int *widths, const struct layout_column *columns, int n, int width)
{
	for (int over = total_of(widths, n) - width; over > 0; over--) {
		int widest = -1;

		for (int i = 0; i < n; i++)
			if (!columns[i].right && widths[i] > LEAST &&
				(widest < 0 || widths[i] >= widths[widest]))
				widest = i;
		if (widest < 0)
			return;
		widths[widest]--;
	}
}

static bool put_line(FILE *out, const struct layout_column *columns, int n, const int *widths,
	const char *const *cells, int width, const char *dots, struct arena *a)
{
	struct arena_mark mark = arena_mark(a);
	const char *line = "", *cell;

	for (int i = 0; i < n && line; i++) {
		bool last = i == n - 1;
		int pad;

		cell = layout_cut(cells[i], widths[i], dots, a);
		if (!cell)
			return false;
		pad = widths[i] - layout_width(cell);
		line = arena_printf(a, "%s%*s%s%*s", line, (i ? GAP : 0) + (columns[i].right ? pad : 0), "",
			cell, columns[i].right || last ? 0 : pad, "");
	}
	if (line && width > 0)
		line = layout_cut(line, width, dots, a);
	if (line) {
		size_t len = strlen(line);

		while (len > 0 && line[len - 1] == ' ')
			len--;
		fprintf(out, "%.*s\n", (int)len, line);
	}
	arena_release(a, mark);
	return line != NULL;
}

bool layout_print(FILE *out, const struct layout_column *columns, int n_columns,
	const char *const *cells, int n_rows, int width, const char *dots, struct arena *a)
{
	int *widths = ARENA_ARRAY(a, int, n_columns + 1);
	const char **names = ARENA_ARRAY(a, const char *, n_columns + 1);
	bool ok = widths && names;

	for (int i = 0; ok && i < n_columns; i++) {
		names[i] = columns[i].name;
		widths[i] = names[i] ? layout_width(names[i]) : 0;
		for (int r = 0; r < n_rows; r++) {
			int w = layout_width(cells[(size_t)r * (size_t)n_columns + (size_t)i]);

			if (w > widths[i])
				widths[i] = w;
		}
	}
	if (ok && width > 0)
		shrink(widths, columns, n_columns, width);
	if (ok && n_columns > 0 && names[0])
		ok = put_line(out, columns, n_columns, widths, names, width, dots, a);
	for (int r = 0; ok && r < n_rows; r++)
		ok = put_line(
			out, columns, n_columns, widths, cells + (size_t)r * (size_t)n_columns, width, dots, a);
	return ok;
}
