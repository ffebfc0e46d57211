#!/usr/bin/env bash
# Runs on a machine with a GPU, from the folder that bundle.sh made: bash run.sh OUTDIR [suites] [wgpu] [examples] [measure] [peers] [backends]
#
# The test suites on the real device, the examples, then the measurements beside CuPy, PyTorch and JAX where this machine has
# them; only the named parts where there are any. Needs no Rust and no network, and ends within nine minutes: every step has its
# own limit, and all together have one. Leaves three files: OUTDIR/gpu.json, OUTDIR/table.md, and OUTDIR/results.tgz with
# everything that was printed. A later call adds its parts to what is there. Compiled kernels stay in the user's cache folder.
#
# XP_GPU_TRIAL=1 tries the scripts on the simulated device instead: needs g++, takes tiny sizes, and writes no times.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=${1:?usage: run.sh OUTDIR [PART...]}
shift
parts=" ${*:-suites wgpu examples measure peers backends} "
mkdir -p "$out"
out=$(cd "$out" && pwd)
trial=${XP_GPU_TRIAL:-0}
deadline=$((SECONDS + ${XP_GPU_SECONDS:-530}))
status=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
results=$work/results
mkdir -p "$results"

# Runs a command within its limit, and within what is left of the whole.
limit() {
    local seconds=$1 left=$((deadline - SECONDS)); shift
    [ "$left" -gt 0 ] || { echo "no time is left for $*" >&2; return 124; }
    timeout "$((seconds < left ? seconds : left))" "$@"
}
failed() { echo "$1 FAILED, see $2 in results.tgz"; status=1; }
note() { echo "[$SECONDS s] $1"; }
wanted() { case "$parts" in *" $1 "*) return 0 ;; *) return 1 ;; esac; }

if [ -f "$out/results.tgz" ]; then tar xzf "$out/results.tgz" -C "$results" || exit 1; fi
tar xzf "$here/bin.tar.gz" -C "$work" || exit 1
bin=$work/bin
if [ "$trial" = 1 ]; then
    export XP_CUDA_SIMULATED=1
    suffix=-simulated tiny=tiny
    echo "SIMULATED DEVICE: no time below is one of a GPU" | tee "$results/card.txt"
else
    export XP_CUDA_TEST_DEVICE=${XP_CUDA_TEST_DEVICE:-0} XP_CUDA_DEVICE=${XP_CUDA_DEVICE:-${XP_CUDA_TEST_DEVICE:-0}}
    export XP_CUDA_CACHE=${XP_CUDA_CACHE:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/xp-cuda}
    unset XP_CUDA_SIMULATED
    suffix='' tiny=''
    nvidia-smi --query-gpu=name,memory.total,driver_version --format=csv,noheader > "$results/card.txt" 2>&1 || true
    cat "$results/card.txt"
    # Arrays of more than 2^32 elements where there is room for them.
    memory=$(nvidia-smi --query-gpu=memory.total --format=csv,noheader,nounits 2> /dev/null | head -1)
    [ "${memory:-0}" -lt 64000 ] || export XP_CUDA_HUGE=1
fi

# Tests read their golden files, and examples their pictures, where they were built.
root=$(cat "$here/data/root")
if [ ! -d "$root/crates" ]; then
    mkdir -p "$root" && tar xzf "$here/data/files.tar.gz" -C "$root" || echo "golden files could not be put at $root: their tests will fail" >&2
fi

# The tests of a list that a log does not show to have passed.
missing() { grep -vxF -f <(sed -n 's/^test \(.*\) \.\.\. ok$/\1/p' "$2") "$1" || true; }

