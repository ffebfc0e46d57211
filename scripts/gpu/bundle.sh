#!/usr/bin/env bash
# Builds and strips everything that a run on a machine with a GPU needs, into .gpu/ (git-ignored, under 56 MiB, which leaves room for the
# sources beside it): that machine needs neither Rust nor a network. Run it from anywhere; needs Rust and a C and C++ compiler here.
#
# The kernels that the smoke program and the tests of kernels ask for on the simulated device are compiled ahead for sm_80, sm_90 and
# sm_100, by every NVRTC that scripts/cuda/check_signatures.sh has installed (in .venv-cuda, or what XP_CUDA_WHEELS names).
#
# bundle.sh --dev FEATURES TEST... takes some tests as `cargo test --workspace --features FEATURES` compiles them instead, for a trial on this
# machine in a minute after that:
#   scripts/gpu/bundle.sh --dev FEATURES smoke kernel kernels && XP_GPU_TRIAL=1 bash .gpu/run.sh OUTDIR smoke sanitize measure peers
set -euo pipefail
cd "$(dirname "$0")/../.."
out=.gpu
rm -rf "$out"
mkdir -p "$out/bin" "$out/data"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
dev=0
if [ "${1:-}" = --dev ]; then dev=1; shift; fi

# Builds with Cargo, or looks at what was built, and takes the stripped file of a target of a package to where it is wanted:
# take PLACE PACKAGE TARGET CARGO_ARGUMENTS...
take() {
    local place=$1 package=$2 target=$3 file; shift 3
    if [ "$dev" = 0 ]; then cargo "$@" --message-format json-render-diagnostics > "$scratch/messages"; fi
    file=$(python3 -c '
import json, sys
for line in open(sys.argv[1]):
    message = json.loads(line)
    if message.get("reason") == "compiler-artifact" and message["target"]["name"] == sys.argv[3] and message.get("executable"):
        if f"/{sys.argv[2]}/" in message["manifest_path"]:
            print(message["executable"])
' "$scratch/messages" "$package" "$target" | tail -1)
    if [ -z "$file" ]; then
        echo "no $target of $package was built" >&2
        return "$((1 - dev))"
    fi
    strip -o "$place" "$file"
}

if [ "$dev" = 1 ]; then
    features=$1; shift
    cargo test --workspace --features "$features" "${@/#/--test=}" --no-run --message-format json-render-diagnostics > "$scratch/messages"
    cargo build --workspace --features "$features" --example gpu --example compile_kernels --message-format json-render-diagnostics >> "$scratch/messages"
fi
for test in smoke conformance standard fft models device kernel kernels calls; do
    take "$out/bin/test-$test" xp-cuda "$test" test -p xp-cuda --test "$test" --no-run
done
# Without a GPU these run on the simulated device, on demand (XP_CUDA_SIMULATED=1).
take "$out/bin/gpu" xp-cuda gpu build --release -p xp-cuda --example gpu
take "$scratch/compile_kernels" xp-cuda compile_kernels build --release -p xp-cuda --example compile_kernels
if [ "$dev" = 0 ]; then
    for test in device linalg fft budgets; do
        take "$out/bin/test-wgpu-$test" xp-wgpu "$test" test -p xp-wgpu --test "$test" --no-run
    done
    take "$out/bin/wgpu-gpu" xp-wgpu vulkan build --release -p xp-wgpu --example vulkan
    take "$out/bin/backends" benches backends bench -p benches --bench backends --features simulated --no-run
    for example in lda smooth to_cpu; do
        take "$out/bin/$example" xp "$example" build --release -p xp-array --features cuda --example "$example"
        take "$out/bin/$example-simulated" benches "$example-simulated" build --release -p benches --features simulated --example "$example-simulated"
    done
fi

# What is asked for on the simulated device is what a real one will be asked for.
for test in smoke kernels; do
    [ -f "$out/bin/test-$test" ] || continue
    XP_CUDA_CACHE=$scratch/simulated "$out/bin/test-$test" > "$scratch/log" 2>&1 || { cat "$scratch/log" >&2; exit 1; }
done
wheels=$(realpath -m "${XP_CUDA_WHEELS:-.venv-cuda}")
[ -f "$scratch/compile_kernels" ] || wheels=/none
for nvrtc in "$wheels"/lib/python*/site-packages/nvidia/{cu13,cuda_nvrtc}/lib; do
    [ -d "$nvrtc" ] || continue
    pids=()
    for architecture in 80 90 100; do
        XP_CUDA_PATH=$nvrtc "$scratch/compile_kernels" ahead "$scratch/simulated" "$out/kernels" "$architecture" & pids+=($!)
    done
    for pid in "${pids[@]}"; do wait "$pid"; done
done
if [ -d "$out/kernels" ]; then
    tar czf "$out/kernels.tar.gz" -C "$out" kernels
    rm -rf "$out/kernels"
else
    echo "no kernels are compiled ahead: scripts/cuda/check_signatures.sh installs what compiles them" >&2
fi

tar czf "$out/bin.tar.gz" -C "$out" bin
rm -rf "$out/bin"
cp scripts/gpu/run.sh scripts/gpu/peers.py scripts/gpu/table.py "$out/"
# Tests read their golden files, and examples their pictures, where they were built: the bundle brings them along.
tar czf "$out/data/files.tar.gz" crates/xp-models/tests/golden crates/xp-models/data crates/xp-wgpu/tests/budgets.md docs/wgpu.md crates/xp-conformance/golden crates/xp/examples/data
pwd > "$out/data/root"
size=$(du -sk "$out" | cut -f1)
echo "$out: $((size / 1024)) MiB"
[ "$dev" = 1 ] || [ "$size" -lt $((56 * 1024)) ] || { echo "the bundle is larger than 56 MiB" >&2; exit 1; }
