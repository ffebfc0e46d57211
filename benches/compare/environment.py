"""The peers' virtual environment: made in `.venv` with the newest Python of the machine, reused as long as none is newer."""

import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

# peer -> the distributions it needs; the first is the one whose version is shown
PEERS = {
    "numpy": ("numpy",),
    "scipy": ("scipy", "numpy"),
    "sklearn": ("scikit-learn", "scipy", "numpy"),
    "torch": ("torch", "scikit-learn", "scipy", "numpy"),
    "jax": ("jax", "jaxlib", "numpy"),
}
MODULES = {"scikit-learn": "sklearn"}
TORCH_REQUIRES = ("filelock", "typing-extensions", "setuptools", "sympy", "networkx", "jinja2", "fsspec")


def ensure(say):
    """Make the environment as far as possible. Returns the versions of what imports and the reasons for what does not."""
    newest, version = newest_python()
    if not PYTHON.exists() or _minor(PYTHON) < version:
        say(f"making {VENV.relative_to(ROOT)} with Python {version[0]}.{version[1]} ...")
        subprocess.run([str(newest), "-m", "venv", "--clear", str(VENV)], check=True)
    versions, missing = {}, {}
    for name in ("numpy", "scipy", "scikit-learn", "jax", "jaxlib", "torch"):
        found = _version(name)
        if found is None:
            say(f"installing {name} ...")
            reason = _install_torch() if name == "torch" else _pip(name)
            found = _version(name)
            if found is None:
                missing[name] = reason or _import_error(name)
                continue
        versions[name] = found
    return versions, missing


def newest_python():
    """The newest CPython 3 that can make environments, and its version: the newest releases of the peers leave old ones behind."""
    names = [f"python3.{minor}" for minor in range(10, 30)]
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = [Path(sys.executable), *(Path(path) for path in map(shutil.which, names) if path), *pyenv.glob("3.*/bin/python3")]
    usable = [(version, index) for index, path in enumerate(found) if (version := _minor(path)) >= sys.version_info[:2]]
    version, index = max(usable, key=lambda pair: (pair[0], -pair[1]))
    return found[index], version


def _minor(python):
    """(3, N) of an interpreter that runs and has `venv` and `pip`, else (0, 0)."""
    code = "import sys, venv, ensurepip, ssl; print(sys.implementation.name == 'cpython' and sys.version_info.releaselevel == 'final', *sys.version_info[:2])"
    done = subprocess.run([str(python), "-c", code], capture_output=True, text=True)
    answer = done.stdout.split()
    return (int(answer[1]), int(answer[2])) if done.returncode == 0 and answer[:1] == ["True"] else (0, 0)


def header(versions, threads):
    """What was measured with: libraries, processor, cores, date."""
    import datetime

    names = ", ".join(f"{name} {version}" for name, version in versions.items())
    load = f"{os.getloadavg()[0]:.1f} in the last minute" if hasattr(os, "getloadavg") else "unknown"
    return [
        f"date     {datetime.date.today().isoformat()}",
        f"cpu      {_cpu_model()}, {os.cpu_count()} cores, {threads} threads used",
        f"system   {platform.system()} {platform.release()}, Python {_run(['-c', 'import platform; print(platform.python_version())']).stdout.strip()}",
        f"peers    {names}",
        f"load     {load}",
    ]


def _install_torch():
    """PyTorch without the GPU libraries that the registry's Linux wheel asks for: they are several times its size.

    The wheel is linked against them, so its CPU part loads only when files of their names are there. The CUDA runtime
    itself (1 MB) registers kernels while loading and is installed; the others get placeholders, see `_placeholders`.
    """
    reason = _pip("--no-deps", "torch") or _pip(*TORCH_REQUIRES)
    if reason or _version("torch") or platform.system() != "Linux":
        return reason
    try:
        return _placeholders()
    except (OSError, subprocess.CalledProcessError, StopIteration) as error:
        return f"no placeholders for the GPU libraries: {error}"


def _placeholders():
    """For each GPU library that PyTorch is linked against and that is absent, build a shared object of that name which
    defines the symbols asked of it. None is ever called: there is no GPU for this environment."""
    packages = Path(_run(["-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]).stdout.strip())
    libraries = [path for path in (packages / "torch" / "lib").iterdir() if ".so" in path.name]
    needed, wanted = set(), {}
    for library in libraries:
        dynamic = _tool("readelf", "-W", "-d", str(library))
        needed |= set(re.findall(r"NEEDED.*\[(lib(?:cu|nv|nccl)[^\]]*)\]", dynamic))
        for symbol, version in re.findall(r" UND (\w+)@(lib(?:cu|nv)[\w.]+|NVSHMEM)", _tool("readelf", "-W", "--dyn-syms", str(library))):
            wanted.setdefault(version, set()).add(symbol)
    runtime = next(name for name in needed if name.startswith("libcudart.so."))
    major = runtime.rsplit(".", 1)[1]
    reason = _pip("--no-deps", f"nvidia-cuda-runtime=={major}.*" if int(major) > 12 else f"nvidia-cuda-runtime-cu{major}")
    if reason:
        return reason
    folder = next(packages.glob(f"nvidia/**/{runtime}")).parent
    for name in sorted(needed - {runtime}):
        version = "NVSHMEM" if name.startswith("libnvshmem") else name
        if list(packages.glob(f"nvidia/**/{name}")):
            continue
        with tempfile.TemporaryDirectory() as temporary:
            source, script = Path(temporary) / "symbols.c", Path(temporary) / "versions.map"
            source.write_text("".join(f"char {symbol};\n" for symbol in sorted(wanted.get(version, ()))))
            script.write_text(f"{version} {{ global: *; }};\n")
            _tool("cc", "-shared", "-nostdlib", "-fno-builtin", "-w", "-o", str(folder / name), str(source),
                  f"-Wl,-soname,{name}", f"-Wl,--version-script={script}")  # fmt: skip
    return None


def _tool(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _pip(*arguments):
    """Install; the reason when it fails, else None."""
    done = _run(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", *arguments])
    return None if done.returncode == 0 else (done.stderr.strip().splitlines() or ["pip failed"])[-1]


def _version(distribution):
    """The version of a distribution that imports, else None."""
    done = _run(["-c", _import_code(distribution) + "; print(json.dumps(m.version(name)))"])
    return json.loads(done.stdout) if done.returncode == 0 else None


def _import_error(distribution):
    return (_run(["-c", _import_code(distribution)]).stderr.strip().splitlines() or ["does not import"])[-1]


def _import_code(distribution):
    module = MODULES.get(distribution, distribution)
    return (
        "import os, sys, json, importlib.metadata as m; getattr(sys, 'setdlopenflags', id)(getattr(os, 'RTLD_LAZY', 0)); "
        f"name = {distribution!r}; import {module}"
    )


def _run(arguments):
    return subprocess.run([str(PYTHON), *arguments], capture_output=True, text=True)


def _cpu_model():
    try:
        text = Path("/proc/cpuinfo").read_text()
        return re.search(r"model name\s*:\s*(.*)", text).group(1)
    except (OSError, AttributeError):
        return platform.processor() or platform.machine()
