#!/usr/bin/env bash
# Runs on a machine with a GPU, from the folder that bundle.sh made: bash run.sh OUTDIR
# The conformance suite on the real device, the examples, then the measurements beside CuPy, PyTorch and JAX where this
# machine has them. Needs no Rust and no network, and ends within nine minutes. Writes OUTDIR/gpu.json and OUTDIR/table.md.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=${1:?usage: run.sh OUTDIR}
mkdir -p "$out"
out=$(cd "$out" && pwd)
export XP_CUDA_TEST_DEVICE=${XP_CUDA_TEST_DEVICE:-0} XP_CUDA_CACHE=${XP_CUDA_CACHE:-$out/kernels}
root=$(cat "$here/data/root")
if [ ! -d "$root/crates" ]; then
    mkdir -p "$root" && tar xf "$here/data/files.tar" -C "$root" || echo "golden files could not be put at $root: their tests will fail" >&2
fi
nvidia-smi --query-gpu=name,memory.total,driver_version --format=csv,noheader > "$out/card.txt" 2>&1 || true

limit() { local seconds=$1; shift; timeout "$seconds" "$@"; }
status=0
for test in conformance fft models; do
    # Names of tests on the real device say so: nothing is simulated here.
    if limit 100 "$here/bin/test-$test" --test-threads 4 > "$out/test-$test.txt" 2>&1; then echo "test-$test passed"; else
        echo "test-$test FAILED, see $out/test-$test.txt"; status=1
    fi
done
(cd "$out" && limit 20 "$here/bin/lda" "$out/lda.svg" && limit 20 "$here/bin/smooth" "$out") > "$out/examples.txt" 2>&1 || { echo "an example FAILED"; status=1; }
limit 60 "$here/bin/gpu" > "$out/xp.jsonl" || { echo "the measurements FAILED"; status=1; }
for peer in cupy torch jax; do
    limit 40 python3 "$here/peers.py" "$peer" > "$out/$peer.jsonl" 2> "$out/$peer.txt" || echo "no measurements of $peer, see $out/$peer.txt"
done
python3 "$here/table.py" "$out" || status=1
exit $status
