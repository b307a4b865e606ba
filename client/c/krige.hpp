/* krige.hpp: libkrige for C++17. Owning handles, exceptions, standard types; everything
 * else is as krige.h says.
 *
 *   krige::client client;                       // the local daemon
 *   krige::space space;
 *   space.real("lr", 1e-5, 1e-1, KRIGE_LOG).integer("layers", 1, 8);
 *   krige::study study = client.create_study("mnist", space);
 *   krige::trial trial = study.ask();
 *   trial.tell(train(trial.real("lr"), trial.integer("layers")));
 */
#ifndef KRIGE_HPP
#define KRIGE_HPP

#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <krige.h>

namespace krige {

class error : public std::runtime_error {
public:
	explicit error(const krige_error &e)
		: std::runtime_error(e.message), code(e.code), field(e.field),
		  retry_after_ms(e.retry_after_ms)
	{
	}
	krige_status code;
	std::string field; /* "" when none is at fault */
	std::uint32_t retry_after_ms;
};

namespace detail {

/* Call f(args..., &err) and throw what it refuses. */
template <typename F, typename... Args> void call(F f, Args... args)
{
	krige_error err{};

	if (f(args..., &err) != KRIGE_OK)
		throw error(err);
}

template <typename T, void (*Free)(T *)> struct freed {
	void operator()(T *p) const { Free(p); }
};
template <typename T, void (*Free)(T *)> using owned = std::unique_ptr<T, freed<T, Free>>;

} // namespace detail

/* A value that is built from what it stands for; texts are borrowed. */
struct value : krige_value {
	value(std::nullptr_t) : krige_value(krige_null()) {}
	value(bool x) : krige_value(krige_bool(x)) {}
	value(int x) : krige_value(krige_int(x)) {}
	value(std::int64_t x) : krige_value(krige_int(x)) {}
	value(double x) : krige_value(krige_real(x)) {}
	value(const char *x) : krige_value(krige_text(x)) {}
	value(const std::string &x) : krige_value(krige_text(x.c_str())) {}
};

using params = std::vector<std::pair<std::string, value>>;

namespace detail {

inline std::vector<krige_named> named(const params &p)
{
	std::vector<krige_named> list;

	for (const auto &[name, v] : p)
		list.push_back({name.c_str(), v});
	return list;
}

} // namespace detail

class space {
public:
	space() : handle_(krige_space_new())
	{
		if (!handle_)
			throw std::bad_alloc();
	}
	space &real(const std::string &name, double low, double high,
		krige_scale scale = KRIGE_LINEAR, double step = 0)
	{
		detail::call(krige_space_float, get(), name.c_str(), low, high, scale, step);
		return *this;
	}
	space &integer(const std::string &name, std::int64_t low, std::int64_t high,
		krige_scale scale = KRIGE_LINEAR, std::int64_t step = 0)
	{
		detail::call(krige_space_int, get(), name.c_str(), low, high, scale, step);
		return *this;
	}
	space &categorical(const std::string &name, const std::vector<value> &choices)
	{
		const std::vector<krige_value> list(choices.begin(), choices.end());

		detail::call(krige_space_categorical, get(), name.c_str(), list.data(), list.size());
		return *this;
	}
	space &ordinal(const std::string &name, const std::vector<value> &values)
	{
		const std::vector<krige_value> list(values.begin(), values.end());

		detail::call(krige_space_ordinal, get(), name.c_str(), list.data(), list.size());
		return *this;
	}
	space &boolean(const std::string &name)
	{
		detail::call(krige_space_bool, get(), name.c_str());
		return *this;
	}
	space &fixed(const std::string &name, value v)
	{
		detail::call(krige_space_fixed, get(), name.c_str(), static_cast<krige_value>(v));
		return *this;
	}
	space &when(const std::string &name, const std::string &condition)
	{
		detail::call(krige_space_when, get(), name.c_str(), condition.c_str());
		return *this;
	}
	space &constrain(const std::string &constraint)
	{
		detail::call(krige_space_constrain, get(), constraint.c_str());
		return *this;
	}
	space &forbid(const std::string &condition)
	{
		detail::call(krige_space_forbid, get(), condition.c_str());
		return *this;
	}
	krige_space *get() const { return handle_.get(); }

private:
	detail::owned<krige_space, krige_space_free> handle_;
};

class trial {
public:
	explicit trial(krige_trial *t) : handle_(t) {}

	std::uint64_t number() const { return krige_trial_number(get()); }
	krige_trial_state state() const { return krige_trial_get_state(get()); }
	std::uint32_t attempt() const { return krige_trial_attempt(get()); }

	/* Is the parameter there? An inactive one is not. */
	bool has(const std::string &name) const
	{
		krige_value v;

		return krige_trial_get(get(), name.c_str(), &v, nullptr) == KRIGE_OK;
	}
	double real(const std::string &name) const
	{
		double x = 0;

		detail::call(krige_trial_real, get(), name.c_str(), &x);
		return x;
	}
	std::int64_t integer(const std::string &name) const
	{
		std::int64_t x = 0;

		detail::call(krige_trial_int, get(), name.c_str(), &x);
		return x;
	}
	std::string text(const std::string &name) const
	{
		const char *x = nullptr;

		detail::call(krige_trial_text, get(), name.c_str(), &x);
		return x;
	}
	krige_value get_value(const std::string &name) const
	{
		krige_value v{};

		detail::call(krige_trial_get, get(), name.c_str(), &v);
		return v;
	}

