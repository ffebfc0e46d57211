"""Joins the measurements of a run, or shows what no card can beat.

    python3 table.py OUTDIR          joins OUTDIR/*.jsonl into OUTDIR/gpu.json and OUTDIR/table.md
    python3 table.py --floors FILE   a table of floors from `gpu floors`, with empty cells for times

Times of a simulated device are not shown: a run with one writes simulated.json and a table without times.
"""
import json
import pathlib
import sys

import peers

# What the specification of an H200 (SXM) names: bytes and floating-point operations a second.
CARD = {"name": "H200", "bytes": 4.8e12, "f32": 67e12, "f64": 67e12}
# Those of `peers.py` on the card.
PEERS = {name: title for name, (title, _) in peers.PEERS.items() if name != "numpy"}
# xp's other backend, which is shown beside them and is no peer.
OWN = {"wgpu": "xp on Vulkan"}
# Ratios to scikit-learn and SciPy on the processor that are goals.
HOST_GOALS = {"LDA fit": 27, "smoothing": 15}


def lines(path):
    if not path.exists():
        return []
    rows = []
    for line in path.read_text().splitlines():
        try:
            rows.append(json.loads(line))
        except ValueError:  # a line that a time limit cut off, or a message of a library
            continue
    return [row for row in rows if isinstance(row, dict)]


def floor(job):
    """Seconds below which no implementation can be on the card of the specification."""
    return max(job["bytes"] / CARD["bytes"], job["flops"] / CARD[job["dtype"]])