# A suite in as many processes as there are cores: compiling a kernel takes a tenth of a second, and there are thousands. A test
# that loses the device ends its process: what failed, and what did not run, is run once more, each in a process of its own.
suite() {
    local name=$1 seconds=$2 shards=${XP_GPU_SHARDS:-$(nproc)} k pids=() test all passed alone=0
    local list=$work/list log=$results/test-$name.txt
    "$bin/test-$name" --list --format terse 2> /dev/null | sed -n 's/: test$//p' | grep -E "${XP_GPU_TESTS:-.}" > "$list"
    for ((k = 0; k < shards; k++)); do
        awk -v n="$shards" -v k="$k" 'NR % n == k' "$list" > "$work/shard-$k"
        [ -s "$work/shard-$k" ] || continue
        limit "$seconds" xargs -a "$work/shard-$k" "$bin/test-$name" --exact --test-threads 1 > "$work/log-$k" 2>&1 &
        pids+=($!)
    done
    for pid in "${pids[@]}"; do wait "$pid" || true; done
    cat "$work"/log-* > "$log" 2> /dev/null
    rm -f "$work"/log-* "$work"/shard-*
    local again=$((SECONDS + seconds / 2))
    missing "$list" "$log" > "$work/again"
    while read -r test; do
        [ "$SECONDS" -lt "$again" ] || break
        echo "alone: $test" >> "$log"
        limit 20 "$bin/test-$name" --exact "$test" --test-threads 1 >> "$log" 2>&1 < /dev/null && alone=$((alone + 1))
    done < "$work/again"
    all=$(wc -l < "$list")
    missing "$list" "$log" > "$results/test-$name.missing"
    passed=$((all - $(wc -l < "$results/test-$name.missing")))
    echo "$passed of $all tests passed, $alone of them only in a process of their own" > "$results/test-$name.result"
    note "test-$name: $(cat "$results/test-$name.result")"
    if [ "$all" -eq 0 ] || [ "$passed" != "$all" ]; then
        head -20 "$results/test-$name.missing" | sed 's/^/    /'
        failed "test-$name" "test-$name.txt"
    fi
}
if wanted suites; then
    suite device 20
    suite kernel 20
    suite kernels 40
    suite calls 20
    suite conformance 150
    suite standard 30
    suite fft 40
    suite models 60
fi

# The backend for any GPU, through the card's Vulkan driver, or Mesa's in a trial.
if wanted wgpu; then
    export XP_WGPU_REQUIRED=1 XDG_RUNTIME_DIR=${XDG_RUNTIME_DIR:-$work}
    if limit 20 "$bin/test-wgpu-device" --exact a_device_knows_its_adapter > "$results/wgpu.txt" 2>&1; then
        suite wgpu-device 20
        suite wgpu-budgets 20
        [ "$trial" = 1 ] || { suite wgpu-fft 30; suite wgpu-linalg 60; }
        limit 60 "$bin/wgpu-gpu" $tiny > "$results/wgpu.jsonl" 2> "$results/wgpu-measured.txt" || failed "the measurements of xp-wgpu" wgpu-measured.txt
        note "xp on Vulkan: $(grep -c '"job"' "$results/wgpu.jsonl") jobs; $(grep -c . "$results/wgpu-measured.txt") lines of messages"
    else
        note "xp-wgpu was not run: no Vulkan driver opens here, see wgpu.txt in results.tgz"
    fi
fi

if wanted examples; then
    (cd "$work" && limit 20 "$bin/lda$suffix" "$results/lda.svg" && limit 20 "$bin/smooth$suffix" "$work" && limit 20 "$bin/to_cpu$suffix") \
        > "$results/examples.txt" 2>&1 || failed "an example" examples.txt
    note "examples: $(grep -c . "$results/examples.txt") lines"
fi
if wanted measure; then
    limit 60 "$bin/gpu" > "$results/xp.jsonl" 2> "$results/xp.txt" || failed "the measurements" xp.txt
    note "measured $(grep -c '"job"' "$results/xp.jsonl") jobs"
fi
if wanted peers; then
    for peer in cupy torch jax numpy; do
        limit 45 python3 "$here/peers.py" "$peer" $tiny > "$results/$peer.jsonl" 2> "$results/$peer.txt" || true
        note "$peer: $(grep -c '"job"' "$results/$peer.jsonl") jobs; $(grep -c . "$results/$peer.txt") lines of messages"
    done
fi
# Where a GPU starts to pay. The numbers are in the folder criterion.
if wanted backends; then
    (cd "$work" && CRITERION_HOME="$results/criterion" limit 60 "$bin/backends" --bench --noplot --warm-up-time 0.1 --measurement-time 0.3 \
        --sample-size 10) > "$results/backends.txt" 2>&1 || failed "the comparison of backends" backends.txt
fi
if [ -s "$results/xp.jsonl" ]; then python3 "$here/table.py" "$results" || status=1; fi
# A trial writes neither times nor the names of files that could be taken for those of a card.
for file in gpu.json table.md simulated.json simulated.md; do
    if [ -f "$results/$file" ]; then cp "$results/$file" "$out/"; fi
done
if [ "$trial" = 1 ]; then rm -rf "$results"/*.jsonl "$results"/backends.txt "$results"/criterion; fi
tar czf "$out/results.tgz" -C "$results" .
note "done, status $status"
exit $status
