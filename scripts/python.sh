#!/usr/bin/env bash
# Builds the Python module xparray into an environment of its own (.venv, or $XPARRAY_VENV) and runs its tests:
#
#     scripts/python.sh                    # the release build, by maturin; further words go to pytest
#     scripts/python.sh --features F       # the development build with the features F, which shares what
#                                          # `cargo test --workspace --features F` has compiled, and traps overflows;
#                                          # with xp-py/simulated among them the tests of GPUs run too, on the simulated one
#
# Needs Python 3.11 or later, and pip's index for maturin, numpy and pytest; ends with status 77 where these cannot be had. The tests
# against scikit-learn, SciPy, data frames, Dask, JAX and PyTorch run where these are installed; all but the last two are if they can be.
# mypy compares the stubs with the module.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=$(realpath -m "${XPARRAY_VENV:-.venv}")
[ -x "$venv/bin/python" ] || python3 -m venv "$venv" || exit 77
optional() { "$venv/bin/python" -m pip install --quiet --disable-pip-version-check scikit-learn array-api-extra pandas polars mypy "dask[array,distributed]" || true; }
install() { "$venv/bin/python" -m pip install --quiet --disable-pip-version-check "numpy>=2" pytest "$@" || exit 77; }

if [ "${1:-}" = --features ]; then
    install
    optional
    # All packages with the examples: their features are united as those of the tests are.
    cargo build --workspace --lib --examples --features "$2"
    shift 2
    # Linux's name of a library; where Python's modules are called otherwise, use the release build.
    cp "${CARGO_TARGET_DIR:-target}/debug/lib_xparray.so" crates/xp-py/python/xparray/_xparray.abi3.so
    export PYTHONPATH=$PWD/crates/xp-py/python
else
    install "maturin>=1.9,<2"
    optional
    VIRTUAL_ENV="$venv" "$venv/bin/maturin" develop --release --manifest-path crates/xp-py/Cargo.toml
fi
if "$venv/bin/python" -c "import mypy" 2> /dev/null; then
    "$venv/bin/python" -P -m mypy.stubtest --mypy-config-file crates/xp-py/tests/mypy.ini --allowlist crates/xp-py/tests/stubtest.txt --ignore-unused-allowlist xparray
else
    echo "python.sh: the stubs were not compared with the module: mypy is not installed, and cannot be here"
fi
"$venv/bin/python" -m pytest --quiet crates/xp-py/tests "$@"