	void tell(double value) { detail::call(krige_tell, get(), value); }
	void tell(const std::vector<std::pair<std::string, double>> &values)
	{
		std::vector<krige_metric> list;

		for (const auto &[name, v] : values)
			list.push_back({name.c_str(), v, 0});
		detail::call(krige_tell_metrics, get(), list.data(), list.size());
	}
	/* True: stop this trial. */
	bool report(std::int64_t step, double value)
	{
		krige_stop stop = KRIGE_GO_ON;

		detail::call(krige_report, get(), step, value, &stop);
		return stop != KRIGE_GO_ON;
	}
	void fail(const std::string &reason, krige_trial_state state = KRIGE_FAILED)
	{
		detail::call(krige_fail, get(), state, reason.c_str());
	}
	void prune(const std::string &reason = "") { fail(reason, KRIGE_PRUNED); }
	void release(const std::string &reason = "")
	{
		detail::call(krige_release, get(), reason.c_str());
	}
	/* The objective, once there is one. */
	std::optional<double> value() const
	{
		if (krige_trial_n_metrics(get()) == 0)
			return std::nullopt;
		return krige_trial_metric(get(), 0).value;
	}
	krige_trial *get() const { return handle_.get(); }

private:
	detail::owned<krige_trial, krige_trial_free> handle_;
};

struct ask_options {
	params fixed;
	std::uint32_t deadline_ms = 0, wait_ms = 0;
	double lease_s = 0;
	std::string worker;
};

class study {
public:
	explicit study(krige_study *s) : handle_(s) {}

	std::string name() const { return krige_study_name(get()); }
	trial ask(const ask_options &o = {})
	{
		const std::vector<krige_named> fixed = detail::named(o.fixed);
		krige_ask_options options{};
		krige_trial *t = nullptr;

		options.size = sizeof(options);
		options.fixed = fixed.data();
		options.n_fixed = fixed.size();
		options.deadline_ms = o.deadline_ms;
		options.wait_ms = o.wait_ms;
		options.lease_s = o.lease_s;
		options.worker = o.worker.empty() ? nullptr : o.worker.c_str();
		detail::call(krige_ask, &t, get(), static_cast<const krige_ask_options *>(&options));
		return trial(t);
	}
	std::vector<trial> ask_many(std::size_t n)
	{
		std::vector<krige_trial *> raw(n, nullptr);
		std::vector<trial> list;
		std::size_t given = 0;

		list.reserve(n);
		detail::call(krige_ask_many, raw.data(), n, &given, get(),
			static_cast<const krige_ask_options *>(nullptr));
		for (std::size_t i = 0; i < given; i++)
			list.emplace_back(raw[i]);
		return list;
	}
	std::uint64_t tell_point(const params &p, double value)
	{
		const std::vector<krige_named> list = detail::named(p);
		const krige_metric metric{nullptr, value, 0};
		std::uint64_t number = 0;

		detail::call(krige_tell_point, get(), list.data(), list.size(), &metric,
			std::size_t{1}, &number);
		return number;
	}
	std::uint64_t enqueue(const params &p)
	{
		const std::vector<krige_named> list = detail::named(p);
		std::uint64_t number = 0;

		detail::call(krige_enqueue, get(), list.data(), list.size(), &number);
		return number;
	}
	/* Mean and standard deviation of each metric, the objective first. */
	std::vector<krige_prediction> predict(const params &p)
	{
		const std::vector<krige_named> list = detail::named(p);
		std::vector<krige_prediction> out(100);
		std::size_t n = out.size();

		detail::call(krige_predict, get(), list.data(), list.size(), out.data(), &n);
		out.resize(n);
		return out;
	}
	/* What has been learnt: for krige_model_reason, krige_model_at, .. */
	detail::owned<krige_model, krige_model_free> model()
	{
		krige_model *m = nullptr;

		detail::call(krige_get_model, &m, get());
		return detail::owned<krige_model, krige_model_free>(m);
	}
	/* Why a trial was suggested (UINT64_MAX: the newest): for krige_explanation_why, .. */
	detail::owned<krige_explanation, krige_explanation_free> explain(
		std::uint64_t number = UINT64_MAX)
	{
		krige_explanation *e = nullptr;

		detail::call(krige_explain, &e, get(), number);
		return detail::owned<krige_explanation, krige_explanation_free>(e);
	}
	/* Empty before any result. */
	std::optional<trial> best()
	{
		krige_trial *t = nullptr;

		detail::call(krige_best, &t, get());
		return t ? std::optional<trial>(trial(t)) : std::nullopt;
	}
	krige_study_info info()
	{
		krige_study_info i{};

		i.size = sizeof(i);
		detail::call(krige_study_get_info, get(), &i);
		return i;
	}
	void cancel(std::uint64_t number, const std::string &reason = "")
	{
		detail::call(krige_cancel, get(), number, reason.c_str());
	}
	krige_study *get() const { return handle_.get(); }

private:
	detail::owned<krige_study, krige_study_free> handle_;
};

class client {
public:
	/* endpoint "": KRIGE_ENDPOINT, else the local daemon. */
	explicit client(const std::string &endpoint = "", const krige_options *options = nullptr)
	{
		krige_client *c = nullptr;

		detail::call(krige_open, &c, endpoint.empty() ? nullptr : endpoint.c_str(), options);
		handle_.reset(c);
	}
	study create_study(const std::string &name, const space &space,
		const krige_study_options *options = nullptr)
	{
		krige_study *s = nullptr;

		detail::call(krige_create_study, &s, get(), name.c_str(),
			static_cast<const krige_space *>(space.get()), options);
		return study(s);
	}
	study attach(const std::string &name)
	{
		krige_study *s = nullptr;

		detail::call(krige_attach, &s, get(), name.c_str());
		return study(s);
	}
	void ping() { detail::call(krige_ping, get()); }
	std::string endpoint() const { return krige_endpoint(get()); }
	krige_client *get() const { return handle_.get(); }

private:
	detail::owned<krige_client, krige_close> handle_;
};

} // namespace krige

#endif
