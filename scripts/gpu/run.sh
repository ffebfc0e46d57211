#!/usr/bin/env bash
# Runs on a machine with a GPU, from the folder that bundle.sh made: bash run.sh OUTDIR [PART...]
#
#   smoke      at most two minutes: PASS or FAIL for every kind of call, beside the CPU, and a verdict; without a device nothing else runs
#   sanitize   the same checks under compute-sanitizer (memcheck, racecheck), where the machine has it
#   suites     the test suites on the real device
#   wgpu       the backend for any GPU, through the card's Vulkan driver
#   examples   three programs
#   measure    the jobs of docs/gpu.md in xp
#   peers      the same in the libraries of peers.py that this machine has
#   backends   where a GPU starts to pay
#
# In this order, as far as nine minutes go: every step has its own limit, and all together have one (XP_GPU_SECONDS). A later call goes on
# with the steps that are not done yet; parts that are named are run again. Needs no Rust and no network.
#
# Leaves OUTDIR/gpu.json, OUTDIR/table.md, and OUTDIR/results.tgz with everything that was printed, also when a call is cut off. Compiled
# kernels stay in the user's cache folder; those of the folder kernels were compiled ahead.
#
# XP_GPU_TRIAL=1 tries the scripts on the simulated device instead: needs g++, takes tiny sizes, and writes no times.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=${1:?usage: run.sh OUTDIR [PART...]}
shift
asked=$*
all="smoke sanitize suites wgpu examples measure peers backends"
for part in $asked; do
    case " $all " in *" $part "*) ;; *) echo "no part is called $part: $all" >&2; exit 2 ;; esac
done
mkdir -p "$out"
out=$(cd "$out" && pwd)
trial=${XP_GPU_TRIAL:-0}
deadline=$((SECONDS + ${XP_GPU_SECONDS:-530}))
status=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
results=$work/results
if [ -f "$out/results.tgz" ]; then mkdir -p "$results" && tar xzf "$out/results.tgz" -C "$results" || exit 1; fi
mkdir -p "$results/done"
if [ -f "$results/card.txt" ] && [ "$(grep -c '^SIMULATED' "$results/card.txt")" != "$([ "$trial" = 1 ] && echo 1 || echo 0)" ]; then
    echo "$out holds the results of a $([ "$trial" = 1 ] && echo card || echo trial): take another folder" >&2
    exit 2
fi

# Runs a command within its limit, and within what is left of the whole.
limit() {
    local seconds=$1 left=$((deadline - SECONDS)); shift
    [ "$left" -gt 0 ] || { echo "no time is left for $*" >&2; return 124; }
    timeout "$((seconds < left ? seconds : left))" "$@"
}
failed() { echo "$1 FAILED, see $2 in results.tgz"; status=1; }
note() { echo "[$SECONDS s] $1"; }

# Keeps what there is. A trial writes neither times nor the names of files that could be taken for those of a card.
pack() {
    if [ "$trial" = 1 ]; then find "$results" -name '*.txt' -exec sed -i 's/; finished in .*//' {} +; fi
    local hidden=()
    if [ "$trial" = 1 ]; then hidden=(--exclude '*.jsonl' --exclude backends.txt --exclude criterion); fi
    tar czf "$out/.results.tgz" "${hidden[@]}" -C "$results" . && mv "$out/.results.tgz" "$out/results.tgz"
}

# A step, unless an earlier call did it and nothing was asked for: it is done when it ends before the time does.
step() {
    local name=$1; shift
    if [ -f "$results/done/$name" ] && [ -z "$asked" ]; then note "$name: done before"; return; fi
    if [ "$SECONDS" -ge "$deadline" ]; then note "$name: no time is left, call again"; return; fi
    rm -f "$results/done/$name"
    "$@"
    if [ "$SECONDS" -lt "$deadline" ]; then touch "$results/done/$name"; fi
    pack
}

for part in bin kernels; do
    if [ -f "$here/$part.tar.gz" ]; then tar xzf "$here/$part.tar.gz" -C "$work" || exit 1; fi
done
bin=$work/bin
if [ "$trial" = 1 ]; then
    export XP_CUDA_SIMULATED=1
    suffix=-simulated tiny=tiny
    echo "SIMULATED DEVICE: no time below is one of a GPU" | tee "$results/card.txt"
