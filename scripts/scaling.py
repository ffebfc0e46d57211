#!/usr/bin/env python3
"""Compares fits on two ranks with those on one, and those on one with the inner backend alone, one thread each.

    python3 scripts/scaling.py [--rounds 5] [--rows 400000] [--ranks 2] [--write benches/results/mpi-DATE.md]

Builds `xp-mpi/examples/scaling.rs`, runs it alternately on the inner backend, on one rank and on several, and prints the table of
the medians of the ratios of each round: neighbours in time are compared, so that a machine which is slow for a while is slow for both.
Needs `mpirun` (XP_MPIRUN names another launcher), and as many cores as ranks.
"""

import argparse
import os
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OPEN_MPI = {
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "OMPI_MCA_rmaps_base_oversubscribe": "1",
    "OMPI_MCA_btl_vader_single_copy_mechanism": "none",
}


def run(command):
    out = subprocess.run(command, env={**os.environ, **OPEN_MPI, "RAYON_NUM_THREADS": "1"}, capture_output=True, text=True)
    if out.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{out.stdout}{out.stderr}")
    lines = (line.split("\t") for line in out.stdout.splitlines())
    return {line[0]: float(line[1]) for line in lines if len(line) == 2}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rows", type=int, default=400_000)
    parser.add_argument("--ranks", type=int, default=2)
    parser.add_argument("--write", type=Path, help="the file that the table is written to as well")
    options = parser.parse_args()
    subprocess.run(["cargo", "build", "--quiet", "--release", "-p", "xp-mpi", "--example", "scaling"], cwd=ROOT, check=True)
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    program, rows = target / "release/examples/scaling", str(options.rows)
    launcher = os.environ.get("XP_MPIRUN", "mpirun")

    def ranks(count):
        return run([launcher, "-n", str(count), program, rows, "3"])

    rounds = [(run([program, "inner", rows, "3"]), ranks(1), ranks(options.ranks)) for _ in range(options.rounds)]
    table = f"| {options.rows} x 64, one thread a rank | inner backend | 1 rank | {options.ranks} ranks | 1 rank / inner | 1 rank / {options.ranks} ranks |\n"
    table += "|---|---|---|---|---|---|\n"
    for job in rounds[0][0]:
        times = [[one[job] for one in round] for round in rounds]
        inner, one, several = (statistics.median(column) for column in zip(*times))
        cost = statistics.median(t[1] / t[0] for t in times)
        gain = statistics.median(t[1] / t[2] for t in times)
        table += f"| {job} | {inner * 1e3:.1f} ms | {one * 1e3:.1f} ms | {several * 1e3:.1f} ms | {cost:.2f} | {gain:.2f} |\n"
    print(table, end="")
    if options.write:
        options.write.write_text(table)


if __name__ == "__main__":
    main()
