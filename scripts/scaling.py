#!/usr/bin/env python3
"""Compares fits on two ranks with those on one, and those on one with the inner backend alone, one thread each.

    python3 scripts/scaling.py [--rounds 5] [--rows 400000] [--ranks 2] [--peers] [--write benches/results/mpi-DATE.md]

Builds `xp-mpi/examples/scaling.rs`, runs it alternately on the inner backend, on one rank and on several, and prints the table of
the medians of the ratios of each round: neighbours in time are compared, so that a machine which is slow for a while is slow for both.
What the machine allows is measured beside it: as many processes at once, each with its share of the rows, that exchange nothing.
With `--peers` each round has Heat and dask-ml too, on as many processes; they are installed to an environment below Cargo's target folder,
which takes 6 GB. Needs `mpirun` (XP_MPIRUN names another launcher), and as many cores as ranks.
"""

import argparse
import os
import statistics
import subprocess
import sys
import venv
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
LAUNCHER = os.environ.get("XP_MPIRUN", "mpirun")
OPEN_MPI = {
    "OMPI_ALLOW_RUN_AS_ROOT": "1",
    "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "OMPI_MCA_rmaps_base_oversubscribe": "1",
    "OMPI_MCA_btl_vader_single_copy_mechanism": "none",
}
ONE_THREAD = {name: "1" for name in ("RAYON_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
PEERS = {"heat": ["heat", "mpi4py"], "dask": ["dask-ml", "dask[array,distributed]"]}


def run(command):
    """The seconds of each job of a program, which has to end well."""
    out = subprocess.run(command, env={**os.environ, **OPEN_MPI, **ONE_THREAD}, capture_output=True, text=True)
    if out.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{out.stdout}{out.stderr}")
    lines = (line.split("\t") for line in out.stdout.splitlines())
    return {line[0]: float(line[1]) for line in lines if len(line) == 2}


def apart(program, rows, count):
    """The seconds of each job of the slowest of several processes that run at once on the inner backend, with a share of the rows each."""
    with ThreadPoolExecutor(count) as pool:
        shares = list(pool.map(run, [[program, "inner", str(rows // count), "3"]] * count))
    return {job: max(share[job] for share in shares) for job in shares[0]}


def installed():
    """The Python of an environment with those peers that install, and their names."""
    folder = TARGET / "peers"
    python = folder / "bin/python"
    if not python.exists():
        venv.create(folder, with_pip=True)
    names = []
    for name, packages in PEERS.items():
        out = subprocess.run([python, "-m", "pip", "install", "--quiet", *packages], capture_output=True, text=True)
        if out.returncode == 0:
            names.append(name)
        else:
            print(f"{name} does not install here: {out.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
    return python, names


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rows", type=int, default=400_000)
    parser.add_argument("--ranks", type=int, default=2)
    parser.add_argument("--peers", action="store_true", help="compare with Heat and dask-ml")
    parser.add_argument("--write", type=Path, help="the file that the table is written to as well")
    options = parser.parse_args()
    subprocess.run(["cargo", "build", "--quiet", "--release", "-p", "xp-mpi", "--example", "scaling"], cwd=ROOT, check=True)
    python, peers = installed() if options.peers else (None, [])
    program, script, rows, count = TARGET / "release/examples/scaling", ROOT / "scripts/scaling_peers.py", str(options.rows), options.ranks

    def ranks(count, *command):
        return run([LAUNCHER, "-n", str(count), *command])

    def peer(name):
        if name == "heat":
            return ranks(count, python, script, "heat", rows, "3")
        return run([python, script, "dask", rows, "3", str(count)])

    rounds = []
    for _ in range(options.rounds):
        ours = (
            run([program, "inner", rows, "3"]),
            ranks(1, program, rows, "3"),
            ranks(count, program, rows, "3"),
            apart(program, options.rows, count),
        )
        rounds.append((*ours, *map(peer, peers)))
    titles = {"heat": f"Heat, {count} ranks", "dask": f"dask-ml, {count} processes"}
    head = [f"{rows} x 64, one thread a rank", "inner backend", "1 rank", f"{count} ranks", f"{count} processes that exchange nothing"]
    head += ["1 rank / inner", f"1 rank / {count} ranks", f"{count} processes / {count} ranks"]
    head += [titles[name] for name in peers]
    lines = [head, ["---"] * len(head)]
    for job in rounds[0][0]:
        times = [[one.get(job) for one in round] for round in rounds]
        middle = [statistics.median(column) if None not in column else None for column in zip(*times)]
        shown = [f"{t * 1e3:.1f} ms" if t else "" for t in middle]
        ratios = [statistics.median(t[above] / t[below] for t in times) for above, below in ((1, 0), (1, 2), (3, 2))]
        lines.append([job, *shown[:4], *(f"{ratio:.2f}" for ratio in ratios), *shown[4:]])
    table = "".join(f"| {' | '.join(line)} |\n" for line in lines)
    print(table, end="")
    if options.write:
        options.write.write_text(table)


if __name__ == "__main__":
    main()
