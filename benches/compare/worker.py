"""One peer as a long-lived process that answers the protocol of `compare.py`: `python worker.py LIBRARY THREADS`."""

import ctypes
import gc
import importlib
import json
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from compare import data, jobs  # noqa: E402


def main():
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what libraries print does not mix with the answers
    worker = Worker(importlib.import_module(f"compare.peers_{sys.argv[1]}"), int(sys.argv[2]))
    for line in sys.stdin:
        command, _, rest = line.strip().partition(" ")
        if command == "quit":
            break
        try:
            answer = getattr(worker, f"do_{command}")(*((rest,) if rest else ()))
        except Exception as error:  # the driver prints it and goes on without this peer
            answer = {"error": f"{type(error).__name__}: {error}"[:500]}
        print(json.dumps(answer), file=answers)


class Worker:
    """The state between commands: the prepared job."""

    def __init__(self, peer, threads):
        self.peer, self.threads, self.job = peer, threads, None

    def do_list(self):
        return {"jobs": [[job.name, dtype] for job, dtype in jobs.every() if job.name in self.peer.JOBS]}

    def do_setup(self, rest):
        self.do_drop()
        name, dtype, seed = rest.rsplit(" ", 2)
        self.job = self.peer.prepare(name, data.make(jobs.BY_NAME[name].input, dtype, int(seed)), self.threads)
        release_freed()
        return {"ok": True}

    def do_run(self):
        gc.disable()
        reset_peak()
        before = status_kib("VmRSS")
        start = time.perf_counter()
        result = self.job()
        seconds = time.perf_counter() - start
        peak = status_kib("VmHWM")
        del result
        gc.enable()
        return {"seconds": seconds, "extra_mib": None if peak is None else max(0, peak - before) / 1024}

    def do_drop(self):
        self.job = None
        release_freed()
        return {"ok": True}


def release_freed():
    """Give freed memory back to the system, so that the size before a run does not hide what the run needs."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def reset_peak():
    """Make the kernel forget the highest resident size so far."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        pass


def status_kib(field):
    """A field of /proc/self/status, or None where there is none."""
    try:
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith(field + ":"):
                return int(line.split()[1])
    except OSError:
        pass
    return None


if __name__ == "__main__":
    main()
