#!/usr/bin/env bash
# Runs on a machine with a GPU, from the folder that bundle.sh made: bash run.sh OUTDIR
#
# The test suites on the real device, the examples, then the measurements beside CuPy, PyTorch and JAX where this machine has
# them. Needs no Rust and no network, and ends within nine minutes: every step has its own limit, and all together have one.
# Writes OUTDIR/gpu.json and OUTDIR/table.md.
#
# XP_GPU_TRIAL=1 tries the scripts on the simulated device instead: needs g++, takes tiny sizes, and writes no times.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=${1:?usage: run.sh OUTDIR}
mkdir -p "$out"
out=$(cd "$out" && pwd)
trial=${XP_GPU_TRIAL:-0}
deadline=$((SECONDS + ${XP_GPU_SECONDS:-530}))
status=0

# Runs a command within its limit, and within what is left of the whole.
limit() {
    local seconds=$1 left=$((deadline - SECONDS)); shift
    [ "$left" -gt 0 ] || { echo "no time is left for $*" >&2; return 124; }
    timeout "$((seconds < left ? seconds : left))" "$@"
}
failed() { echo "$1 FAILED, see $2"; status=1; }
note() { echo "[$SECONDS s] $1"; }

rm -rf "$out/bin"
tar xzf "$here/bin.tar.gz" -C "$out" || exit 1
bin=$out/bin
if [ "$trial" = 1 ]; then
    export XP_CUDA_SIMULATED=1
    suffix=-simulated tiny=tiny
    echo "SIMULATED DEVICE: no time below is one of a GPU" | tee "$out/card.txt"
else
    export XP_CUDA_TEST_DEVICE=${XP_CUDA_TEST_DEVICE:-0} XP_CUDA_CACHE=${XP_CUDA_CACHE:-$out/kernels}
    unset XP_CUDA_SIMULATED
    suffix='' tiny=''
    nvidia-smi --query-gpu=name,memory.total,driver_version --format=csv,noheader > "$out/card.txt" 2>&1 || true
    cat "$out/card.txt"
fi

# Tests read their golden files, and examples their pictures, where they were built.
root=$(cat "$here/data/root")
if [ ! -d "$root/crates" ]; then
    mkdir -p "$root" && tar xzf "$here/data/files.tar.gz" -C "$root" || echo "golden files could not be put at $root: their tests will fail" >&2
fi

# A suite in as many processes as there are cores: compiling a kernel takes a tenth of a second, and there are thousands.
suite() {
    local name=$1 seconds=$2 shards=${XP_GPU_SHARDS:-$(nproc)} passed=0 bad=0 k pids=()
    rm -f "$out/test-$name."*
    "$bin/test-$name" --list --format terse 2> /dev/null | sed -n 's/: test$//p' | grep -E "${XP_GPU_TESTS:-.}" > "$out/test-$name.list"
    for ((k = 0; k < shards; k++)); do
        awk -v n="$shards" -v k="$k" 'NR % n == k' "$out/test-$name.list" > "$out/test-$name.shard-$k"
        [ -s "$out/test-$name.shard-$k" ] || continue
        limit "$seconds" xargs -a "$out/test-$name.shard-$k" "$bin/test-$name" --exact --test-threads 1 > "$out/test-$name.$k.txt" 2>&1 &
        pids+=($!)
    done
    for pid in "${pids[@]}"; do wait "$pid" || true; done
    cat "$out/test-$name".[0-9]*.txt > "$out/test-$name.txt"
    passed=$(grep -c '^test .* \.\.\. ok$' "$out/test-$name.txt")
    bad=$(grep -c '^test .* \.\.\. FAILED$' "$out/test-$name.txt")
    local all; all=$(wc -l < "$out/test-$name.list")
    echo "$passed of $all tests passed, $bad failed, $((all - passed - bad)) did not end in time" > "$out/test-$name.result"
    note "test-$name: $(cat "$out/test-$name.result")"
    [ "$all" -gt 0 ] && [ "$passed" = "$all" ] || failed "test-$name" "$out/test-$name.txt"
    rm -f "$out/test-$name".[0-9]*.txt "$out/test-$name".shard-* "$out/test-$name.list"
}
suite conformance 150
suite fft 40
suite models 60

(cd "$out" && limit 20 "$bin/lda$suffix" "$out/lda.svg" && limit 20 "$bin/smooth$suffix" "$out" && limit 20 "$bin/to_cpu$suffix") > "$out/examples.txt" 2>&1 || failed "an example" "$out/examples.txt"
note "examples: $(grep -c . "$out/examples.txt") lines in $out/examples.txt"
limit 60 "$bin/gpu" > "$out/xp.jsonl" 2> "$out/xp.txt" || failed "the measurements" "$out/xp.txt"
note "measured $(grep -c '"job"' "$out/xp.jsonl") jobs"
for peer in cupy torch jax numpy; do
    limit 40 python3 "$here/peers.py" "$peer" $tiny > "$out/$peer.jsonl" 2> "$out/$peer.txt" || true
    note "$peer: $(grep -c '"job"' "$out/$peer.jsonl") jobs; $(grep -c . "$out/$peer.txt") lines of messages in $out/$peer.txt"
done
# Where a GPU starts to pay. The numbers are in OUTDIR/criterion.
(cd "$out" && CRITERION_HOME="$out/criterion" limit 60 "$bin/backends" --bench --noplot --warm-up-time 0.1 --measurement-time 0.3 \
    --sample-size 10) > "$out/backends.txt" 2>&1 || failed "the comparison of backends" "$out/backends.txt"
python3 "$here/table.py" "$out" || status=1
rm -rf "$bin"
note "done, status $status"
exit $status
