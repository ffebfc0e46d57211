#!/usr/bin/env bash
# Runs every target of fuzz/ for some seconds (60 unless given), or those named after them, from the corpus there. What is found
# lies in fuzz/artifacts. Needs a nightly compiler and cargo-fuzz; ends with status 77 where one is missing.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60}
shift || true
cargo +nightly --version > /dev/null 2>&1 || { echo "fuzz.sh: there is no nightly compiler (rustup toolchain install nightly)" >&2; exit 77; }
cargo fuzz --version > /dev/null 2>&1 || { echo "fuzz.sh: there is no cargo-fuzz (cargo install cargo-fuzz)" >&2; exit 77; }
[ $# -gt 0 ] || set -- $(cargo +nightly fuzz list)
found=$(mktemp -d)
trap 'rm -rf "$found"' EXIT
for target; do
    echo "== $target"
    mkdir -p "$found/$target"
    # New inputs go to the first folder, so that the corpus stays small.
    cargo +nightly fuzz run "$target" "$found/$target" "fuzz/corpus/$target" -- \
        -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 -verbosity=0
done
