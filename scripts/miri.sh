#!/usr/bin/env bash
# Runs what reaches the unsafe code of xp-core in miri, which checks every access to memory: the plain backend's selection of the
# test suite, and the tests of xp-core that need no backend. Exits 77 when miri is missing.
set -euo pipefail
cd "$(dirname "$0")/.."
toolchain="${XP_MIRI_TOOLCHAIN:-nightly}"
if ! cargo "+$toolchain" miri --version > /dev/null 2>&1; then
    echo "miri is missing: rustup component add --toolchain $toolchain miri rust-src" >&2
    exit 77
fi
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}/miri" MIRIFLAGS="${MIRIFLAGS:--Zmiri-strict-provenance}"
cargo "+$toolchain" miri test -p xp-reference
cargo "+$toolchain" miri test -p xp-core --lib -- axis_vec expr
