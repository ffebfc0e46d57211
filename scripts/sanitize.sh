#!/usr/bin/env bash
# Runs the test suite on the plain backend and on the CPU backend, and the tests of the engine, under AddressSanitizer. Exits 77
# without a nightly compiler. Arguments go to the tests: scripts/sanitize.sh fusion
set -euo pipefail
cd "$(dirname "$0")/.."
toolchain="${XP_SANITIZE_TOOLCHAIN:-nightly}"
if ! rustc "+$toolchain" --version > /dev/null 2>&1; then
    echo "a nightly compiler is missing: rustup toolchain install $toolchain" >&2
    exit 77
fi
target="$(rustc "+$toolchain" -vV | sed -n 's/^host: //p')"
export RUSTFLAGS="-Zsanitizer=address" CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}/sanitize"
# The cache of array memory lives as long as the process. It hides accesses behind an array that end inside its size class; the
# plain backend has no cache.
export ASAN_OPTIONS="${ASAN_OPTIONS:-detect_leaks=0}"
cargo "+$toolchain" test --target "$target" -p xp-reference -- "$@"
cargo "+$toolchain" test --target "$target" -p xp-engine --lib --tests -- "$@"
cargo "+$toolchain" test --target "$target" -p xp-conformance --test cpu -- "$@"
