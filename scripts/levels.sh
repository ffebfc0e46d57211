#!/usr/bin/env bash
# Runs the tests of the CPU backend and of the engine below it at instruction-set levels lower than the machine's own:
# the binaries of `cargo test --workspace`, which are built already, with XP_CPU_LEVEL set. Levels may be named:
# scripts/levels.sh baseline avx2. With --features F, the binaries of `cargo test --workspace --features F`.
set -euo pipefail
cd "$(dirname "$0")/.."

options=()
if [ "${1:-}" = --features ]; then
    options=("$1" "$2")
    shift 2
fi
levels=("$@")
if [ ${#levels[@]} = 0 ]; then
    levels=(baseline)
    if grep -qw avx2 /proc/cpuinfo; then levels+=(avx2); fi
fi

# Lines "folder of the package <tab> binary".
binaries=$(cargo test --workspace "${options[@]}" --no-run --quiet --message-format=json | python3 -c '
import json, os, sys
suites = {"xp-engine": None, "xp-cpu": None, "xp-conformance": "cpu"}
for line in sys.stdin:
    message = json.loads(line)
    if message["reason"] != "compiler-artifact" or not message.get("executable") or not message["profile"]["test"]:
        continue
    package = os.path.dirname(message["manifest_path"])
    name = os.path.basename(package)
    if name in suites and suites[name] in (None, message["target"]["name"]):
        print(package, message["executable"], sep="\t")
')
[ -n "$binaries" ] || { echo "cargo built no tests: run cargo test --workspace" >&2; exit 1; }

for level in "${levels[@]}"; do
    while IFS=$'\t' read -r package binary; do
        echo "$level: ${binary##*/}"
        (cd "$package" && XP_CPU_LEVEL=$level "$binary" --quiet)
    done <<< "$binaries"
done
