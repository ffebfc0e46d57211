#!/usr/bin/env bash
# Builds the Python module xparray into an environment of its own (.venv, or $XPARRAY_VENV) and runs its tests. The profile is
# `release`, or $XPARRAY_PROFILE: `dev` compiles in less than half the time and traps overflows.
# Needs Python 3.11 or later, and pip's index for maturin, numpy and pytest; ends with status 77 where these cannot be had.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=$(realpath -m "${XPARRAY_VENV:-.venv}")
[ -x "$venv/bin/python" ] || python3 -m venv "$venv" || exit 77
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check "maturin>=1.9,<2" "numpy>=2" pytest || exit 77
VIRTUAL_ENV="$venv" "$venv/bin/maturin" develop --profile "${XPARRAY_PROFILE:-release}" --manifest-path crates/xp-py/Cargo.toml
"$venv/bin/python" -m pytest --quiet crates/xp-py/tests "$@"
