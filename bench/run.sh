#!/bin/sh
# ./dev bench [gp|suggest|latency|batches|thousand|regret|mf|ablate|service|large]
#   gp       the numerical layer beside its floors, and cold fits beside BoTorch's
#   suggest  tell + ask beside BoTorch's default loop, at n = 100, d = 6
#   latency  [--peers botorch,ax,..] [--ns 20,100,500] [--dims 6,20] [--steps 30]: tell + ask
#            beside the peers, in turns; all single times in build/bench/latency.jsonl
#   batches  16 and 1,000 points in one request, one beside 999 pending ones
#   thousand 1,000 suggestions of one study, from an empty one
#   regret   [--peers kriged] [--seeds 0-9]: the side-by-side problems beside all recorded runs;
#            results in build/bench/results, and every study of kriged is replayed
#   ablate   [VARIANT..] [--seeds 0-5] [--problems all] [--each] [--list]: what options of the
#            policy are worth, on problems of its own; results in build/bench/ablate
#   large    tell + ask with up to 100,000 results
#   service  durable observes, tails beside a fit, start and memory of the daemon
# What is compared is measured in one run: figures of two machines do not compare.
set -eu
cd "$(dirname "$0")/.."
root=$(pwd)
venv=$root/build/venv
export KRIGED_CHECKOUT="$root" PYTHONDONTWRITEBYTECODE=1 OMP_NUM_THREADS=1
# The peers' environments, made on demand; torch is a large download.
export BENCH_VENVS="${BENCH_VENVS:-$root/build/peers}"
peers=$BENCH_VENVS/venv/bin/python
need() { python3 bench/environments.py "$@"; }

case ${1:-all} in
gp)
	pkg-config --exists nlopt || {
		echo "bench: gp compares with NLopt: apt-get install libnlopt-dev" >&2
		exit 1
	}
	cmake -S . -B build/release >/dev/null
	cmake --build build/release --target gp_bench >/dev/null
	build/release/bench/gp_bench
	need harness botorch
	echo
	exec "$peers" bench/gp_fit.py
	;;
suggest)
	shift
	need harness
	exec "$peers" bench/suggest.py --peers botorch --ns 100 --dims 6 "$@"
	;;
latency)
	shift
	need harness
	mkdir -p build/bench
	exec "$peers" bench/suggest.py --out build/bench/latency.jsonl "$@"
	;;
regret)
	shift
	need harness
	mkdir -p build/bench
	cp -rn bench/cache build/bench/
	export BENCH_CACHE="$root/build/bench/cache" BENCH_RESULTS="$root/build/bench/results"
	export KRIGED_BENCH_KEEP="$root/build/bench/studies"
	exec "$peers" bench/regret.py "$@"
	;;
ablate)
	shift
	need harness
	cmake -S . -B build/release >/dev/null
	cmake --build build/release --target ablate_driver >/dev/null
	exec "$peers" bench/ablate/ablate.py "$@"
	;;
service)
	shift
	exec "$venv/bin/python" bench/service.py "$@"
	;;
batches | thousand)
	"$venv/bin/python" -c 'import numpy' 2>/dev/null ||
		"$venv/bin/python" -m pip install -q --disable-pip-version-check --no-input numpy
	exec "$venv/bin/python" bench/batches.py "$1"
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
	sed -n '2,15s/^# //p' "$0" >&2
	exit 2
	;;
esac
