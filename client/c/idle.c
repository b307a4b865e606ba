#include "client/c/idle.h"

static bool pop(struct krige_client *c, struct channel *ch)
{
	bool found;

	pthread_mutex_lock(&c->lock);
	found = c->n_idle > 0;
	if (found)
		*ch = c->idle[--c->n_idle];
	pthread_mutex_unlock(&c->lock);
	return found;
}

enum krige_status idle_take(struct krige_client *c, struct channel *ch, struct krige_error *err)
{
	while (pop(c, ch)) {
		if (channel_usable(ch))
			return KRIGE_OK;
		channel_close(ch);
	}
	return channel_open(ch, c->ctx, atomic_fetch_add(&c->serial, 1), c->endpoint, &c->curve, err);
}

void idle_give(struct krige_client *c, struct channel *ch)
{
	bool kept;

	pthread_mutex_lock(&c->lock);
	kept = c->n_idle < CLIENT_IDLE_CHANNELS;
	if (kept)
		c->idle[c->n_idle++] = *ch;
	pthread_mutex_unlock(&c->lock);
	if (!kept)
		channel_close(ch);
}
