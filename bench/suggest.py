"""tell + ask beside BoTorch's default loop, in one run: the ratio is what counts.

A smooth function, n Sobol points loaded, then consecutive tell + ask steps; one
thread each (two make BoTorch slower), kriged's daemon included in the CPU time.
The two take turns, so that a busy machine is busy for both.
"""
import argparse
import os
import statistics
import sys

BAR = 20  # times faster than BoTorch


def main():
    flags = argparse.ArgumentParser(description=__doc__)
    flags.add_argument("--n", type=int, default=100)
    flags.add_argument("--d", type=int, default=6)
    flags.add_argument("--steps", type=int, default=30)
    flags.add_argument("--rounds", type=int, default=3)
    a = flags.parse_args()
    os.environ["LATENCY_REPS"] = str(a.steps)
    import latency

    wall, cpu = {"kriged": [], "botorch": []}, {"kriged": [], "botorch": []}
    for _ in range(a.rounds):
        for peer in wall:
            r = latency.measure(peer, a.d, a.n)
            if "error" in r:
                sys.exit(f"suggest: {peer}: {r['error']}")
            wall[peer] += [x + y for x, y in zip(r["ask_s"], r["tell_s"])]
            # /proc counts a child's CPU time in hundredths: only the sum is exact enough.
            cpu[peer].append((sum(r["ask_cpu_s"]) + sum(r["tell_cpu_s"])) / a.steps)
            print(f"{peer:8} {r['version']:8} n={a.n} d={a.d} {a.steps} steps: "
                  f"median {1e3 * statistics.median(wall[peer][-a.steps:]):.2f} ms, "
                  f"CPU {1e3 * cpu[peer][-1]:.2f} ms a step, {r['rss_mb']} MB", flush=True)
    ratios = {
        "median wall": statistics.median(wall["botorch"]) / statistics.median(wall["kriged"]),
        "mean wall": statistics.mean(wall["botorch"]) / statistics.mean(wall["kriged"]),
        "CPU": sum(cpu["botorch"]) / sum(cpu["kriged"])}
    for name, ratio in ratios.items():
        print(f"BoTorch / kriged, {name}: {ratio:.1f}")
    sys.exit(0 if min(ratios.values()) >= BAR else f"suggest: below the bar of {BAR}")


if __name__ == "__main__":
    main()
