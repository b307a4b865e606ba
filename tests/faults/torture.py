"""Long runs of the fault tests:
./dev torture [--kills N] [--cuts N] [--allocs N] [--race SECONDS] [--seed N]
"""
import argparse
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]

# The exit code tells a finding from a refusal; the faults of the disk are preloaded; what
# is kept back of freed memory counts as the daemon's, whose size some tests look at.
SANITIZED = dict(
    KRIGED_BIN=str(ROOT / "build/asan/bin/kriged"),
    ASAN_OPTIONS="exitcode=99:allocator_may_return_null=1:verify_asan_link_order=0:"
                 "quarantine_size_mb=16",
    UBSAN_OPTIONS="print_stacktrace=1",
    LSAN_OPTIONS=f"suppressions={ROOT}/tests/lsan.supp:print_suppressions=0")


def make(preset, target):
    """Build a target; its preset is configured when it is new."""
    if not (ROOT / f"build/{preset}/build.ninja").exists():
        subprocess.run(["cmake", "--preset", preset], cwd=ROOT, check=True)
    subprocess.run(["cmake", "--build", "--preset", preset, "--target", target], cwd=ROOT,
                   check=True)


def pytest(env, *options):
    return subprocess.run([sys.executable, "-m", "pytest", "-q", "-rA", "-p", "no:cacheprovider",
                           *options, str(HERE)], env=env).returncode


def main():
    p = argparse.ArgumentParser(prog="./dev torture")
    p.add_argument("--kills", type=int, default=1000, help="kill -9 under load (1000)")
    p.add_argument("--cuts", type=int, default=5000, help="simulated power cuts (5000)")
    p.add_argument("--allocs", type=int, default=100, help="allocations that fail (100)")
    p.add_argument("--race", type=float, default=60, help="seconds under ThreadSanitizer (60)")
    p.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(3), "big"))
    a = p.parse_args()
    print(f"seed {a.seed}", flush=True)
    env = dict(os.environ, KRIGED_KILLS=str(a.kills), KRIGED_ALLOCS=str(a.allocs),
               KRIGED_RACE_SECONDS=str(a.race), KRIGED_SEED=str(a.seed))
    make("asan", "kriged")
    make("tsan", "kriged")
    make("release", "store_faults_test")
    cuts = ROOT / "build/release/tests/contracts/store_faults_test"
    failed = subprocess.run([str(cuts), str(a.cuts)]).returncode
    failed |= pytest(env)
    print("once more, shorter, the daemon with ASan + UBSan", flush=True)
    failed |= pytest({**env, **SANITIZED, "KRIGED_KILLS": str(a.kills // 10)},
                     f"--ignore={HERE}/test_race.py", f"--ignore={HERE}/test_memory.py")
    return failed


if __name__ == "__main__":
    sys.exit(main())
