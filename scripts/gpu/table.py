"""Joins the measurements of a run into gpu.json and table.md: python3 table.py OUTDIR"""
import json
import pathlib
import sys


def lines(path):
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text().splitlines() if line.startswith("{")]


def main(folder):
    out = pathlib.Path(folder)
    measured = {name: lines(out / f"{name}.jsonl") for name in ["xp", "cupy", "torch", "jax"]}
    about = {name: rows[0] for name, rows in measured.items() if rows}
    times = {name: {r["job"]: r["seconds"] for r in rows[1:]} for name, rows in measured.items()}
    jobs = {r["job"]: r for r in measured["xp"][1:]}
    if not jobs:
        raise SystemExit("no measurements of xp")
    card = (out / "card.txt").read_text().strip() if (out / "card.txt").exists() else ""
    copy = jobs["copy"]["bytes"] / jobs["copy"]["seconds"] if "copy" in jobs else None
    gemm = jobs["gemm"]["flops"] / jobs["gemm"]["seconds"] if "gemm" in jobs else None
    rows, table = [], ["| job | xp | of copy or GEMM | CuPy | PyTorch | JAX | best / xp |", "|---|---|---|---|---|---|---|"]
    for name, job in jobs.items():
        peers = {peer: times[peer].get(name) for peer in ["cupy", "torch", "jax"]}
        reached = job["bytes"] / job["seconds"] / copy if job["bytes"] and copy else job["flops"] / job["seconds"] / gemm if job["flops"] and gemm else None
        best = min((t for t in peers.values() if t), default=None)
        rows.append({**job, "reached": reached, "peers": peers, "ratio": best / job["seconds"] if best else None})
        cell = lambda t: f"{1e3 * t:.3f} ms" if t else ""
        table.append("| {} | {} | {} | {} | {} | {} | {} |".format(
            name, cell(job["seconds"]), f"{100 * reached:.0f}%" if reached else "", *(cell(t) for t in peers.values()), f"{best / job['seconds']:.2f}" if best else ""))
    (out / "gpu.json").write_text(json.dumps({"card": card, "libraries": about, "copy_bytes_per_second": copy, "gemm_flops_per_second": gemm, "jobs": rows}, indent=1))
    text = f"{card}\n\n" + "\n".join(table) + "\n"
    (out / "table.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main(sys.argv[1])
