"""peers.py with an accounting that costs microseconds.

peers.py looks through all of /proc at every request, and counts that as the peer's CPU time:
more than a millisecond, which no peer notices but one that answers in three.
"""
import os
import sys

import peers


def family():
    """Pids of this process and of all that it started, from the kernel's own lists."""
    found = [os.getpid()]
    for pid in found:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children") as fh:
                found += map(int, fh.read().split())
    return found


if __name__ == "__main__":
    peers.family = family
    peers.serve(sys.argv[1])
