#include "client/cli/away.h"

/* Say it once for all slots, when it goes and when it is back. */
static void note_away(struct run *r, bool away)
{
	pthread_mutex_lock(&r->lock);
	if (r->away != away && !r->cli->quiet && !atomic_load(&r->stop)) {
		if (away)
			cli_say("the daemon does not answer; waiting up to %.3g s", r->retry_ms / 1000.0);
		else
			cli_say("the daemon is back");
	}
	r->away = away;
	pthread_mutex_unlock(&r->lock);
}

enum krige_status away_call(struct run *r, struct call_times times, struct msg_request *request,
	struct msg_reply *reply, struct arena *a, struct krige_error *err)
{
	enum krige_status s;

	times.retry_ms = 0;
	s = call_run_within(r->client, &times, request, reply, a, err);
	if (r->retry_ms > 0 &&
		(s == KRIGE_CANNOT_CONNECT || s == KRIGE_OVERLOADED || s == KRIGE_UNAVAILABLE)) {
		note_away(r, s == KRIGE_CANNOT_CONNECT);
		times.retry_ms = r->retry_ms;
		s = call_run_within(r->client, &times, request, reply, a, err); /* with the same id */
	}
	if (s != KRIGE_CANNOT_CONNECT && s != KRIGE_INTERRUPTED)
		note_away(r, false);
	return s;
}