else
    export XP_CUDA_TEST_DEVICE=${XP_CUDA_TEST_DEVICE:-0} XP_CUDA_DEVICE=${XP_CUDA_DEVICE:-${XP_CUDA_TEST_DEVICE:-0}}
    export XP_CUDA_CACHE=${XP_CUDA_CACHE:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/xp-cuda}
    if [ -d "$work/kernels" ]; then export XP_CUDA_KERNELS=$work/kernels; fi
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

smoke_test() { "$@" "$bin/test-smoke" --exact every_call_is_as_on_the_cpu --nocapture; }

smoke() {
    smoke_test limit 150 > "$results/smoke.txt" 2>&1 || failed smoke smoke.txt
    grep -E '^(PASS|FAIL|NOT RUN|VERDICT)' "$results/smoke.txt"
    {
        cat "$results/card.txt"
        uname -srm
        sed -n 's/^PASS \(device\|libraries\)/\1/p' "$results/smoke.txt"
        python3 -m pip list 2> /dev/null | grep -iE '^(cupy|torch|jax|numpy|scipy|scikit-learn|nvidia)' || true
    } > "$results/versions.txt"
}

# Every access and every allocation is looked at: the pool is off, and checks may take longer.
sanitizer() {
    if ! command -v compute-sanitizer > /dev/null; then
        note "sanitize: skipped, this machine has no compute-sanitizer"
        echo "no compute-sanitizer" > "$results/sanitize-$1.txt"
        return
    fi
    XP_CUDA_POOL=off XP_SMOKE_EACH=60 XP_SMOKE_ALL=200 \
        smoke_test limit 210 compute-sanitizer --tool "$1" --target-processes all --error-exitcode 9 > "$results/sanitize-$1.txt" 2>&1 || failed "$1" "sanitize-$1.txt"
    note "$1: $(grep -E 'ERROR SUMMARY|RACECHECK SUMMARY' "$results/sanitize-$1.txt" | sort | uniq -c | head -3)"
}

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

wgpu() {
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
}

examples() {
    (cd "$work" && limit 20 "$bin/lda$suffix" "$results/lda.svg" && limit 20 "$bin/smooth$suffix" "$work" && limit 20 "$bin/to_cpu$suffix") \
        > "$results/examples.txt" 2>&1 || failed "an example" examples.txt
    note "examples: $(grep -c . "$results/examples.txt") lines"
}

measure() {
    limit 60 "$bin/gpu" > "$results/xp.jsonl" 2> "$results/xp.txt" || failed "the measurements" xp.txt
    note "measured $(grep -c '"job"' "$results/xp.jsonl") jobs"
    table
}

peer() {
    limit 45 python3 "$here/peers.py" "$1" $tiny > "$results/$1.jsonl" 2> "$results/$1.txt" || true
    note "$1: $(grep -c '"job"' "$results/$1.jsonl") jobs; $(grep -c . "$results/$1.txt") lines of messages"
    table
}

# The numbers are in the folder criterion.
backends() {
    (cd "$work" && CRITERION_HOME="$results/criterion" limit 60 "$bin/backends" --bench --noplot --warm-up-time 0.1 --measurement-time 0.3 \
        --sample-size 10) > "$results/backends.txt" 2>&1 || failed "the comparison of backends" backends.txt
}

# What has been measured so far.
table() {
    [ -s "$results/xp.jsonl" ] || return 0
    python3 "$here/table.py" "$results" > "$work/table.txt" || { cat "$work/table.txt"; status=1; }
    for file in gpu.json table.md simulated.json simulated.md; do
        if [ -f "$results/$file" ]; then cp "$results/$file" "$out/"; fi
    done
}

for part in ${asked:-$all}; do
    case $part in
        smoke)
            step smoke smoke
            if [ -z "$asked" ] && ! grep -q '^PASS device' "$results/smoke.txt"; then
                echo "no device works here: nothing else is run"
                pack
                exit 1
            fi
            ;;
        sanitize) for tool in memcheck racecheck; do step "sanitize-$tool" sanitizer "$tool"; done ;;
        suites)
            while read -r name seconds; do step "test-$name" suite "$name" "$seconds"; done <<< "device 20
kernel 20
kernels 40
calls 20
conformance 150
standard 30
fft 40
models 60"
            ;;
        peers) for name in $(python3 "$here/peers.py" --list); do step "peer-$name" peer "$name"; done ;;
        *) step "$part" "$part" ;;
    esac
done
if [ -f "$work/table.txt" ]; then cat "$work/table.txt"; fi
pack
note "done, status $status"
exit $status
