#include "daemon/mail.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum kr_status mailbox_init(struct mailbox *b, bool with_fd, struct kr_error *err)
{
	memset(b, 0, sizeof(*b));
	b->fd = -1;
	if (with_fd) {
		b->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		if (b->fd < 0)
			return kr_fail(err, KR_EIO, "eventfd: %s", strerror(errno));
	}
	pthread_mutex_init(&b->lock, NULL);
	pthread_cond_init(&b->arrived, NULL);
	return KR_OK;
}

void mailbox_fini(struct mailbox *b)
{
	if (b->fd >= 0)
		close(b->fd);
	pthread_cond_destroy(&b->arrived);
	pthread_mutex_destroy(&b->lock);
}

void mailbox_put(struct mailbox *b, struct mail *m)
{
	m->next = NULL;
	pthread_mutex_lock(&b->lock);
	if (b->tail)
		b->tail->next = m;
	else
		b->head = m;
	b->tail = m;
	pthread_cond_signal(&b->arrived);
	pthread_mutex_unlock(&b->lock);
	if (b->fd >= 0)
		eventfd_write(b->fd, 1); /* cannot fail before 2^64 messages */
}

struct mail *mailbox_take(struct mailbox *b)
{
	struct mail *all;
	eventfd_t n;

	/* Before the look: what is put after it makes the descriptor readable again. */
	if (b->fd >= 0)
		eventfd_read(b->fd, &n);
	pthread_mutex_lock(&b->lock);
	all = b->head;
	b->head = b->tail = NULL;
	pthread_mutex_unlock(&b->lock);
	return all;
}

struct mail *mailbox_wait(struct mailbox *b)
{
	struct mail *m;

	pthread_mutex_lock(&b->lock);
	while (!b->head && !b->closed)
		pthread_cond_wait(&b->arrived, &b->lock);
	m = b->head;
	if (m) {
		b->head = m->next;
		if (!b->head)
			b->tail = NULL;
		m->next = NULL;
	}
	pthread_mutex_unlock(&b->lock);
	return m;
}

void mailbox_close(struct mailbox *b)
{
	pthread_mutex_lock(&b->lock);
	b->closed = true;
	pthread_cond_broadcast(&b->arrived);
	pthread_mutex_unlock(&b->lock);
}