def amount(value, unit):
    if not value:
        return ""
    for factor, prefix in [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")]:
        if value >= factor:
            return f"{value / factor:.3g} {prefix}{unit}"
    return f"{value:.3g} {unit}"


def duration(seconds):
    if not seconds:
        return ""
    for factor, unit in [(1, "s"), (1e-3, "ms"), (1e-6, "µs")]:
        if seconds >= factor:
            break
    return f"{seconds / factor:.3g} {unit}"


def fault(job, row):
    """Why a peer's time is no comparison: other operands, or another result."""
    if row.get("input") != job.get("input"):
        return "other operands"
    mine, theirs = job.get("result"), row.get("result")
    if mine is None or theirs is None or not abs(mine - theirs) <= {"f32": 1e-3, "f64": 1e-6}[job["dtype"]] * abs(mine):
        return f"result {theirs}, not {mine}"
    return None


def floors(path):
    table = ["| job | dtype | moves | computes | floor | measured |", "|---|---|---|---|---|---|"]
    for job in lines(path):
        table.append(f"| {job['job']} | `{job['dtype']}` | {amount(job['bytes'], 'B')} | {amount(job['flops'], 'FLOP')} | {duration(floor(job))} | |")
    print("\n".join(table))


def join(out):
    measured = {name: lines(out / f"{name}.jsonl") for name in ["xp", *OWN, *PEERS, "numpy"]}
    about = {name: next((r for r in rows if "library" in r), None) for name, rows in measured.items()}
    times = {name: {r["job"]: r["seconds"] for r in rows if "job" in r} for name, rows in measured.items()}
    jobs = {r["job"]: r for r in measured["xp"] if "job" in r}
    polar = next((r["polar"] for r in measured["xp"] if "polar" in r), None)
    faults = {}
    for name in [*OWN, *PEERS, "numpy"]:
        for row in measured[name]:
            if row.get("job") in jobs and (why := fault(jobs[row["job"]], row)):
                faults[f"{name}: {row['job']}"] = why
                del times[name][row["job"]]
    if not jobs or not about["xp"]:
        raise SystemExit("no measurements of xp")
    simulated = about["xp"]["simulated"] is not False
    card = (out / "card.txt").read_text().strip() if (out / "card.txt").exists() else ""
    tests = {p.stem.removeprefix("test-"): p.read_text().strip().splitlines()[-1] for p in sorted(out.glob("test-*.result"))}
    if simulated:
        # Nothing that could be taken for a measurement leaves this function.
        (out / "simulated.json").write_text(json.dumps({"simulated": True, "jobs": sorted(jobs), "tests": tests, "polar": polar, "not compared": faults}, indent=1) + "\n")
        table = ["SIMULATED DEVICE: a trial of the scripts. No time was measured.", ""]
        table += ["| job | ran | peers that ran | sum of operands | average of result |", "|---|---|---|---|---|"]
        ran = {name: ", ".join(text for p, text in {**OWN, **PEERS}.items() if name in times[p]) for name in jobs}
        table += [f"| {name} | yes | {ran[name]} | `{job['input']}` | {job['result']:.6g} |" for name, job in jobs.items()]
        return finish(out, "simulated.md", tests, faults, polar, table)
    copy = jobs["copy"]["bytes"] / jobs["copy"]["seconds"] if "copy" in jobs else None
    gemm = {jobs[name]["dtype"]: jobs[name]["flops"] / jobs[name]["seconds"] for name in ["gemm", "gemm of doubles"] if name in jobs}
    rows = []
    table = [
        "| job | xp | between events | rate | of copy or GEMM | "
        + " | ".join([*OWN.values(), *PEERS.values()])
        + " | best / xp | processor / xp | sum of operands | average of result |",
        "|---|---|---|---|---|" + "---|" * len(OWN | PEERS) + "---|---|---|---|",
    ]
    for name, job in jobs.items():
        seconds = job["seconds"]
        own, others = ({column: times[column].get(name) for column in columns} for columns in (OWN, PEERS))
        by_bytes = bool(job["bytes"]) and (not job["flops"] or job["bytes"] / CARD["bytes"] > job["flops"] / CARD[job["dtype"]])
        rate = job["bytes"] / seconds if by_bytes else job["flops"] / seconds
        peak = copy if by_bytes else gemm.get(job["dtype"])
        reached = rate / peak if rate and peak else None
        best = min((t for t in others.values() if t), default=None)
        host = times["numpy"].get(name)
        rows.append({**job, "rate": rate, "reached": reached, "own": own, "peers": others, "ratio": best / seconds if best else None, "processor": host})
        goal = f" (goal {HOST_GOALS[name]})" if name in HOST_GOALS and host else ""
        cells = [name, duration(seconds), duration(job.get("events")), amount(rate, "B/s" if by_bytes else "FLOP/s")]
        cells += [f"{100 * reached:.0f}%" if reached else "", *(duration(t) for t in [*own.values(), *others.values()])]
        cells += [f"{best / seconds:.2f}" if best else "", f"{host / seconds:.1f}{goal}" if host else ""]
        # A time without what it was the time of is no measurement.
        cells += [f"`{job['input']}`", f"{job['result']:.6g}"]
        table.append("| " + " | ".join(cells) + " |")
    result = {"card": card, "device": about["xp"]["device"], "simulated": False, "libraries": about, "tests": tests}
    result |= {"copy_bytes_per_second": copy, "gemm_flops_per_second": gemm, "jobs": rows, "polar": polar, "not compared": faults}
    (out / "gpu.json").write_text(json.dumps(result, indent=1) + "\n")
    finish(out, "table.md", tests, faults, polar, [card, "", *table])


def finish(out, name, tests, faults, polar, table):
    notes = [f"{suite}: {result}" for suite, result in tests.items()] + [f"{job} is not compared: {why}" for job, why in faults.items()]
    if polar:
        notes.append(f"polar decompositions: {polar['accepted']} accepted, {polar['refused']} refused")
    text = "\n".join(table + ["", *(f"* {note}" for note in notes)]) + "\n"
    (out / name).write_text(text)
    print(text)


if __name__ == "__main__":
    if len(sys.argv) == 3 and sys.argv[1] == "--floors":
        floors(pathlib.Path(sys.argv[2]))
    elif len(sys.argv) == 2 and not sys.argv[1].startswith("-"):
        join(pathlib.Path(sys.argv[1]))
    else:
        raise SystemExit(__doc__)
