/* What a transform does, in words. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "gp/outcome/outcome.h"

/* A text that grows up to its size; what does not fit is left out. */
struct words {
	char *text;
	size_t size, len;
};

__attribute__((format(printf, 2, 3))) static void say(struct words *w, const char *format, ...)
{
	va_list args;
	int wanted;

	if (w->len >= w->size)
		return;
	va_start(args, format);
	wanted = vsnprintf(w->text + w->len, w->size - w->len, format, args);
	va_end(args);
	w->len += wanted > 0 ? (size_t)wanted : 0;
}

/* A raw value from u = sign y; never -0. */
static double raw(const struct outcome *o, double u)
{
	return o->minimize ? 0 - u : u;
}

static void say_tail(struct words *w, const struct outcome *o)
{
	const char *bad_side = o->minimize ? "above" : "below"; /* what is low in u */

	if (o->tail == OUTCOME_LOG)
		say(w, "; logarithm %s the median %.4g", bad_side, raw(o, o->middle));
	if (isfinite(o->cut_low))
		say(w, "; cut %s %.4g", bad_side, raw(o, o->cut_low));
	if (isfinite(o->cut_high))
		say(w, "; cut above %.4g", o->cut_high);
}

void outcome_describe(const struct outcome *o, char *text, size_t size)
{
	struct words w = {.text = text, .size = size};

	say(&w, "%s", o->bounded ? "with bounds" : o->minimize ? "minimize" : "maximize");
	say_tail(&w, o);
	say(&w, "; standardized: mean %.4g, deviation %.4g", raw(o, o->shift), o->scale);
	if (o->bend.kind == BEND_POWER)
		say(&w, "; Yeo-Johnson, lambda %.3f, better by %.1f nats", o->bend.lambda, o->gain);
	if (o->bend.kind == BEND_BILOG)
		say(&w, "; logarithm of the distance from the bound");
}
