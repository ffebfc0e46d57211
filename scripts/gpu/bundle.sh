#!/usr/bin/env bash
# Builds and strips everything that a run on a machine with a GPU needs, into .gpu/ (git-ignored, under 56 MiB, which leaves room for the sources beside it): that machine
# needs neither Rust nor a network. Run it from anywhere; needs Rust and a C and C++ compiler here.
set -euo pipefail
cd "$(dirname "$0")/../.."
out=.gpu
rm -rf "$out"
mkdir -p "$out/bin" "$out/data"
messages=$(mktemp)
trap 'rm -f "$messages"' EXIT

# Builds with Cargo, and takes the stripped file of a target: take NAME_IN_THE_BUNDLE TARGET CARGO_ARGUMENTS...
take() {
    local name=$1 target=$2 file; shift 2
    cargo "$@" --message-format json-render-diagnostics > "$messages"
    file=$(python3 -c '
import json, sys
for line in open(sys.argv[1]):
    message = json.loads(line)
    if message.get("reason") == "compiler-artifact" and message["target"]["name"] == sys.argv[2] and message.get("executable"):
        print(message["executable"])
' "$messages" "$target" | tail -1)
    [ -n "$file" ] || { echo "cargo $* built no $target" >&2; exit 1; }
    strip -o "$out/bin/$name" "$file"
}

for test in conformance standard fft models device kernel kernels calls; do
    take "test-$test" "$test" test -p xp-cuda --test "$test" --no-run
done
for test in device linalg fft budgets; do
    take "test-wgpu-$test" "$test" test -p xp-wgpu --test "$test" --no-run
done
# Without a GPU these run on the simulated device, on demand (XP_CUDA_SIMULATED=1).
take gpu gpu build --release -p xp-cuda --example gpu
take wgpu-gpu vulkan build --release -p xp-wgpu --example vulkan
take backends backends bench -p benches --bench backends --features simulated --no-run
for example in lda smooth to_cpu; do
    take "$example" "$example" build --release -p xp-array --features cuda --example "$example"
    take "$example-simulated" "$example-simulated" build --release -p benches --features simulated --example "$example-simulated"
done
tar czf "$out/bin.tar.gz" -C "$out" bin
rm -rf "$out/bin"
cp scripts/gpu/run.sh scripts/gpu/peers.py scripts/gpu/table.py "$out/"
# Tests read their golden files, and examples their pictures, where they were built: the bundle brings them along.
tar czf "$out/data/files.tar.gz" crates/xp-models/tests/golden crates/xp-models/data crates/xp-wgpu/tests/budgets.md docs/wgpu.md crates/xp-conformance/golden crates/xp/examples/data
pwd > "$out/data/root"
size=$(du -sk "$out" | cut -f1)
echo "$out: $((size / 1024)) MiB"
[ "$size" -lt $((56 * 1024)) ] || { echo "the bundle is larger than 56 MiB" >&2; exit 1; }
