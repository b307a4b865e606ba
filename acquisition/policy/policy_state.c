/* The state: [4, how many, then each model that was ever fitted: which, points at the fit,
 * slices left of its climb and of a rival's, theta, and the rival's if there are any]. Which:
 * its metric, -1 success, -2 the objective under the other prior. Points are the observations;
 * for success the failures too. Of earlier builds: [3, how many, then which, points, theta of
 * each]; [1, points, theta] of the objective; [2, how many, then points and theta of the metrics
 * in order]. Under the kernel of numbers and choices the first number is 5 instead of 4, under the
 * additive one 6, and what begins with another was fitted to another kernel. Anything else is somebody
 * else's, and ignored. */
#include <math.h>
#include <string.h>

#include "acquisition/policy/policy_internal.h"

static const double format_one = 1, format_many = 2, format_tagged = 3;
static const double tag_success = -1, tag_short = -2;
static const double format_of[POLICY__STRUCTURES] = {4, 5, 6};

enum { HEAD = 4, MOST_SLICES = 100 };

/* Models that a state keeps, also those of which this job has no need. */
static int n_kept(const struct policy *p)
{
	return p->n_metrics + (int)p->options.members - 1;
}

static double tag(const struct policy *p, int k)
{
	const struct policy__metric *m = &p->metrics[k];
	return m->kind == POLICY__SUCCESS ? tag_success : m->kind == POLICY__SHORT ? tag_short : k;
}

double policy__known_points(const struct policy *p, const struct policy__metric *m)
{
	return m->kind == POLICY__SUCCESS ? p->in.n + p->in.n_failed + p->in.n_infeasible : p->in.n;
}

/* to (prior.size) <- the numbers at s within their bounds; false when they are no theta. */
static bool read_theta(const struct policy__metric *m, const double *s, double *to)
{
	int size = m->prior.size;
	double *lower = m->scratch, *upper = m->scratch + size;
	for (int i = 0; i < size; i++)
		if (!isfinite(s[i]) && !(m->known && i == size - 1))
			return false;
	gp_prior_bounds(&m->prior, lower, upper);
	for (int i = 0; i < size; i++)
		to[i] = fmin(fmax(s[i], lower[i]), upper[i]);
	return true;
}

static bool read_model(
	const struct policy *p, struct policy__metric *m, double points, const double *theta)
{
	if (!(points >= 1 && points <= policy__known_points(p, m)) || !read_theta(m, theta, m->theta))
		return false;
	m->n_fitted = points;
	m->warm = true;
	return true;
}

/* The model of this tag; NULL when there is none. */
static struct policy__metric *find(struct policy *p, double which)
{
	for (int k = 0; k < n_kept(p); k++)
		if (which == tag(p, k))
			return &p->metrics[k];
	return NULL;
}

static void read_tagged(struct policy *p, const double *s, int n)
{
	for (int i = 0; i < n; i++, s += 2 + p->theta_size) {
		struct policy__metric *m = find(p, s[0]);
		if (m)
			read_model(p, m, s[1], s + 2);
	}
}

static bool is_count(double slices)
{
	return slices >= 0 && slices <= MOST_SLICES && slices == floor(slices);
}

/* Numbers of theta of the model of this tag. */
static int theta_size(const struct policy *p, double which)
{
	enum policy__kind kind = which == tag_short ? POLICY__SHORT : POLICY__OBJECTIVE;
	return kernel_parameters(policy__kernel(p, kind), p->d) + 1;
}

/* Length of the model at s, of which there are `left` numbers; 0: it is not whole. */
static int length(const struct policy *p, const double *s, int left)
{
	if (left < HEAD || !is_count(s[2]) || !is_count(s[3]))
		return 0;
	int n = HEAD + (s[3] > 0 ? 2 : 1) * theta_size(p, s[0]);
	return n <= left ? n : 0;
}

static bool is_whole(const struct policy *p)
{
	int at = 2;
	if (p->in.n_state < 2 || !(p->in.state[1] >= 1 && p->in.state[1] <= p->in.n_state))
		return false;
	for (int i = 0; i < (int)p->in.state[1]; i++) {
		int n = length(p, p->in.state + at, p->in.n_state - at);
		if (n == 0)
			return false;
		at += n;
	}
	return at == p->in.n_state;
}

static void read_all(struct policy *p)
{
	const double *s = p->in.state + 2;
	for (int i = 0; i < (int)p->in.state[1]; i++) {
		struct policy__metric *m = find(p, s[0]);
		if (m && read_model(p, m, s[1], s + HEAD)) {
			m->slices = (int)s[2];
			if (s[3] > 0 && read_theta(m, s + HEAD + m->prior.size, m->rival))
				m->rival_slices = (int)s[3];
		}
		s += length(p, s, p->in.n_state);
	}
}

/* Is this a list of as many models as it says, of `size` numbers each? */
static bool is_list(const struct policy *p, double of, int size)
{
	const double *s = p->in.state;
	int n = p->in.n_state;
	return n >= 2 && s[0] == of && s[1] >= 1 && s[1] <= n && n == 2 + (int)s[1] * size;
}

static void read_earlier(struct policy *p)
{
	const double *s = p->in.state;
	int size = p->theta_size;
	if (p->in.n_state == 2 + size && s[0] == format_one)
		read_model(p, &p->metrics[0], s[1], s + 2);
	else if (is_list(p, format_many, 1 + size))
		for (int k = 0; k < (int)s[1] && k < p->n_metrics; k++)
			read_model(p, &p->metrics[k], s[2 + k * (1 + size)], s + 3 + k * (1 + size));
	else if (is_list(p, format_tagged, 2 + size))
		read_tagged(p, s + 2, (int)s[1]);
}

void policy__read_state(struct policy *p)
{
	bool any = false;
	if (p->in.n_state > 0 && p->in.state[0] == format_of[p->structure] && is_whole(p))
		read_all(p);
	else if (p->structure == POLICY__PLAIN)
		read_earlier(p);
	for (int k = 0; k < n_kept(p); k++)
		any |= p->metrics[k].warm;
	if (any)
		policy__write_state(p);
}

size_t policy__state_size(const struct policy *p)
{
	return 2 + (size_t)n_kept(p) * (HEAD + 2 * (size_t)p->theta_size);
}

void policy__write_state(struct policy *p)
{
	double *s = p->state + 2;
	int n = 0;
	for (int k = 0; k < n_kept(p); k++) {
		const struct policy__metric *m = &p->metrics[k];
		size_t size = (size_t)m->prior.size;
		if (m->n_fitted == 0)
			continue;
		s[0] = tag(p, k);
		s[1] = m->n_fitted;
		s[2] = m->slices;
		s[3] = m->rival_slices;
		memcpy(s + HEAD, m->theta, sizeof(double) * size);
		if (m->rival_slices > 0)
			memcpy(s + HEAD + size, m->rival, sizeof(double) * size);
		s += HEAD + (m->rival_slices > 0 ? 2 : 1) * size;
		n++;
	}
	p->state[0] = format_of[p->structure];
	p->state[1] = n;
	p->n_state = (int)(s - p->state);
}
