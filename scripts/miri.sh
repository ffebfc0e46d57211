#!/usr/bin/env bash
# Runs what reaches the unsafe code of xp-core in miri, which checks every access to memory: the plain backend's selection of the
# test suite, each file of its tests in a process of its own, side by side. Arguments go to the tests: scripts/miri.sh rows
# Exits 77 when miri is missing.
set -euo pipefail
cd "$(dirname "$0")/.."
toolchain="${XP_MIRI_TOOLCHAIN:-nightly}"
if ! cargo "+$toolchain" miri --version > /dev/null 2>&1; then
    echo "miri is missing: rustup component add --toolchain $toolchain miri rust-src" >&2
    exit 77
fi
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}/miri" MIRIFLAGS="${MIRIFLAGS:--Zmiri-strict-provenance}"
cargo "+$toolchain" miri test --quiet -p xp-reference --no-run
said=$(mktemp -d)
trap 'rm -rf "$said"' EXIT
declare -A running
for file in crates/xp-reference/tests/*.rs; do
    name=$(basename "$file" .rs)
    cargo "+$toolchain" miri test -p xp-reference --test "$name" -- "$@" > "$said/$name" 2>&1 &
    running[$name]=$!
done
failed=()
for name in "${!running[@]}"; do
    wait "${running[$name]}" || failed+=("$name")
    printf -- '-- %s\n' "$name"
    cat "$said/$name"
done
[ ${#failed[@]} = 0 ] || { echo "miri.sh: failed: ${failed[*]}" >&2; exit 1; }
