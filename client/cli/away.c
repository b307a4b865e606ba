#include "client/cli/away.h"

#include "client/cli/cli.h"

/* Say it once for all slots, when it goes and when it is back. */
static void note(struct away *w, bool away)
{
	pthread_mutex_lock(w->lock);
	if (w->said != away && !w->quiet) {
		if (away)
			cli_say("the daemon does not answer; waiting up to %.3g s", w->retry_ms / 1000.0);
		else
			cli_say("the daemon is back");
	}
	w->said = away;
	pthread_mutex_unlock(w->lock);
}

enum krige_status away_call(struct away *w, struct call_times times, struct msg_request *request,
	struct msg_reply *reply, struct arena *a, struct krige_error *err)
{
	enum krige_status s;

	times.retry_ms = 0;
	s = call_run_within(w->client, &times, request, reply, a, err);
	if (w->retry_ms > 0 &&
		(s == KRIGE_CANNOT_CONNECT || s == KRIGE_OVERLOADED || s == KRIGE_UNAVAILABLE)) {
		note(w, s == KRIGE_CANNOT_CONNECT);
		times.retry_ms = w->retry_ms;
		s = call_run_within(w->client, &times, request, reply, a, err); /* with the same id */
	}
	if (s != KRIGE_CANNOT_CONNECT && s != KRIGE_INTERRUPTED)
		note(w, false);
	return s;
}
