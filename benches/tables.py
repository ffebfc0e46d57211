#!/usr/bin/env python3
"""Prints the tables of README from results of compare.py: python3 benches/tables.py RESULTS.json...

Of several files the last one that has a job counts. First the groups, then every job in which xp is less than 1.1 times as fast as the best
peer, the slowest first, then the others, and the jobs that no file has.
"""

import json
import statistics
import sys
from pathlib import Path

from compare.jobs import JOBS

NAMES = {"numpy": "NumPy", "scipy": "SciPy", "sklearn": "scikit-learn", "torch": "PyTorch", "jax": "JAX", "rustfft": "rustfft"}
ESTIMATORS = {job.name for job in JOBS if job.area == "estimators"}


def shown(seconds):
    """Three digits, in milliseconds."""
    time = seconds * 1e3
    return f"{time:.0f} ms" if time >= 100 else f"{time:.3g} ms"


def row(result):
    best = min(result["peers"], key=result["peers"].get)
    name = "scikit-learn on PyTorch" if best == "torch" and result["job"] in ESTIMATORS else NAMES[best]
    return f"| {result['job']} | {result['dtype']} | {shown(result['xp'])} | {shown(result['peers'][best])} {name} | {result['ratio']:.2f} |"


def main(files):
    found = {}
    for file in files:
        found |= {(result["job"], result["dtype"]): result for result in json.loads(Path(file).read_text())}
    areas, missing = {}, []
    for job in JOBS:
        for dtype in job.dtypes:
            if (job.name, dtype) in found:
                areas.setdefault(job.area, []).append(found[job.name, dtype])
            else:
                missing.append(f"{job.name} {dtype}")
    print("| group | jobs | geometric mean | least | most |\n|---|---|---|---|---|")
    for area, results in areas.items():
        ratios = [result["ratio"] for result in results]
        print(f"| {area} | {len(ratios)} | {statistics.geometric_mean(ratios):.2f} | {min(ratios):.2f} | {max(ratios):.1f} |")
    every = sorted((result for results in areas.values() for result in results), key=lambda result: result["ratio"])
    for title, some in (("less than 1.1", [r for r in every if r["ratio"] < 1.1]), ("the others", [r for r in every if r["ratio"] >= 1.1])):
        print(f"\n{title}:\n\n| job | dtype | xp | best peer | ratio |\n|---|---|---|---|---|")
        print("\n".join(map(row, some)))
    print(f"\n{len(missing)} jobs are in no file: {', '.join(missing)}")


if __name__ == "__main__":
    main(sys.argv[1:])
