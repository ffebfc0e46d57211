#!/usr/bin/env bash
# Builds and strips everything that a run on a machine with a GPU needs, into .gpu/ (git-ignored, under 60 MiB): that machine
# needs neither Rust nor a network. Run it from anywhere; needs Rust and a C and C++ compiler here.
set -euo pipefail
cd "$(dirname "$0")/../.."
out=.gpu
rm -rf "$out"
mkdir -p "$out/bin" "$out/data"

# The file that Cargo built for a test, bench or example, by its JSON messages.
built() { python3 -c '
import json, sys
for line in sys.stdin:
    message = json.loads(line)
    if message.get("reason") == "compiler-artifact" and message["target"]["name"] == sys.argv[1] and message.get("executable"):
        print(message["executable"])
' "$1" | tail -1; }
take() { strip -o "$out/bin/$2" "$1"; }

for test in conformance fft models; do
    take "$(cargo test --offline -p xp-cuda --test "$test" --no-run --message-format json 2>/dev/null | built "$test")" "test-$test"
done
take "$(cargo bench --offline -p benches --bench backends --features cuda --no-run --message-format json 2>/dev/null | built backends)" bench-backends
take "$(cargo build --offline --release -p xp-cuda --example gpu --message-format json 2>/dev/null | built gpu)" gpu
for example in lda smooth; do
    take "$(cargo build --offline --release -p xp-array --features cuda --example "$example" --message-format json 2>/dev/null | built "$example")" "$example"
done
cp scripts/gpu/run.sh scripts/gpu/peers.py scripts/gpu/table.py "$out/"
# Tests read their golden files, and examples their pictures, where they were built: the bundle brings them along.
tar cf "$out/data/files.tar" crates/xp-models/tests/golden crates/xp-models/data crates/xp-conformance/golden crates/xp/examples/data
pwd > "$out/data/root"
size=$(du -sk "$out" | cut -f1)
echo "$out: $((size / 1024)) MiB"
[ "$size" -lt 61440 ] || { echo "the bundle is larger than 60 MiB" >&2; exit 1; }
