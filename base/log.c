#include "base/log.h"

#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { LINE = 2048 };

static atomic_int threshold = LOG_LEVEL_INFO;

void log_set_level(enum log_level level)
{
	atomic_store(&threshold, (int)level);
}

/* JOURNAL_STREAM names the file that was stderr when systemd began the process or one
 * before it; since then it may have become another (sd_journal_stream_fd(3)). */
static bool is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long device, inode;
	struct stat st;

	return stream && sscanf(stream, "%lu:%lu", &device, &inode) == 2 &&
		fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

/* Whether a line can be written without waiting: a pipe that takes some takes PIPE_BUF
 * bytes, which is more. Who tells is not to stop for a reader that sleeps. */
static bool has_room(void)
{
	struct pollfd out = {.fd = STDERR_FILENO, .events = POLLOUT};

	return poll(&out, 1, 0) == 1 && (out.revents & POLLOUT);
}

/* What a reader of the line needs first: a priority for journald, which has
 * its own clock; the time for everybody else. */
static int put_head(char *out, size_t size, enum log_level level)
{
	static const char *const names[] = {"error", "warn", "info", "debug"};
	static const int priority[] = {3, 4, 6, 7};
	struct timespec now;
	struct tm tm;
	char stamp[32] = "";

	if (is_journal())
		return snprintf(out, size, "<%d>level=%s ", priority[level], names[level]);
	clock_gettime(CLOCK_REALTIME, &now);
	if (gmtime_r(&now.tv_sec, &tm))
		strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &tm);
	return snprintf(
		out, size, "ts=%s.%03ldZ level=%s ", stamp, now.tv_nsec / 1000000, names[level]);
}

/* Does a value end at the quote before s: is the line over, or does a pair follow? */
static bool ends_value(const char *s)
{
	size_t key;

	if (*s != ' ')
		return *s == '\0';
	key = strspn(s + 1, "abcdefghijklmnopqrstuvwxyz_");
	return key > 0 && s[1 + key] == '=';
}

/* Text of others may be in the pairs: it stays on the line and inside its quotes. */
static void flatten(char *s)
{
	bool inside = false;

	for (; *s; s++) {
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			*s = ' ';
		if (*s == '"' && (!inside || ends_value(s + 1)))
			inside = !inside;
		else if (*s == '"')
			*s = '\'';
	}
}

void log_at(enum log_level level, const char *msg, const char *fmt, ...)
{
	char line[LINE];
	size_t len;
	va_list ap;
	int n;

	if ((int)level > atomic_load_explicit(&threshold, memory_order_relaxed))
		return;
	len = (size_t)put_head(line, sizeof(line), level);
	len += (size_t)snprintf(line + len, sizeof(line) - len, "msg=\"%.200s\"", msg);
	if (fmt && *fmt) {
		line[len++] = ' ';
		va_start(ap, fmt);
		n = vsnprintf(line + len, sizeof(line) - len, fmt, ap);
		va_end(ap);
		len += n > 0 ? (size_t)n : 0;
	}
	if (len > sizeof(line) - 2)
		len = sizeof(line) - 2;
	line[len] = '\0';
	flatten(line);
	line[len++] = '\n';
	/* One write, so that lines of several threads do not mix; there is nobody to
	 * tell when it fails. */
	if (!has_room() || write(STDERR_FILENO, line, len) < 0)
		return;
}
