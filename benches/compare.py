#!/usr/bin/env python3
"""Compare xp with NumPy, SciPy, scikit-learn, PyTorch, JAX and rustfft on the CPU, job by job.

    python3 benches/compare.py                            every job (hours: the largest take minutes each)
    python3 benches/compare.py "exp 1e7" "eigh 1000 f64"  these; a name without a dtype stands for all its dtypes
    python3 benches/compare.py --list                     the names
    python3 benches/compare.py --json results.json JOB    also write [{"job", "dtype", "xp", "peers", "ratio", "extra_mib"}]

It needs Python's standard library only: the peers live in a virtual environment, `.venv`, that it makes. A library that
cannot be installed is left out and named. The column "torch" runs scikit-learn's estimators on PyTorch tensors, and
PyTorch's own functions for everything else; "rustfft" is that crate and realfft alone, on one thread.

How it measures
---------------
Every side is one process that lives through all jobs: the program `jobs` (benches/src/bin/jobs.rs) and one Python worker
per library (benches/compare/worker.py). All run with the same number of threads on the same cores. For each job all sides
prepare their input (compare/data.py holds the rule per job); each runs once cold, for the memory, and once more to warm up;
then rounds alternate between the sides, so that a slow minute of the machine meets all of them. In a round a short job
runs several times and the median counts, after a pause in which the threads of the side before stop spinning and some runs
that do not count; a side's time is the median over its rounds. The ratio is the best peer's time
divided by xp's: above 1 xp is faster. Extra memory is the peak resident size during the cold run above the size before it,
results included.

The protocol
------------
One command per line on standard input, one line of JSON on standard output for each; nothing else goes to standard output.

    list                        -> {"jobs": [["exp 1e7", "f64"], ...]}      names without dtype, as in compare/jobs.py
    setup <job> <dtype> <seed>  -> {"ok": true}                             makes the input; job names contain spaces
    run                         -> {"seconds": 0.0123, "extra_mib": 76.3}   one timed run; "extra_mib" may be null
    drop                        -> {"ok": true}                             frees the input
    quit                           (no answer; ends the process, as the end of the input does)

Any command may answer {"error": "..."} instead. The clock covers the computation alone: not the input, nor the release of
the result. What predicts or transforms is fitted in `setup`, on the first 20000 rows. For "extra_mib" write "5" to
/proc/self/clear_refs before the run (it resets VmHWM) and take VmHWM after it less VmRSS before it, both from
/proc/self/status; `setup` and `drop` end by giving freed and cached memory back to the system, so that none of it hides
what the first run needs.
"""

import argparse
import json
import math
import os
import statistics
import sys
import time
from pathlib import Path

from compare import environment, sides
from compare.jobs import every, matching

COLUMNS = ("numpy", "scipy", "sklearn", "torch", "jax", "rustfft")
PAUSE = 0.25  # seconds before a side's turn: OpenMP's threads of the side before spin for 0.2 s
ROUND_SECONDS, ROUND_RUNS = 0.05, 25  # a round of a short job lasts about this long, in at most so many runs


def main():
    options = parse()
    if options.list:
        print("\n".join(f"{job.name} {dtype}" for job, dtype in every()))
        return
    wanted = [pair for name in options.jobs for pair in matching(name)] or every()
    versions, missing = environment.ensure(lambda text: print(text, file=sys.stderr, flush=True))
    running, left_out = start(options, wanted, versions, missing)
    for line in environment.header(versions, options.threads):
        print(line)
    for name, reason in left_out.items():
        print(f"left out {name}: {reason}")
    print()
    try:
        results = measure(wanted, running, options)
    finally:
        for side in running.values():
            side.quit()
    print_means(results)


def parse():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("jobs", metavar="JOB", nargs="*", help="a job's name, with or without its dtype; default: all")
    parser.add_argument("--list", action="store_true", help="print the names and stop")
    parser.add_argument("--json", metavar="FILE", help="write the results there too")
    parser.add_argument("--threads", type=int, default=min(2, os.cpu_count() or 1), help="for every side (default %(default)s)")
    parser.add_argument("--quick", action="store_true", help="three rounds of every job")
    parser.add_argument("--peers", metavar="A,B", help=f"only these of {','.join(COLUMNS)}")
    parser.add_argument("--peers-only", action="store_true", help="leave xp out")
    options = parser.parse_args()
    options.peers = options.peers.split(",") if options.peers else list(COLUMNS)
    if unknown := set(options.peers) - set(COLUMNS):
        parser.error(f"no peer named {', '.join(sorted(unknown))}")
    if options.threads < 1:
        parser.error("--threads must be at least 1")
    return options


