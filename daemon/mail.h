/* Owned messages between two threads: any number put, one takes.
 *
 * A message is a struct that begins with a struct mail; putting it gives it away,
 * and never fails. The taker either waits on the box, or polls its descriptor
 * together with sockets. */
#ifndef KR_DAEMON_MAIL_H
#define KR_DAEMON_MAIL_H

#include <pthread.h>
#include <stdbool.h>

#include "base/status.h"

struct mail {
	struct mail *next;
};

struct mailbox {
	pthread_mutex_t lock;
	pthread_cond_t arrived;
	struct mail *head, *tail;
	bool closed;
	int fd; /* readable while something may be there; -1: not wanted */
};

/* Errors: KR_EIO (no descriptor left). */
enum kr_status mailbox_init(struct mailbox *b, bool with_fd, struct kr_error *err);

/* The box must be empty. */
void mailbox_fini(struct mailbox *b);

/* m belongs to the taker from here on. */
void mailbox_put(struct mailbox *b, struct mail *m);

/* All that is there, oldest first, linked by next; NULL when empty. */
struct mail *mailbox_take(struct mailbox *b);

/* The oldest one, waiting for it; NULL once the box is closed and empty. */
struct mail *mailbox_wait(struct mailbox *b);

/* Wakes who waits. What is in the box can still be taken. */
void mailbox_close(struct mailbox *b);

#endif
