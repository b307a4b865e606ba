#!/bin/sh
# ./dev bench [gp|suggest|regret|mf|service|large]
#   gp       the numerical layer beside its floors, and cold fits beside BoTorch's
#   suggest  tell + ask beside BoTorch's default loop, at n = 100, d = 6
#   regret   [--seeds 0-4] the side-by-side problems; results in build/bench/results
#   large    tell + ask with up to 100,000 results
#   service  durable observes, tails beside a fit, start and memory of the daemon
# What is compared is measured in one run: figures of two machines do not compare.
set -eu
cd "$(dirname "$0")/.."
root=$(pwd)
venv=$root/build/venv peers=$root/build/venv-peers
export KRIGED_CHECKOUT="$root" PYTHONDONTWRITEBYTECODE=1

# need_peers MODULE DISTRIBUTION...: the environment of the harness and of BoTorch, made on
# demand; torch is a large download.
need_peers() {
	[ -x "$peers/bin/python" ] || python3 -m venv "$peers"
	! "$peers/bin/python" -c "import $1" 2>/dev/null || return 0
	shift
	echo "==> installing $* into build/venv-peers" >&2
	"$peers/bin/python" -m pip install -q --disable-pip-version-check --no-input "$@"
}

case ${1:-all} in
gp)
	pkg-config --exists nlopt || {
		echo "bench: gp compares with NLopt: apt-get install libnlopt-dev" >&2
		exit 1
	}
	cmake -S . -B build/release >/dev/null
	cmake --build build/release --target gp_bench >/dev/null
	build/release/bench/gp_bench
	need_peers scipy numpy scipy
	need_peers botorch torch botorch gpytorch
	echo
	exec "$peers/bin/python" bench/gp_fit.py
	;;
suggest)
	shift
	need_peers scipy numpy scipy
	need_peers botorch torch botorch gpytorch
	exec "$peers/bin/python" bench/suggest.py "$@"
	;;
regret)
	shift
	need_peers sklearn numpy scipy scikit-learn
	# kriged runs in build/venv, which has the client; its problems in the harness.
	mkdir -p build/bench
	cp -rn bench/results bench/cache build/bench/
	export BENCH_RESULTS="$root/build/bench/results" BENCH_CACHE="$root/build/bench/cache"
	"$peers/bin/python" bench/run.py --peers kriged "$@"
	exec "$peers/bin/python" bench/report.py
	;;
service)
	shift
	exec "$venv/bin/python" bench/service.py "$@"
	;;
large)
	shift
	exec "$venv/bin/python" bench/large.py "$@"
	;;
mf)
	echo "bench: studies with fidelities are not built yet" >&2
	exit 2
	;;
all)
	for kind in gp suggest service; do
		echo "==> $kind"
		"$0" "$kind"
	done
	;;
*)
	sed -n '2,8s/^# //p' "$0" >&2
	exit 2
	;;
esac
