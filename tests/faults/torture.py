"""Long runs of the fault tests: ./dev torture [--kills N] [--cuts N] [--allocs N] [--seed N]"""
import argparse
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]


def main():
    p = argparse.ArgumentParser(prog="./dev torture")
    p.add_argument("--kills", type=int, default=1000, help="kill -9 under load (1000)")
    p.add_argument("--cuts", type=int, default=5000, help="simulated power cuts (5000)")
    p.add_argument("--allocs", type=int, default=100, help="allocations that fail (100)")
    p.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(3), "big"))
    a = p.parse_args()
    print(f"seed {a.seed}", flush=True)
    env = dict(os.environ, KRIGED_KILLS=str(a.kills), KRIGED_ALLOCS=str(a.allocs),
               KRIGED_SEED=str(a.seed))
    cuts = ROOT / "build/release/tests/contracts/store_faults_test"
    if not cuts.exists():
        subprocess.run(["cmake", "--build", "--preset", "release", "--target",
                        "store_faults_test"], cwd=ROOT, check=True)
    failed = subprocess.run([str(cuts), str(a.cuts)]).returncode
    failed |= subprocess.run([sys.executable, "-m", "pytest", "-q", "-rA", "-p",
                              "no:cacheprovider", str(HERE)], env=env).returncode
    return failed


if __name__ == "__main__":
    sys.exit(main())
