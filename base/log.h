/* Logging: one logfmt line per event on stderr, with a journald priority
 * prefix when JOURNAL_STREAM names it. Thread-safe; never waits: a line that
 * a full pipe can't take is lost. Parameter values never go into a log at
 * info level: they can be secret. */
#ifndef KR_BASE_LOG_H
#define KR_BASE_LOG_H

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

void log_set_level(enum log_level level);

/* fmt gives "key=value ..." pairs after the message: */
/* log_at(LOG_LEVEL_INFO, "commit failed", "study=%llu err=\"%s\"", id, e.text) */
void log_at(enum log_level level, const char *msg, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
