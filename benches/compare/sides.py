"""The processes that take part: a line of command in, a line of JSON out."""

import json
import os
import subprocess
import tempfile
from pathlib import Path

from . import environment

ROOT = environment.ROOT


class Failed(Exception):
    """A side answered with an error, or ended."""


class Side:
    """One long-lived process that speaks the protocol."""

    def __init__(self, name, command, env):
        self.name = name
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, text=True, bufsize=1
        )
        self.jobs = {tuple(pair) for pair in self.ask("list")["jobs"]}

    def ask(self, command):
        """Send one command and return its answer."""
        try:
            self.process.stdin.write(command + "\n")
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            self.log.seek(0)
            code = self.process.wait()
            raise Failed(f"{self.name} ended with status {code}: {self.log.read()[-800:].strip()}")
        answer = json.loads(line)
        if "error" in answer:
            raise Failed(f"{self.name}: {answer['error']}")
        return answer

    @property
    def alive(self):
        return self.process.poll() is None

    def quit(self):
        if self.alive:
            try:
                self.process.stdin.write("quit\n")
                self.process.stdin.close()
                self.process.wait(timeout=20)
            except (OSError, subprocess.TimeoutExpired):
                self.process.kill()
        self.process.stdout.close()
        self.log.close()


def variables(threads):
    """The environment of every side: the same number of threads for each library's pool."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS", "NUMEXPR_NUM_THREADS", "NPROC")
    flags = f"{os.environ.get('XLA_FLAGS', '')} --xla_cpu_multi_thread_eigen={'true' if threads > 1 else 'false'}".strip()
    return {**os.environ, **dict.fromkeys(names, str(threads)), "XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu", "SCIPY_ARRAY_API": "1"}


def start_peer(library, threads):
    """A Python worker in the peers' environment."""
    worker = str(Path(__file__).parent / "worker.py")
    env = variables(threads)
    if library != "torch":
        env.pop("SCIPY_ARRAY_API")  # the array-API path is for other libraries' arrays only
    return Side(library, [str(environment.PYTHON), worker, library, str(threads)], env)


def build_xp():
    """Build the Rust side; the path of its program."""
    build = ["cargo", "build", "--release", "-p", "benches", "--bin", "jobs"]
    if subprocess.run(build, cwd=ROOT).returncode != 0:
        raise SystemExit(f"`{' '.join(build)}` failed (--peers-only leaves xp out)")
    metadata = subprocess.run(
        ["cargo", "metadata", "--format-version", "1", "--no-deps"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return Path(json.loads(metadata.stdout)["target_directory"]) / "release" / "jobs"


def start_xp(binary, threads, side="xp"):
    """Start a Rust side: xp's, or that of rustfft alone, which the same program holds."""
    return Side(side, [str(binary)] + ([] if side == "xp" else [side]), variables(threads))


def pin(threads):
    """Let this process and all it starts use as many cores as threads: some pools heed only that."""
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, cores[: max(1, threads)])