def start(options, wanted, versions, missing):
    """All sides that have something to do, and why the others are left out."""
    left_out = dict(missing)
    program = None if options.peers_only else sides.build_xp()
    sides.pin(options.threads)
    running = {} if program is None else {"xp": sides.start_xp(program, options.threads)}
    for peer in options.peers:
        if peer == "rustfft":
            if program is not None:
                running[peer] = sides.start_xp(program, options.threads, peer)
            continue
        absent = [name for name in environment.PEERS[peer] if name not in versions]
        if absent:
            left_out.setdefault(peer, f"without {', '.join(absent)}")
            continue
        try:
            side = sides.start_peer(peer, options.threads)
        except sides.Failed as error:
            left_out[peer] = str(error)
            continue
        if any((job.name, dtype) in side.jobs for job, dtype in wanted):
            running[peer] = side
        else:
            side.quit()
    return running, left_out


class Result:
    """One job's times and memory, by side."""

    def __init__(self, job, dtype):
        self.job, self.dtype, self.seconds, self.extra = job, dtype, {}, {}

    @property
    def best_peer(self):
        return min((name for name in self.seconds if name != "xp"), key=self.seconds.get, default=None)

    @property
    def ratio(self):
        if "xp" not in self.seconds or self.best_peer is None:
            return None
        return self.seconds[self.best_peer] / self.seconds["xp"]

    def record(self):
        peers = {name: seconds for name, seconds in self.seconds.items() if name != "xp"}
        return {"job": self.job.name, "dtype": self.dtype, "xp": self.seconds.get("xp"), "peers": peers, "ratio": self.ratio,
                "extra_mib": self.extra.get("xp"), "peers_extra_mib": {name: self.extra.get(name) for name in peers}}  # fmt: skip


def measure(wanted, running, options):
    """Run the jobs, printing a row for each."""
    width = max(len(job.name) for job, _ in wanted)
    heads = ["xp", *COLUMNS, "ratio", "xp MiB", "peer MiB"]
    print(f"{'job':<{width}} dtype " + "".join(f"{head:>10}" for head in heads), flush=True)
    results = []
    for job, dtype in wanted:
        if "xp" in running and (job.name, dtype) not in running["xp"].jobs:
            print(f"{job.name:<{width}} {dtype:<5}   not in xp yet", flush=True)
            continue
        result = measure_one(job, dtype, running, options)
        results.append(result)
        if options.json:  # after each job, so that an interrupted run leaves what it has
            Path(options.json).write_text(json.dumps([r.record() for r in results], indent=1) + "\n")
        cells = [seconds_cell(result.seconds.get(name)) for name in ("xp", *COLUMNS)]
        cells += ["" if result.ratio is None else f"{result.ratio:.2f}"]
        cells += [mib_cell(result.extra.get(name)) for name in ("xp", result.best_peer)]
        print(f"{job.name:<{width}} {dtype:<5} " + "".join(f"{cell:>10}" for cell in cells), flush=True)
    return results


def measure_one(job, dtype, running, options):
    """One job on all sides that have it. A side that fails is reported and left out of this job."""
    result, warm = Result(job, dtype), {}
    active = {name: side for name, side in running.items() if side.alive and (job.name, dtype) in side.jobs}
    for name, side in active.items():
        try:
            side.ask(f"setup {job.name} {dtype} 7")
            cold = side.ask("run")
            result.extra[name] = cold["extra_mib"]
            warm[name] = cold["seconds"] if cold["seconds"] > 5 else side.ask("run")["seconds"]
        except sides.Failed as error:
            print(f"  {job.name} {dtype}: {error}", file=sys.stderr, flush=True)
    times = {name: [] for name in warm}
    for _ in range(rounds(max(warm.values(), default=0), options.quick)):
        for name in list(times):
            time.sleep(PAUSE)
            try:
                runs = min(ROUND_RUNS, max(1, math.ceil(ROUND_SECONDS / warm[name])))
                if warm[name] < 0.5:  # threads wake up and caches fill
                    for _ in range(1 + runs // 2):
                        active[name].ask("run")
                times[name].append(statistics.median(active[name].ask("run")["seconds"] for _ in range(runs)))
            except sides.Failed as error:
                del times[name]
                print(f"  {job.name} {dtype}: {error}", file=sys.stderr, flush=True)
    for name, side in active.items():
        if side.alive:
            side.ask("drop")
    result.seconds = {name: statistics.median(values) for name, values in times.items()}
    return result


def rounds(slowest, quick):
    """How many alternating rounds: fewer for jobs that take long."""
    return 3 if quick or slowest > 3 else 5 if slowest > 0.5 else 7


def print_means(results):
    """The geometric mean of the ratios per area."""
    areas = {}
    for result in results:
        if result.ratio is not None:
            areas.setdefault(result.job.area, []).append(result.ratio)
    if areas:
        print("\ngeometric mean of the ratios (best peer / xp)")
        for area, ratios in areas.items():
            print(f"  {area:<24}{statistics.geometric_mean(ratios):6.2f}   ({len(ratios)} jobs)")


def seconds_cell(seconds):
    return "" if seconds is None else f"{seconds:.3g}" if seconds < 1e-3 else f"{seconds:.4f}" if seconds < 10 else f"{seconds:.2f}"


def mib_cell(mib):
    return "" if mib is None else f"{mib:.0f}"


if __name__ == "__main__":
    main()
